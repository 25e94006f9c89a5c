"""Which backend computes: a pure choice from sizes and costs. Backends never import this."""

from collections.abc import Sequence

from atc_cli.domain.results import Decision
from atc_cli.engine.backend import Backend, Offer, Unavailable, Workload
from atc_cli.engine.cost import estimate_ms
from atc_cli.errors import UnavailableError

AUTO = "auto"


def choose(workload: Workload, offers: Sequence[Offer | Unavailable], requested: str) -> tuple[Backend, Decision]:
    """The cheapest offer for `auto`, else exactly the one requested.

    Raises UnavailableError where the requested backend cannot run, with what would change that: an
    explicit choice never falls back.
    """
    able = [offer for offer in offers if isinstance(offer, Offer)]
    estimates = {offer.name: estimate_ms(offer, workload) for offer in able}
    if requested == AUTO:
        best = min(able, key=lambda offer: estimates[offer.name])
        return best.backend, Decision(best.name, _why_cheapest(best, able, estimates), estimates)
    for offer in offers:
        if offer.name == requested:
            if isinstance(offer, Unavailable):
                others = ", ".join(each.name for each in able)
                raise UnavailableError(
                    f"backend {requested} cannot run: {offer.why}", f"{offer.remedy}; can run: {others}"
                )
            return offer.backend, Decision(requested, "asked for", estimates)
    raise AssertionError(requested)


def _why_cheapest(best: Offer, able: Sequence[Offer], estimates: dict[str, float]) -> str:
    if len(able) == 1:
        return "the only one that can run here"
    ours = f"estimated {_words(estimates[best.name])}"
    others = ", ".join(f"{name} {_words(cost)}" for name, cost in estimates.items() if name != best.name)
    return f"{ours}; {others}"


def _words(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.1f} s" if milliseconds >= 1000 else f"{milliseconds:.0f} ms"
