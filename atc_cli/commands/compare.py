"""Ranks of the scan before, and those of this one for the next."""

from collections.abc import Iterable, Sequence
from typing import Any

from atc_cli.data.gather import Gathered
from atc_cli.domain.classify import Judge, unjudged
from atc_cli.domain.results.earlier import Earlier
from atc_cli.domain.results.scan import Header, ScanRow, Skipped
from atc_cli.signals.last import Last


def earlier_of(last: Last | None, gathered: Gathered) -> Earlier | None:
    """What this scan is compared with: the newest result of an earlier bar."""
    newest_ms = gathered.newest_open_ms
    return None if last is None or newest_ms is None else last.before(newest_ms)


def since(earlier: Earlier | None) -> Judge:
    """What each row is given beside its rank."""
    if earlier is None:
        return unjudged

    def judge(row: ScanRow) -> dict[str, Any]:
        rank, new = earlier.of(row)
        return {"rank_before": rank, "new": new}

    return judge


def keep(last: Last, header: Header, ranked: Sequence[ScanRow], skipped: Iterable[Skipped]) -> None:
    """Hand the ranks on to later scans; an empty result says nothing to compare with."""
    if header.bar_time_ms is None or not ranked:
        return
    ranks: dict[str, dict[str, dict[str, int]]] = {}
    for row in ranked:
        ranks.setdefault(row.side, {}).setdefault(row.exchange, {})[row.symbol] = row.rank
    lost: dict[str, list[str]] = {}
    for each in skipped:
        if each.reason.fault:
            lost.setdefault(each.exchange, []).append(each.symbol)
    last.keep(Earlier(bar_time_ms=header.bar_time_ms, generated_at_ms=header.generated_at_ms, ranks=ranks, lost=lost))
