"""Hit rates for eyes and programs."""

import json
from datetime import UTC

from atc_cli.domain.results.hits import Estimate, Hits, HitsResult, Horizon, SideHits
from atc_cli.domain.results.scan import Skipped, SkipReason
from atc_cli.reporting.hits import hits_json, hits_line, hits_losses, hits_summary, hits_table
from tests.helpers.reported import BAR, ESCAPE, HEADER, HOUR
from tests.helpers.terminal import lines_of


def side(name: str, count: int, **changes: object) -> SideHits:
    figures = {
        "paid_frac": Estimate(0.48249, 0.461, 0.503),
        "mean_bps": Estimate(-14.24, -20.26, 8.11),
        "compared": count,
        "paid_ahead_frac": Estimate(-0.0062, -0.0101, 0.00004),
        "mean_ahead_bps": Estimate(0.0, -1.0, 1.0),
    }
    return SideHits(side=name, count=count, **{**figures, **changes})


NOTHING = {name: Estimate(None) for name in ("paid_frac", "mean_bps", "paid_ahead_frac", "mean_ahead_bps")}
HORIZON = Horizon(
    after_bars=20, block_bars=120, bars=1400, open_count=7,
    sides=(side("long", 12345), side("short", 12, paid_frac=Estimate(0.25)), side("both", 0, **NOTHING)),
)  # fmt: skip
HITS = Hits(
    what="flips of somewhere", costs=("fee 5 bps a fill: as given",), symbols=217, first_ms=BAR - 1400 * HOUR,
    last_ms=BAR - HOUR, horizons=(HORIZON,), notes=("weak",),
)  # fmt: skip
RESULT = HitsResult(header=HEADER, hits=HITS, skipped=(Skipped(ESCAPE, SkipReason.STALE, "old"),))


def test_the_table_says_each_figure_with_its_interval_and_nothing_it_does_not_know() -> None:
    lines = lines_of(hits_table(RESULT, width=None, zone=UTC))
    long, short, both = (line for line in lines if line.startswith("20 bars"))
    assert "▲ LONG" in long
    assert "12,345  48.2% [46.1, 50.3]  -0.6 [-1.0, 0.0]  -14.2 [-20.3, +8.1]  0.0 [-1.0, +1.0]" in long
    assert "25.0%  " in short
    assert both.split() == ["20", "bars", "BOTH", "0", "-", "-", "-", "-"]
    assert any("not that old yet: 7 after 20 bars" in line for line in lines)
    assert any("217 symbols · fee 5 bps a fill: as given" in line for line in lines)


def test_a_narrow_terminal_loses_whole_columns_that_are_named() -> None:
    lines = lines_of(hits_table(RESULT, width=70, zone=UTC), 70)
    assert max(map(len, lines)) <= 70
    assert any("in a wider terminal also" in line for line in lines)
    assert any("48.2% [46.1, 50.3]" in line for line in lines)


def test_the_line_of_a_scan_has_both_sides_and_no_figure_of_a_few() -> None:
    (line,) = lines_of(hits_line(HITS, None))
    assert "▲ 48.2% [46.1, 50.3] paid, mean -14.2 [-20.3, +8.1] bps" in line
    assert "n 12,345" in line
    assert line.endswith("▼ 12: too few")


def test_json_has_every_figure_in_full_and_null_for_what_is_not_known() -> None:
    document = json.loads(hits_json(RESULT))
    assert document["schema"] == "atc.hits/1"
    assert document["params_hash"] == HEADER.params_hash
    (horizon,) = document["horizons"]
    assert (horizon["after_bars"], horizon["block_bars"], horizon["bars"], horizon["open"]) == (20, 120, 1400, 7)
    assert horizon["sides"]["long"] == {
        "n": 12345,
        "paid_frac": 0.48249,
        "paid_frac_95": [0.461, 0.503],
        "mean_bps": -14.24,
        "mean_bps_95": [-20.26, 8.11],
        "compared": 12345,
        "paid_ahead_frac": -0.0062,
        "paid_ahead_frac_95": [-0.0101, 0.00004],
        "mean_ahead_bps": 0.0,
        "mean_ahead_bps_95": [-1.0, 1.0],
    }
    assert horizon["sides"]["short"]["paid_frac_95"] is None
    assert set(horizon["sides"]["both"].values()) == {0, None}
    assert (document["first_bar"], document["notes"]) == ("2025-08-26T00:00:00+00:00", ["weak"])


def test_words_name_what_is_missing_and_obey_no_escape() -> None:
    words = list(hits_summary(RESULT, verbose=True))
    assert "weak" in words
    assert any("stale" in line for line in words)
    assert "\x1b" not in "".join(words)
    assert hits_losses(RESULT) == "atc: 1 of 218 symbols lost: 1 stale"
