"""Whether anything looks ahead: what is known at a bar must not change when all later bars are taken away."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atc_cli.backtest.checks import LOOKAHEAD, result
from atc_cli.domain.panel import Candles
from atc_cli.domain.results.backtest import Account, Check
from atc_cli.domain.tape import Ints, Tape
from atc_cli.domain.timeframe import iso

Values = NDArray[Any]
Columns = Mapping[str, Values]
# What a bar tells at its close only, and what stands for not knowing it.
_AT_CLOSE = {"signal": np.nan, "age": -1, "atr": np.nan, "key": np.nan, "volume": np.nan}
_COLUMNS = ("at", "open", "high", "low", "close", "funding", *_AT_CLOSE)


@dataclass(frozen=True, slots=True)
class _Found:
    """The first difference: what it is of, when, with the future and without."""

    what: str
    time_ms: int
    whole: float
    cut: float


def lookahead(
    tape: Tape,
    account: Account,
    candles_of: Callable[[int], Candles],
    again: Callable[[Candles], Columns],
    follow: Callable[[Tape], Account],
    *,
    cuts: int = 20,
    seed: int = 0,
) -> Check:
    """Cut at random bars and compare what came before, bit for bit.

    At `cuts` bars with a signal: `again(candles up to that bar)` gives columns of the tape by name, of the last bars,
    as many as it likes, none where none has a signal; `candles_of(symbol)` are those that the tape was made of. At as
    many places of the axis: `follow(tape up to there)`, without the signals of that place, must give the same equity up
    to there. Places at which a symbol ends or has a hole are none of them: there a shorter tape tells of a symbol that
    was delisted, which is a rule of the account.
    """
    random = np.random.default_rng(seed)
    rows = np.flatnonzero(~np.isnan(tape.signal))
    rows = np.sort(random.choice(rows, min(cuts, len(rows)), replace=False))
    places = whole_places(tape)
    places = np.sort(random.choice(places, min(cuts, len(places)), replace=False))
    compared, found = 0, None
    differences = chain(
        _of_columns(tape, candles_of, again, rows.tolist()), _of_equity(tape, account, follow, places.tolist())
    )
    for count, difference in differences:
        compared += count
        found = difference
        if found is not None:
            break
    figures = {"cuts": len(rows), "account_cuts": len(places), "values_compared": compared}
    if found is None:
        equity = f"at {len(places)}, so is the equity" if len(places) else "no place to compare the equity at"
        words = f"cut at {len(rows)} bars, signals before are the same; {equity}"
        return result(LOOKAHEAD, words, passed=True, first_difference=None, **figures)
    when = iso(found.time_ms)
    words = f"it looks ahead: {found.what} at {when} is {found.whole:g}, without later bars {found.cut:g}"
    first = {"of": found.what, "bar_time": when, "whole": _plain(found.whole), "cut": _plain(found.cut)}
    return result(LOOKAHEAD, words, passed=False, first_difference=first, **figures)


def _of_columns(
    tape: Tape, candles_of: Callable[[int], Candles], again: Callable[[Candles], Columns], rows: list[int]
) -> Iterator[tuple[int, _Found | None]]:
    """(values compared, the first that differs) of one column and cut after the other."""
    for row in rows:
        symbol = int(np.searchsorted(tape.offsets, row, side="right")) - 1
        candles = candles_of(symbol)
        stop = int(np.searchsorted(candles.timestamp, tape.axis_ms[tape.at[row]])) + 1
        columns = again(candles.between(0, stop)) or {"signal": np.full(1, np.nan)}
        for name, values in columns.items():
            first = row + 1 - min(len(values), row + 1 - int(tape.offsets[symbol]))
            times_ms = tape.axis_ms[tape.at[first : row + 1]]
            whole = getattr(tape, name)[first : row + 1]
            yield _compared(f"{name} of {tape.symbols[symbol]}", times_ms, whole, values[len(values) - len(whole) :])


def _of_equity(
    tape: Tape, account: Account, follow: Callable[[Tape], Account], places: list[int]
) -> Iterator[tuple[int, _Found | None]]:
    for place in places:
        cut = until(tape, place)
        yield _compared("equity", cut.axis_ms, account.equity[: place + 1], follow(cut).equity)


def _compared(what: str, times_ms: Ints, whole: Values, cut: Values) -> tuple[int, _Found | None]:
    """NaN equals NaN."""
    differs = ~((whole == cut) | (np.isnan(whole) & np.isnan(cut)))
    if not differs.any():
        return len(whole), None
    at = int(differs.argmax())
    return len(whole), _Found(what, int(times_ms[at]), float(whole[at]), float(cut[at]))


def _plain(value: float) -> float | None:
    return value if np.isfinite(value) else None


def whole_places(tape: Tape) -> Ints:
    """Places, but for the last, at which every symbol that goes on has a bar and none ends."""
    length = len(tape.axis_ms)
    going = np.zeros(length + 1, np.int64)
    here = np.bincount(tape.at, minlength=length)
    ends = np.zeros(length, np.int64)
    for symbol in range(len(tape)):
        at = tape.at[tape.rows(symbol)]
        if len(at):
            going[at[0]] += 1
            going[at[-1] + 1] -= 1
            ends[at[-1]] += 1
    return np.flatnonzero((np.cumsum(going[:-1]) == here)[:-1] & (ends == 0)[:-1])


def until(tape: Tape, place: int) -> Tape:
    """The tape until that place, of which only prices and funding are known: what its close says acts on later bars."""
    kept = tape.at <= place
    before = np.concatenate(([0], np.cumsum(kept)))
    columns = {name: column[kept] for name in _COLUMNS if len(column := getattr(tape, name))}
    newest = columns["at"] == place
    for name in columns.keys() & _AT_CLOSE.keys():
        columns[name][newest] = _AT_CLOSE[name]
    axis_ms, alive_from = tape.axis_ms[: place + 1], min(tape.alive_from, place)
    return replace(tape, axis_ms=axis_ms, alive_from=alive_from, offsets=before[tape.offsets], **columns)
