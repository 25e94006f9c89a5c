"""Every backend by name: what can run here, and why the others cannot."""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

from atc_cli.domain.engines import NOT_BUILT, Engine
from atc_cli.engine import reference, rust
from atc_cli.engine.backend import Offer, Unavailable
from atc_cli.engine.dask import backend as dask
from atc_cli.engine.dask.cluster import Cluster
from atc_cli.engine.numba import backend as numba


def _not_built(engine: Engine) -> Unavailable:
    return Unavailable(engine, "this version of atc does not include it", "use --backend auto")


# the fastest first, and what computes elsewhere
_OFFER: dict[Engine, Callable[[], Offer | Unavailable]] = {
    Engine.RUST: rust.offer,
    Engine.NUMBA: lambda: numba.offer(find_spec("numba")),
    **{each: partial(_not_built, each) for each in NOT_BUILT},
    Engine.REFERENCE: reference.offer,
}


def offers(cluster: Cluster | None = None) -> list[Offer | Unavailable]:
    """One of each backend; nothing that is heavy is imported. `cluster`: where dask computes, this machine if None."""
    return [*(offer() for offer in _OFFER.values()), dask.offer(find_spec("distributed"), cluster or Cluster())]
