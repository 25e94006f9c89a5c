"""`atc bench`: how fast each backend is here, asked only of those whose bits are right."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import median

from atc_cli.bench import talib
from atc_cli.bench.data import ALL, panel_of
from atc_cli.bench.gate import SAMPLE_SIZE, Gate
from atc_cli.bench.machine import machine
from atc_cli.bench.measure import Job, Measured, MeasureError
from atc_cli.data.market import Progress
from atc_cli.domain.catalog import FAMILIES, MEMBERS, Dialect, Want
from atc_cli.domain.engines import TALIB, Engine
from atc_cli.domain.params import Params
from atc_cli.domain.results.bench import (
    ADVANCE,
    AVERAGES,
    BATCH,
    EXTRAPOLATED,
    REANCHORED,
    BenchResult,
    BenchRow,
    Parity,
    Timing,
)
from atc_cli.engine.backend import Backend, Form, Offer, Streams, Unavailable, Windows
from atc_cli.errors import UnavailableError, UsageError
from atc_cli.settings.own import BenchSettings

SIZES = ((1, 1500), (99, 1500), (1000, 1500))
LARGE_SIZES = ((10_000, 1500), (1, 1_000_000))
REANCHORED_SIZE = (1, 20_000)
ADVANCE_SERIES = 1000
_USUAL_SERIES, _USUAL_BARS = 99, 1500
_TALIB_AVERAGES = len(FAMILIES) * MEMBERS
_SMALL_SERIES, _SMALL_BARS = 2, 300  # the reference takes a tenth of a second for it

Measure = Callable[[Job], Measured]


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchPorts:
    """Backends on offer, TA-Lib's averages, what carries a job out (in a process of its own), clock, progress.

    `sample` is (series, bars) of what the gate compares.
    """

    offers: Sequence[Offer | Unavailable]
    rival: talib.TalibAverages | Unavailable
    measure: Measure
    clock_ms: Callable[[], int]
    progress: Progress
    sample: tuple[int, int] = SAMPLE_SIZE


@dataclass(frozen=True, slots=True)
class _Step:
    """One row to come: its job, and the backend to check first (None: nothing to compare)."""

    job: Job
    backend: Backend | None


def run(settings: BenchSettings, ports: BenchPorts) -> BenchResult:
    """Every row; Ctrl-C keeps those that are done.

    Raises UnavailableError for a backend asked for by name that cannot run, UsageError where none has the
    threads asked for, NoDataError where the folder holds nothing to measure on.
    """
    plan = _plan(settings, ports)
    gate = Gate(panel_of(settings.folder, settings.timeframe, *ports.sample))
    rows: list[BenchRow] = []
    interrupted = False
    ports.progress.begin("bench", len(plan))
    try:
        for step in plan:
            rows.append(_row(step, gate, ports.measure))
            ports.progress.advance()
    except KeyboardInterrupt:
        interrupted = True
    finally:
        ports.progress.end()
    now = datetime.fromtimestamp(ports.clock_ms() / 1000, UTC)
    return BenchResult(machine=machine(now), rows=tuple(rows), interrupted=interrupted)


def sizes(settings: BenchSettings) -> tuple[tuple[int, int], ...]:
    """(series, bars) to measure: what is asked for; else all of the folder, or the usual ones."""
    symbols, bars = settings.symbols, settings.bars
    if settings.data is not None:
        return ((symbols or ALL, bars or _USUAL_BARS),)
    if symbols or bars:
        return ((symbols or _USUAL_SERIES, bars or _USUAL_BARS),)
    return SIZES + LARGE_SIZES if settings.full else SIZES


def _plan(settings: BenchSettings, ports: BenchPorts) -> list[_Step]:
    """One step per row, in the order of the table."""
    chosen = list(_chosen(settings, ports))
    rival = _rival(settings, ports)
    steps: list[_Step] = []
    for symbols, bars in sizes(settings):
        blank = _blank_job(settings, symbols, bars)
        for dialect in settings.dialect:
            for want in settings.want:
                asked = replace(blank, dialect=dialect.value, want=want)
                steps += [_step(asked, *each) for each in chosen]
        steps += [_Step(blank, None)] * rival
    return steps + (_replays(settings, chosen) if sizes(settings)[: len(SIZES)] == SIZES else [])


def _replays(settings: BenchSettings, chosen: Sequence[tuple[Backend, Form]]) -> list[_Step]:
    """Windows of one history, then one bar more for many series, for backends that can; a stream takes one thread."""
    windows: list[_Step] = []
    one_bar: list[_Step] = []
    for dialect in settings.dialect:
        for backend, form in chosen:
            if isinstance(backend, Windows):
                job = replace(_blank_job(settings, *REANCHORED_SIZE), dialect=dialect.value, want=Want.LAST.value)
                windows.append(_step(replace(job, mode=REANCHORED), backend, form))
            if isinstance(backend, Streams) and form.threads == 1:
                job = replace(_blank_job(settings, ADVANCE_SERIES, 1), dialect=dialect.value)
                one_bar.append(_step(replace(job, mode=ADVANCE), backend, form))
    return windows + one_bar


def _blank_job(settings: BenchSettings, symbols: int, bars: int) -> Job:
    """The job of TA-Lib, which has neither dialect nor want; a backend's has its names put in."""
    return Job(
        backend=TALIB,
        simd="",
        threads=1,
        mode=AVERAGES,
        dialect=Dialect.LTS.value,
        want=Want.AVERAGE.value,
        symbols=symbols,
        bars=bars,
        runs=settings.runs,
        data=settings.folder,
        timeframe=settings.timeframe,
    )


