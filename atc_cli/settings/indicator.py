"""Settings of what is computed."""

from dataclasses import make_dataclass
from typing import TYPE_CHECKING

from atc_cli.domain.catalog import FAMILIES, FAMILY_IDS, LENGTH_MAX, Dialect, Robustness, Source
from atc_cli.settings.names import PRESETS
from atc_cli.settings.option import Section, section, setting
from atc_cli.settings.parse import Several, choice, number, switch, whole


@section
class Indicator(Section):
    """What is computed; lambda and decay unscaled. `modified` names the keys that were given over the preset's."""

    title = "Indicator"

    preset: str = setting(
        "a named set of the values below, with timeframe and bars", choice("preset", PRESETS), default="intraday"
    )
    dialect: Dialect = setting(
        "lts: tick-exact; tradingview: the published script to the bit", choice("dialect", Dialect), default=Dialect.LTS
    )
    families: tuple[str, ...] = setting(
        "average families that take part",
        Several(choice("family", FAMILY_IDS), FAMILY_IDS),
        default=FAMILY_IDS,
        metavar="LIST",
    )
    robustness: Robustness = setting(
        "how far the 8 neighbours of a length lie from it", choice("robustness", Robustness), default=Robustness.MEDIUM
    )
    lambda_: float = setting("growth of later returns, per 1000 bars", number(), default=0.02, metavar="X")
    decay: float = setting("equity decay, percent a bar", number(), default=0.03, metavar="X")
    cutout: int = setting("bars before equities start", whole(0), default=0, metavar="N")
    long_threshold: float = setting("LONG above", number(), default=0.1, metavar="X")
    short_threshold: float = setting("SHORT below", number(), default=-0.1, metavar="X")
    source: Source = setting("price that the averages are taken of", choice("source", Source), default=Source.CLOSE)
    strategy: bool = setting("signal shifted by one bar, as a strategy trades it", switch, default=False)
    modified: tuple[str, ...] = ()


if TYPE_CHECKING:

    class Members(Section):
        """Base length and start weight of each family: <id>_len in bars, <id>_weight."""

else:
    _COUNT = {6: "six", 7: "seven", 8: "eight", 9: "nine"}.get(len(FAMILIES), len(FAMILIES))
    Members = make_dataclass(
        "Members",
        [
            (f"{each.id}_len", int, setting(f"{each.title} base length", whole(1, LENGTH_MAX), default=28, metavar="N"))
            for each in FAMILIES
        ]
        + [
            (f"{each.id}_weight", float, setting(f"{each.title} start weight", number(), default=1.0, metavar="X"))
            for each in FAMILIES
        ],
        bases=(Section,),
        namespace={"title": f"Lengths and weights of the {_COUNT} families", "__doc__": "Of each family."},
        frozen=True,
        kw_only=True,
        init=False,
        repr=False,
        eq=False,
    )
