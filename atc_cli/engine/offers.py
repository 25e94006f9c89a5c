"""Every backend by name: what can run here, and why the others cannot."""

from collections.abc import Callable
from importlib.util import find_spec

from atc_cli.domain.engines import Engine
from atc_cli.engine import reference, rust
from atc_cli.engine.backend import Offer, Unavailable
from atc_cli.engine.cuda import backend as cuda
from atc_cli.engine.dask import backend as dask
from atc_cli.engine.dask.cluster import Cluster
from atc_cli.engine.numba import backend as numba

# the fastest first, and what computes elsewhere
_OFFER: dict[Engine, Callable[[], Offer | Unavailable]] = {
    Engine.RUST: rust.offer,
    Engine.CUDA: lambda: cuda.offer(find_spec("cupy")),
    Engine.NUMBA: lambda: numba.offer(find_spec("numba")),
    Engine.REFERENCE: reference.offer,
}


def offers(cluster: Cluster | None = None) -> list[Offer | Unavailable]:
    """One of each backend; nothing that is heavy is imported. `cluster`: where dask computes, this machine if None."""
    return [*(offer() for offer in _OFFER.values()), dask.offer(find_spec("distributed"), cluster or Cluster())]
