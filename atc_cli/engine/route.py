"""Which backend computes, how, and why: a pure choice from sizes and costs. Backends never import this."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from atc_cli.domain.engines import AUTO, Auto
from atc_cli.domain.results.scan import Decision
from atc_cli.engine.backend import Backend, Form, Offer, Unavailable
from atc_cli.engine.cost import Costs, Estimate, Workload, cheapest, estimates, thread_counts
from atc_cli.errors import UnavailableError

# the rest is for candles, rows and whatever else runs
_VALUES_FRAC = 0.5


def check(offers: Sequence[Offer | Unavailable], requested: str) -> None:
    """Raise UnavailableError where the requested backend cannot run, with what would change that.

    An explicit choice never falls back, and is refused before any candle is fetched.
    """
    for offer in offers:
        if isinstance(offer, Unavailable) and _is_asked_for(offer, requested):
            others = ", ".join(each.name for each in _able(offers))
            raise UnavailableError(
                f"backend {offer.name} cannot run: {offer.why}", f"{offer.remedy}; can run: {others}"
            )


@dataclass(frozen=True, slots=True)
class Way:
    """A backend in one of its forms, what a call would take and what it pays once before it, in ms."""

    offer: Offer
    form: Estimate
    once_ms: float

    @property
    def ms(self) -> float:
        """What the first call takes."""
        return self.once_ms + self.form.ms

    @property
    def label(self) -> str:
        """As a person reads it: rust avx2 2 threads."""
        return form_words(self.offer.name, self.form.path, self.form.threads)

    @property
    def backend(self) -> Backend:
        """What computes in this way."""
        form = self.form
        chosen = form.path or self.offer.threads is not None
        return self.offer.backend.in_form(Form(form.path, form.threads)) if chosen else self.offer.backend


def form_words(name: str, path: str, threads: int) -> str:
    """A backend in one of its forms."""
    return " ".join(filter(None, (name, path, f"{threads} threads" if threads > 1 else "")))


def choose(
    workload: Workload,
    offers: Sequence[Offer | Unavailable],
    requested: str,
    *,
    threads: int | None = None,
    free_bytes: int | None = None,
) -> tuple[Backend, Decision]:
    """The cheapest way for `auto`, else the cheapest of exactly the backend requested; raises as `check` does.

    `threads`: how many, where a backend has the choice; None: what is worth it. `free_bytes`: memory that may be
    filled, None where it is not known.
    """
    check(offers, requested)
    able = _able(offers)
    wanted = [offer for offer in able if _is_asked_for(offer, requested)]
    considered = [offer for offer in able if offer in wanted or offer.auto is Auto.BY_COST]
    ways = ways_of(workload, considered, threads)
    chosen = chosen_of([way for way in ways if not wanted or way.offer in wanted])
    batch = _batch(workload, free_bytes)
    decision = Decision(
        name=chosen.offer.name,
        why="asked for" if wanted else _why_cheapest(chosen, ways),
        path=chosen.form.path,
        threads=chosen.form.threads,
        batch=batch,
        estimates_ms={way.label: way.ms for way in ways},
        reasons=(*_of_threads(chosen, ways, threads), *_of_starts(chosen, ways), *_of_memory(workload, free_bytes)),
    )
    return chosen.backend, decision


def ways_of(workload: Workload, offers: Sequence[Offer], threads: int | None = None) -> list[Way]:
    """Every way that is worth a thought, the cheapest first."""
    ways = [way for offer in offers for way in _ways(offer, workload, threads)]
    return sorted(ways, key=lambda way: (way.ms, way.form.threads, way.offer.name))


def chosen_of(ways: Sequence[Way]) -> Way:
    """The cheapest backend in its best form."""
    by_offer: dict[str, list[Way]] = {}
    for way in ways:
        by_offer.setdefault(way.offer.name, []).append(way)
    return min((_best(own) for own in by_offer.values()), key=lambda way: (way.ms, way.offer.name))


def _best(own: Sequence[Way]) -> Way:
    """Of one backend; `cheapest` is the one rule, and takes paths in their order."""
    paths = list(own[0].offer.paths)
    ordered = sorted(own, key=lambda way: paths.index(way.form.path))
    form = cheapest(way.form for way in ordered)
    return next(way for way in ordered if way.form is form)


def _ways(offer: Offer, workload: Workload, threads: int | None) -> list[Way]:
    """Each path of a backend on each number of threads that is worth a thought."""
    counts = (1,) if offer.threads is None else (threads,) if threads else thread_counts(offer.threads)
    ways = estimates(offer.costs, offer.paths, counts, workload)
    once_ms = _once_ms(offer, workload)
    return [Way(offer, way, once_ms) for way in ways]


def _once_ms(offer: Offer, workload: Workload) -> float:
    """What has to be started and compiled before the first call."""
    costs: Costs = next(iter(offer.costs.values()))
    compiling = bool(costs.compile_ms) and offer.backend.compiling(workload.dialect)
    started = replace(costs, start_ms=0.0) if offer.started else costs
    return started.once_ms(compiling=compiling)


def _batch(workload: Workload, free_bytes: int | None) -> int | None:
    """Series at once whose values fit into memory; None where those of all do, or nobody knows."""
    if free_bytes is None or workload.value_bytes <= free_bytes * _VALUES_FRAC:
        return None
    return max(int(free_bytes * _VALUES_FRAC) // workload.series_bytes, 1)


def _of_threads(chosen: Way, ways: Sequence[Way], threads: int | None) -> Iterator[str]:
    """How many, and what others would take."""
    if threads is not None:
        obeyed = chosen.offer.threads is not None
        yield f"threads: {threads} asked for" if obeyed else f"backend {chosen.offer.name} has no choice of threads"
        return
    same = [way for way in ways if way.offer is chosen.offer and way.form.path == chosen.form.path]
    if len(same) > 1:
        others = ", ".join(f"{_words(way.ms)} on {way.form.threads}" for way in same if way is not chosen)
        yield f"threads: {chosen.form.threads}; {others}"


def _of_starts(chosen: Way, ways: Sequence[Way]) -> Iterator[str]:
    """Backends that would be faster, had they been started."""
    for way in ways:
        if way.form.ms < chosen.ms < way.ms and way.offer is not chosen.offer:
            yield f"{way.offer.name} takes {_words(way.form.ms)}, but {_words(way.once_ms)} before it can begin"


def _of_memory(workload: Workload, free_bytes: int | None) -> Iterator[str]:
    """Why not all at once."""
    batch = _batch(workload, free_bytes)
    if batch is None or free_bytes is None:
        return
    needed, what = f"values take {_mb(workload.value_bytes)}", "windows" if workload.windows else "series"
    yield f"{needed} and {_mb(free_bytes)} are free: at most {batch} {what} at a time"
    if workload.series_bytes > free_bytes:
        yield f"those of one alone take {_mb(workload.series_bytes)}: they may not fit"


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.0f} MB"


def _is_asked_for(offer: Offer | Unavailable, requested: str) -> bool:
    return requested == offer.name or (requested == AUTO and offer.auto is Auto.ALWAYS)


def _able(offers: Sequence[Offer | Unavailable]) -> list[Offer]:
    return [offer for offer in offers if isinstance(offer, Offer)]


def _why_cheapest(chosen: Way, ways: Sequence[Way]) -> str:
    others: dict[str, float] = {}
    for way in ways:
        if way.offer is not chosen.offer:
            others.setdefault(way.offer.name, way.ms)
    if not others:
        return "the only one that can run here"
    return f"estimated {_words(chosen.ms)}; {', '.join(f'{name} {_words(ms)}' for name, ms in others.items())}"


def _words(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.1f} s" if milliseconds >= 1000 else f"{milliseconds:.{milliseconds < 10:d}f} ms"
