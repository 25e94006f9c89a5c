"""Ranks of the scan before, and those of this one for the next."""

from collections.abc import Iterable, Sequence

from atc_cli.data.gather import Gathered
from atc_cli.domain.classify import Judge, unjudged
from atc_cli.domain.results.earlier import Earlier, Name
from atc_cli.domain.results.scan import Header, ScanRow, Side, Skipped
from atc_cli.signals.last import Last


def earlier_of(last: Last | None, gathered: Gathered) -> Earlier | None:
    """What this scan is compared with: the newest result of an earlier bar."""
    newest_ms = gathered.newest_open_ms
    return None if last is None or newest_ms is None else last.before(newest_ms)


def since(earlier: Earlier | None) -> Judge:
    """What each row is given beside its rank."""
    return unjudged if earlier is None else lambda row: earlier.of(row)._asdict()


def keep(last: Last, header: Header, ranked: Sequence[ScanRow], skipped: Iterable[Skipped]) -> None:
    """Hand the ranks on to later scans; an empty result says nothing to compare with."""
    if header.bar_time_ms is None or not ranked:
        return
    ranks: dict[str, dict[Name, int]] = {side.value: {} for side in Side}
    for row in ranked:
        ranks[row.side.value][row.exchange, row.symbol] = row.rank
    lost = frozenset((each.exchange, each.symbol) for each in skipped if each.reason.fault)
    last.keep(Earlier(bar_time_ms=header.bar_time_ms, generated_at_ms=header.generated_at_ms, ranks=ranks, lost=lost))