def _step(asked: Job, backend: Backend, form: Form) -> _Step:
    batch = EXTRAPOLATED if backend.name == Engine.REFERENCE else BATCH
    mode = batch if asked.mode == AVERAGES else asked.mode
    return _Step(replace(asked, backend=backend.name, simd=form.simd, threads=form.threads, mode=mode), backend)


def _chosen(settings: BenchSettings, ports: BenchPorts) -> Iterator[tuple[Backend, Form]]:
    """Backends asked for (if none, all that can run), each in every form that has the threads asked for."""
    offered: set[int] = set()
    for offer in asked_for(settings, ports):
        for form in offer.backend.forms():
            offered.add(form.threads)
            if form.threads in (settings.threads or (form.threads,)):
                yield offer.backend.in_form(form), form
    if settings.threads and offered.isdisjoint(settings.threads):
        raise UsageError(
            f"--threads: no backend here runs with {_listed(settings.threads)}", f"valid: {_listed(sorted(offered))}"
        )


def asked_for(settings: BenchSettings, ports: BenchPorts) -> list[Offer]:
    """Offers of the backends asked for, if none of all that can run; UnavailableError for one that cannot."""
    found = []
    for offer in ports.offers:
        if settings.backend and offer.name not in settings.backend:
            continue
        if isinstance(offer, Unavailable):
            _refuse(settings, offer)
        else:
            found.append(offer)
    return found


def _refuse(settings: BenchSettings, absent: Unavailable) -> None:
    """Raise where the absent one was asked for by name."""
    if absent.name in settings.backend:
        raise UnavailableError(f"backend {absent.name} cannot run: {absent.why}", absent.remedy)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def _rival(settings: BenchSettings, ports: BenchPorts) -> bool:
    """Whether TA-Lib's time is wanted and can be had."""
    if isinstance(ports.rival, Unavailable):
        _refuse(settings, ports.rival)
        return False
    return not settings.backend or TALIB in settings.backend


def _row(step: _Step, gate: Gate, measure: Measure) -> BenchRow:
    job = step.job
    if step.backend is None:
        return _measured(job, Parity.NOT_COMPARED, measure, f"its {_TALIB_AVERAGES} averages alone, HMA made of WMAs")
    if job.mode == EXTRAPOLATED:
        return _extrapolated(job, measure)
    found = gate.difference(step.backend, Params(dialect=Dialect(job.dialect)), Want(job.want), job.mode)
    if found:
        return _untimed(job, Parity.DIFFERS, found)
    return _measured(job, Parity.EQUAL, measure)


def _measured(job: Job, parity: Parity, measure: Measure, detail: str = "") -> BenchRow:
    try:
        measured = measure(job)
    except MeasureError as error:
        return _untimed(job, Parity.FAILED, str(error))
    timing = _timing(measured.times_ms, measured.bars_total, measured.peak_rss_mb)
    row = replace(_untimed(job, parity, detail), timing=timing)
    return replace(row, symbols=measured.symbols, bars=measured.bars)


def _extrapolated(job: Job, measure: Measure) -> BenchRow:
    """The slow reference on a few bars, its time stretched to all of them; its peak says nothing of the whole."""
    small = replace(job, symbols=min(job.symbols, _SMALL_SERIES), bars=min(job.bars, _SMALL_BARS))
    row = _measured(small, Parity.ORACLE, measure)
    if row.timing is None:
        return row
    detail = f"extrapolated from {row.symbols} x {row.bars}"
    symbols, bars, bars_total = _panel_size(job)
    share = row.timing.ns_per_bar * bars_total / 1e6 / row.timing.ms_median
    timing = replace(
        row.timing,
        ms_median=row.timing.ms_median * share,
        ms_min=row.timing.ms_min * share,
        ms_max=row.timing.ms_max * share,
        peak_rss_mb=None,
    )
    return replace(row, timing=timing, symbols=symbols, bars=bars, detail=detail)


def _panel_size(job: Job) -> tuple[int, int, int]:
    """(series, bars of the longest, bars in all) of a job's panel."""
    if job.data is None:
        return job.symbols, job.bars, job.symbols * job.bars
    panel = panel_of(job.data, job.timeframe, job.symbols, job.bars)
    return len(panel), panel.width, int(panel.offsets[-1])


def _untimed(job: Job, parity: Parity, detail: str) -> BenchRow:
    return BenchRow(
        backend=job.backend,
        simd=job.simd,
        threads=job.threads,
        dialect=job.dialect,
        mode=job.mode,
        want=job.want,
        symbols=job.symbols,
        bars=job.bars,
        parity=parity,
        timing=None,
        detail=detail,
    )


def _timing(times_ms: Sequence[float], bars_total: int, peak_rss_mb: float) -> Timing:
    middle_ms = median(times_ms)
    return Timing(
        ms_median=middle_ms,
        ms_min=min(times_ms),
        ms_max=max(times_ms),
        ns_per_bar=middle_ms * 1e6 / bars_total,
        bars_per_s=bars_total * 1000 / middle_ms,
        peak_rss_mb=peak_rss_mb,
    )
