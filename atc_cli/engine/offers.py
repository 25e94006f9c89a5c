"""Every backend by name: what can run here, and why the others cannot."""

from importlib.util import find_spec

from atc_cli.engine import reference, rust
from atc_cli.engine.backend import Offer, Unavailable
from atc_cli.engine.numba import backend as numba

_NOT_BUILT = "this version of atc does not include it"


def offers() -> list[Offer | Unavailable]:
    """One of each backend; nothing that is heavy is imported."""
    absent = [Unavailable(name, _NOT_BUILT, "use --backend auto") for name in ("cuda", "dask")]
    return [rust.offer(), numba.offer(find_spec("numba")), *absent, reference.offer()]
