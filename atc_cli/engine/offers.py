"""Every backend by name: what can run here, and why the others cannot."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec

from atc_cli.domain.catalog import Want
from atc_cli.domain.engines import Engine
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.engine import reference, rust
from atc_cli.engine.backend import Form, Offer, OneForm, Unavailable, Values
from atc_cli.engine.coefficients import SHIPPED, ByPath
from atc_cli.engine.cuda import backend as cuda
from atc_cli.engine.dask import backend as dask
from atc_cli.engine.dask.cluster import Cluster
from atc_cli.engine.numba import backend as numba
from atc_cli.errors import UnavailableError

# the fastest first, and what computes elsewhere
_OFFER: dict[Engine, Callable[[], Offer | Unavailable]] = {
    Engine.RUST: rust.offer,
    Engine.CUDA: lambda: cuda.offer(find_spec("cupy")),
    Engine.NUMBA: lambda: numba.offer(find_spec("numba")),
    Engine.REFERENCE: reference.offer,
}


def offers(
    cluster: Cluster | None = None, measured: Mapping[Engine, ByPath] | None = None
) -> list[Offer | Unavailable]:
    """One of each backend; nothing that is heavy is imported.

    `cluster`: where dask computes, this machine if None. `measured`: coefficients in place of the shipped ones.
    """
    found = [*(offer() for offer in _OFFER.values()), dask.offer(find_spec("distributed"), cluster or Cluster())]
    return [_measured(each, (measured or {}).get(Engine(each.name))) for each in found]


def _measured(offer: Offer | Unavailable, costs: ByPath | None) -> Offer | Unavailable:
    """An offer with the coefficients of this machine, those of its paths that were not measured as shipped."""
    if isinstance(offer, Unavailable) or costs is None:
        return offer
    return replace(offer, costs={**offer.costs, **costs})


class _Elsewhere(OneForm):
    """A backend of another machine, to choose and not to call."""

    def __init__(self, name: str) -> None:
        self.name = name

    def in_form(self, _form: Form) -> "_Elsewhere":
        """Whatever it can do there."""
        return self

    def compute(self, _panel: Panel, _params: Params, _want: Want) -> Values:
        """UnavailableError: it is not here."""
        raise UnavailableError(f"backend {self.name} is that of another machine", "leave out --machine")


def offers_of(measured: Mapping[Engine, ByPath], threads: int) -> Sequence[Offer]:
    """The backends of another machine that has so many processors; rust as shipped where nothing is known of it."""
    costs = {Engine.RUST: SHIPPED[Engine.RUST], **measured}
    return [
        Offer(
            _Elsewhere(engine),
            by_path,
            tuple(by_path),
            threads=threads if engine is Engine.RUST else None,
            started=engine is Engine.RUST,
        )
        for engine, by_path in costs.items()
    ]
