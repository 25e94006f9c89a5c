"""Which backend computes: a pure choice from sizes and costs. Backends never import this."""

from collections.abc import Sequence

from atc_cli.domain.engines import AUTO, Auto
from atc_cli.domain.results.scan import Decision
from atc_cli.engine.backend import Backend, Offer, Unavailable, Workload
from atc_cli.engine.cost import estimate_ms
from atc_cli.errors import UnavailableError


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


def choose(workload: Workload, offers: Sequence[Offer | Unavailable], requested: str) -> tuple[Backend, Decision]:
    """The cheapest offer for `auto`, else exactly the one requested; raises as `check` does."""
    check(offers, requested)
    able = _able(offers)
    wanted = [offer for offer in able if _is_asked_for(offer, requested)]
    candidates = [offer for offer in able if offer in wanted or offer.auto is Auto.BY_COST]
    estimates = {offer.name: estimate_ms(offer, workload) for offer in candidates}
    best = min(wanted or candidates, key=lambda offer: estimates[offer.name])
    why = "asked for" if wanted else _why_cheapest(best, candidates, estimates)
    return best.backend, Decision(best.name, why, estimates)


def _is_asked_for(offer: Offer | Unavailable, requested: str) -> bool:
    return requested == offer.name or (requested == AUTO and offer.auto is Auto.ALWAYS)


def _able(offers: Sequence[Offer | Unavailable]) -> list[Offer]:
    return [offer for offer in offers if isinstance(offer, Offer)]


def _why_cheapest(best: Offer, able: Sequence[Offer], estimates: dict[str, float]) -> str:
    if len(able) == 1:
        return "the only one that can run here"
    ours = f"estimated {_words(estimates[best.name])}"
    others = ", ".join(f"{name} {_words(cost)}" for name, cost in estimates.items() if name != best.name)
    return f"{ours}; {others}"


def _words(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.1f} s" if milliseconds >= 1000 else f"{milliseconds:.0f} ms"
