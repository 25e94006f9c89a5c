"""What a scan by short windows says of itself."""

from atc_cli.domain.results.scan import Prefiltered
from atc_cli.reporting.documents import Document


def prefilter_parts(done: Prefiltered) -> tuple[str, ...]:
    """How many symbols by short windows, how many in full, where the others are, what that cost."""
    if done.bars is None:
        return ("prefilter: not used, it would save nothing", "every window is whole")
    what, spent, plain = "weight", done.weight, done.plain_weight
    if not done.weight:
        what, spent, plain = "requests", done.requests, done.plain_requests
    return (
        f"prefilter: {done.short} symbols by {done.bars} bars, {done.whole} of them in full",
        f"{done.approximate} approximate rows in json, jsonl, csv and parquet only",
        f"{what} {spent}, without it about {plain}",
    )


def prefilter_document(done: Prefiltered | None) -> Document | None:
    """As JSON holds it."""
    if done is None:
        return None
    return {
        "per_side": done.per_side,
        "bars": done.bars,
        "short": done.short,
        "whole": done.whole,
        "approximate": done.approximate,
        "requests": done.requests,
        "weight": done.weight or None,
        "plain_requests": done.plain_requests,
        "plain_weight": done.plain_weight or None if done.weight else None,
    }
