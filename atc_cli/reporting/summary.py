"""The footer of a scan, for stderr: what was scanned, what is missing and why."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from atc_cli.domain.results.explain import ExplainResult
from atc_cli.domain.results.scan import Decision, Header, Remembered, ScanResult, Side, Skipped, SkipReason
from atc_cli.domain.timeframe import TIMEFRAMES_MS, lasting
from atc_cli.reporting import figures
from atc_cli.reporting.prefilter import prefilter_parts
from atc_cli.reporting.text import printable

if TYPE_CHECKING:
    from atc_cli.domain.results.backtest import BacktestResult

_NAMES = 3
_WAYS = 8
_DETAIL_MAX = 160
_OLD_BARS = 10
_LAG_MAX = 12  # a signal older than that is no signal of now: nothing to propose


def scan_summary(result: ScanResult, *, verbose: bool = False) -> list[str]:
    """Plain lines: counts, skips grouped by reason, warnings; `verbose` names every skip with its detail."""
    return [
        *(["interrupted: this is what had arrived"] if result.interrupted else []),
        scan_counts(result.exact),
        *([" · ".join(prefilter_parts(result.prefiltered))] if result.prefiltered is not None else []),
        *skip_lines(result.skipped, verbose=verbose),
        *_lag_hint(result.skipped),
        *notes_of(result.header, verbose=verbose),
        *(_remembered(result.remembered) if verbose else []),
    ]


def _remembered(cache: Remembered | None) -> list[str]:
    return [] if cache is None else [f"signals cache: {cache.hits} hits, {cache.misses} misses"]


def old_data(header: Header) -> list[str]:
    """That the data are old, where they are too old to act on; empty where they are not."""
    bars = 0 if header.data_age_ms is None else header.data_age_ms // TIMEFRAMES_MS[header.timeframe]
    if header.data_age_ms is None or bars <= _OLD_BARS:
        return []
    return [f"atc: the data end {lasting(header.data_age_ms)} ago, {bars} bars of {header.timeframe}"]


def losses(result: ScanResult) -> str:
    """One line for cron: how many symbols were lost and why."""
    return lost_of(result.skipped, many(result.scanned, "symbol"), interrupted=result.interrupted)


def lost_of(skipped: Sequence[Skipped], wanted: str, *, interrupted: bool) -> str:
    """atc: 3 of 6 symbols lost: 2 stale, 1 unreadable."""
    counts = Counter(skip.reason for skip in skipped)
    why = ", ".join(f"{count} {reason.label}" for reason, count in counts.most_common())
    state = "interrupted, " if interrupted else ""
    return f"atc: {state}{len(skipped)} of {wanted} lost: {why}"


def explain_summary(result: ExplainResult, *, verbose: bool = False) -> list[str]:
    """Plain lines: how far the symbol is behind its market, the age of the data, warnings."""
    lag = result.lag_bars
    behind = (
        [f"{printable(result.row.symbol)} is {many(lag, 'bar')} behind the newest bar of its market"] if lag else []
    )
    return [*behind, *notes_of(result.header, verbose=verbose)]


def backtest_summary(result: "BacktestResult", *, verbose: bool = False) -> list[str]:
    """Plain lines: counts, skips grouped by reason, warnings; `verbose` names every skip with its detail."""
    skipped = f" · {len(result.skipped)} skipped" if result.skipped else ""
    counts = f"{many(len(result.symbols), 'symbol', 'tested')} · {many(len(result.axis_ms), 'bar')}{skipped}"
    return [counts, *skip_lines(result.skipped, verbose=verbose), *notes_of(result.header, verbose=verbose)]


def notes_of(header: Header, *, verbose: bool) -> list[str]:
    """The age of the data, warnings; `verbose`: what computed, how long it took."""
    age = header.data_age_ms
    notes = [f"the data end {lasting(age)} ago"] if age is not None else []
    notes += [f"warning: {printable(warning)}" for warning in header.warnings]
    if verbose:
        notes += decision_lines(header.backend)
        notes += [f"{what} took {figures.took(spent)}" for what, spent in header.timings_ms.items()]
    return notes


def decision_lines(decision: Decision) -> list[str]:
    """What computed and why, what each way of computing was estimated to take, what else there is to say."""
    way = (
        decision.name if not decision.path else f"{decision.name} ({decision.path}, {many(decision.threads, 'thread')})"
    )
    shown = list(decision.estimates_ms.items())[:_WAYS]
    more = [f"and {left} more"] if (left := len(decision.estimates_ms) - len(shown)) else []
    estimates = ", ".join([*(f"{label} {figures.took(ms)}" for label, ms in shown), *more])
    return [
        f"backend {way}: {decision.why}",
        *([f"  estimated: {estimates}"] if estimates else []),
        *(f"  {reason}" for reason in decision.reasons),
    ]


def scan_counts(result: ScanResult) -> str:
    """117 symbols scanned, rows by side, what the filters hid, how many were skipped."""
    sides = Counter(row.side for row in result.rows)
    shown = ", ".join(f"{sides[side]} {side.value}" for side in Side if sides[side])
    parts = [
        many(result.scanned, "symbol", "scanned"),
        many(len(result.rows), "row") + (f" ({shown})" if shown else ""),
    ]
    hidden = ", ".join(f"{count} {printable(name)}" for name, count in result.hidden.items() if count)
    parts += [f"hidden: {hidden}"] if hidden else []
    parts += [f"{len(result.skipped)} skipped"] if result.skipped else []
    return " · ".join(parts)


def many(count: int, noun: str, verb: str = "") -> str:
    """1 symbol, 2 symbols scanned."""
    return f"{count} {noun}{'' if count == 1 else 's'} {verb}".rstrip()


def skip_lines(skipped: Sequence[Skipped], *, verbose: bool) -> list[str]:
    """A line per reason, or per symbol if `verbose`."""
    lines: list[str] = []
    counts = Counter(skip.reason for skip in skipped)
    for reason in sorted(counts, key=lambda reason: (-counts[reason], reason)):
        group = [skip for skip in skipped if skip.reason is reason]
        lines += _verbose(reason, group) if verbose else [_grouped(reason, group)]
    return lines


def _grouped(reason: SkipReason, group: Sequence[Skipped]) -> str:
    names = ", ".join(printable(skip.symbol) for skip in group[:_NAMES])
    more = f" and {len(group) - _NAMES} more" if len(group) > _NAMES else ""
    detail = _short(group[0].detail)
    first = "the first: " if len(group) > 1 else ""
    return f"  {len(group)} {reason.label}: {names}{more}" + (f" ({first}{detail})" if detail else "")


def _verbose(reason: SkipReason, group: Sequence[Skipped]) -> list[str]:
    return [f"  {reason.label}: {printable(skip.symbol)}: {_short(skip.detail, None)}" for skip in group]


def _short(detail: str, most: int | None = _DETAIL_MAX) -> str:
    """An exchange can answer with a whole page."""
    text = printable(" ".join(detail.split()))
    return text if most is None or len(text) <= most else f"{text[:most]}..."


def _lag_hint(skipped: Sequence[Skipped]) -> list[str]:
    """The smallest --max-lag that keeps half of the stale symbols."""
    stale = [skip for skip in skipped if skip.reason is SkipReason.STALE]
    lags = sorted(skip.lag_bars for skip in stale if skip.lag_bars is not None)
    enough = lags[(len(lags) - 1) // 2] if lags else _LAG_MAX + 1
    if enough > _LAG_MAX:
        return []
    kept = sum(lag <= enough for lag in lags)
    return [f"  hint: --max-lag {enough} would keep {kept} of {len(stale)} stale"]
