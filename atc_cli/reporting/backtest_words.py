"""What a backtest was, in words that the terminal and the page share. Names are as they are, not yet harmless."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from atc_cli.domain.results.backtest import BacktestResult, Figures
from atc_cli.domain.rules import Costs, Enter, Fill, Rules, SizeBy
from atc_cli.domain.timeframe import lasting
from atc_cli.reporting import figures
from atc_cli.reporting.cells import FORMING, SIMULATED
from atc_cli.reporting.text import with_other

_SIDES = {"both": "long and short", "long": "long only", "short": "short only"}
_ENTERS = {Enter.FLIP: "enters when the side flips", Enter.HOLD: "enters wherever the side stands"}
_FILLS = {Fill.NEXT_OPEN: "fills at the next open", Fill.NEXT_CLOSE: "fills at the next close"}
_BPS = 10_000


def loud(result: BacktestResult) -> list[str]:
    """What must not be missed: that prices are not real, that it is no whole result, that the capital was lost."""
    words = [SIMULATED] if result.header.simulated else []
    words += [FORMING] if result.header.include_open else []
    words += ["interrupted: this is what had been done"] if result.interrupted else []
    ruined = result.account.ruined_at
    if ruined >= 0:
        words.append(f"RUINED {day(int(result.axis_ms[ruined]))}: the whole capital was lost")
    return words


def tested(result: BacktestResult) -> list[str]:
    """The source, the timeframe, the universe and the settings of the indicator."""
    header = result.header
    count = len(result.symbols)
    universe = "1 symbol" if count == 1 else f"{count} symbols"
    if 0 < count <= 3:
        universe = ", ".join(each.symbol for each in result.symbols)
    return [
        f"{header.exchange} {header.market}",
        header.timeframe,
        universe,
        f"dialect {header.dialect}",
        f"preset {header.preset}{with_other(header.modified)}",
    ]


def period(result: BacktestResult) -> list[str]:
    """From when to when, and how much that is."""
    part = result.whole
    return [span(part), lasting(part.end_ms - part.start_ms), figures.bars(len(result.axis_ms))]


def span(part: Figures) -> str:
    """The dates of a stretch of time."""
    return f"{day(part.start_ms)} .. {last_day(part)}"


def last_day(part: Figures) -> str:
    """The date of its last moment."""
    return day(max(part.end_ms - 1, part.start_ms))


def day(time_ms: int) -> str:
    """The date in UTC."""
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d}"


def signals(result: BacktestResult) -> str:
    """Which window every signal is of."""
    return f"{result.anchor}: {result.anchor_words}" if result.anchor_words else result.anchor


def rule(rules: Rules) -> list[str]:
    """The trade rule, an item for each of its parts."""
    return [
        _SIDES.get(rules.side, rules.side),
        ", ".join([_ENTERS[rules.enter], *_conditions(rules)]),
        f"leaves {' or '.join(_exits(rules)) or 'never'}",
        _FILLS[rules.fill],
        ", ".join(_sizes(rules)),
        f"leverage {rules.leverage:g}x",
    ]


def _conditions(rules: Rules) -> Iterator[str]:
    if rules.min_signal > 0:
        yield f"|signal| at least {rules.min_signal:g}"
    if rules.max_age_bars is not None:
        yield f"the flip at most {figures.bars(rules.max_age_bars)} old"
    if rules.min_volume is not None:
        yield f"24 h volume at least {figures.human(rules.min_volume)}"


def _exits(rules: Rules) -> Iterator[str]:
    exits = rules.exits
    if exits.flip:
        yield "on the opposite side"
    if exits.neutral:
        yield "when the side is lost"
    if exits.stop_atr is not None:
        yield f"{exits.stop_atr:g} ATR against it"
    if exits.target_atr is not None:
        yield f"{exits.target_atr:g} ATR in its favour"
    if exits.bars is not None:
        yield f"after {figures.bars(exits.bars)}"


def _sizes(rules: Rules) -> Iterator[str]:
    most = rules.max_positions
    yield {
        SizeBy.EQUAL: "like shares of the equity",
        SizeBy.SIGNAL: "shares of the equity x |signal|",
        SizeBy.ATR: f"{figures.share(rules.risk_frac)} of the equity at risk in each",
    }[rules.size]
    if most is not None:
        yield f"at most {most} position{'' if most == 1 else 's'}"
    if rules.rebalance_bars is not None:
        yield f"rebalanced every {figures.bars(rules.rebalance_bars)}"


def costs(paid: Costs) -> list[str]:
    """What every fill pays, and where that comes from; that nothing is paid is said too."""
    if paid.said:
        return list(paid.said)
    words = [f"fee {paid.fee_frac * _BPS:g} bps", f"slippage {paid.slippage_frac * _BPS:g} bps"]
    return [*words, f"funding {paid.funding_frac_per_8h * _BPS:g} bps per 8 h"]


def free(paid: Costs) -> bool:
    """Whether nobody trades that cheaply."""
    return paid.fee_frac == 0 or paid.fee_frac + paid.slippage_frac == 0


def checks(result: BacktestResult) -> Iterator[tuple[str, str]]:
    """The mark and the words of each check that was run, and in one line those that were not."""
    for each in result.checks:
        if each.ran:
            yield {True: "✔", False: "✘", None: "•"}[each.passed], f"{each.title}: {each.words or 'run'}"
    missing = ", ".join(each.title for each in result.checks if not each.ran)
    if missing or not result.checks:
        yield "·", f"not run: {missing or 'any'}"


def weak(part: Figures) -> list[str]:
    """Why figures are not to be relied upon, each reason once, with the figures that it concerns."""
    found: dict[str, list[str]] = {}
    for each in part.metrics.values():
        if each.warning:
            found.setdefault(each.warning, []).append(each.title)
    return [f"{_some(titles)}: {reason}" for reason, titles in found.items()]


def _some(titles: list[str], most: int = 4) -> str:
    named = list(dict.fromkeys(titles))
    more = len(named) - most
    return ", ".join(named[:most]) + (f" and {more} more" if more > 0 else "")


def coverage(result: BacktestResult) -> list[str]:
    """What of the period the data cover, where that is not all of it."""
    symbols = result.symbols
    gaps, gone = sum(each.gap_bars for each in symbols), sum(each.delisted for each in symbols)
    late = sum(each.first_ms > result.axis_ms[0] for each in symbols) if len(result.axis_ms) else 0
    words = [f"{late} of {len(symbols)} symbols begin later than the period"] if late else []
    words += [f"{gone} of {len(symbols)} ended before it did, closed at their last bar"] if gone else []
    words += [f"{figures.bars(gaps)} missing inside"] if gaps else []
    return words


def unfilled(result: BacktestResult) -> list[str]:
    """What the rules wanted and did not get."""
    account = result.account
    words = [f"{_times(account.rejected, 'entry', 'entries')} found no room"] if account.rejected else []
    return words + ([f"{_times(account.unfilled, 'order', 'orders')} never filled"] if account.unfilled else [])


def _times(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def skips(result: BacktestResult) -> str:
    """How many symbols are not in it, and why."""
    if not result.skipped:
        return ""
    counts = Counter(skip.reason.label for skip in result.skipped)
    return f"{len(result.skipped)} skipped: " + ", ".join(f"{count} {why}" for why, count in counts.most_common())


def warnings(result: BacktestResult) -> Iterator[tuple[str, bool]]:
    """All that must be known to believe the figures, and whether it is what a star beside a figure says."""
    yield from ((each, False) for each in (*result.header.warnings, *result.notes))
    known = weak(result.whole)
    yield from ((each, True) for each in known)
    for part in result.parts:
        yield from ((f"{part.title}: {each}", True) for each in weak(part) if each not in known)
    found = [*coverage(result), *unfilled(result)]
    if found:
        yield "; ".join(found), False
    if result.skipped:
        yield skips(result), False
