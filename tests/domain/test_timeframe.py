"""Spans and times in words."""

import pytest

from atc_cli.domain.timeframe import HOUR_MS, lasting
from atc_cli.settings.parse import span_ms


def test_a_span_is_said_in_its_largest_unit() -> None:
    words = [lasting(ms) for ms in (59_000, 720_000, 3 * HOUR_MS, 24 * HOUR_MS, 292 * 24 * HOUR_MS)]
    assert words == ["under a minute", "12 min", "3 h", "1 day", "292 days"]


@pytest.mark.parametrize(
    ("words", "ms"),
    [("90s", 90_000), ("45m", 2_700_000), ("45 min", 2_700_000), ("2H", 7_200_000), ("1.5d", 129_600_000),
     ("1w", 604_800_000)],
)  # fmt: skip
def test_a_typed_span_is_a_number_and_a_unit(words: str, ms: int) -> None:
    assert span_ms(words) == ms


@pytest.mark.parametrize("words", ["2", "h", "-2h", "0h", "2 fortnights", "1e3h", "2h30m", "∞h"])
def test_what_is_no_span_is_refused_with_what_is_allowed(words: str) -> None:
    with pytest.raises(ValueError, match="allowed: a number and s, m, min, h, d, w, such as 2h"):
        span_ms(words)
