"""What a workload would cost on a backend. Pure."""

from atc_cli.engine.backend import Offer, Workload


def estimate_ms(offer: Offer, workload: Workload) -> float:
    """start + bars_total * ns_per_bar / 1e6, in ms; constants are measured per backend."""
    return offer.start_ms + workload.bars_total * offer.ns_per_bar / 1e6
