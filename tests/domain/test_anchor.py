"""Anchors as a person writes them."""

import pytest

from atc_cli.domain.anchor import Anchor, Kind


@pytest.mark.parametrize(
    ("text", "anchor", "said"),
    [
        ("rolling", Anchor(), "rolling"),
        ("rolling:1", Anchor(), "rolling"),
        (" Rolling:24 ", Anchor(Kind.ROLLING, 24), "rolling:24"),
        ("fixed", Anchor(Kind.FIXED), "fixed"),
        ("ORIGIN", Anchor(Kind.ORIGIN), "origin"),
    ],
)
def test_an_anchor_is_read_and_written(text: str, anchor: Anchor, said: str) -> None:
    assert Anchor.parse(text) == anchor
    assert str(anchor) == said
    assert Anchor.parse(str(anchor)) == anchor


@pytest.mark.parametrize("text", ["", "roling", "rolling:", "rolling:x", "rolling:-3", "fixed:3", "rolling:٣"])
def test_what_is_no_anchor_is_named_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no anchor.*allowed: rolling, rolling:N, fixed, origin") as refused:
        Anchor.parse(text)
    assert repr(text) in str(refused.value)
    assert ("did you mean 'rolling'" in str(refused.value)) == (text == "roling")


@pytest.mark.parametrize("every", ["0", "1000001", "999999999999"])
def test_an_n_out_of_range(every: str) -> None:
    with pytest.raises(ValueError, match=f"rolling:{every} is out of range, allowed: rolling:1 to rolling:1000000"):
        Anchor.parse(f"rolling:{every}")


def test_each_says_what_it_is() -> None:
    words = [Anchor.parse(text).words for text in ("rolling", "rolling:24", "fixed", "origin")]
    assert len(set(words)) == 4
    assert "every bar" in words[0]
    assert "every 24 bars" in words[1]
