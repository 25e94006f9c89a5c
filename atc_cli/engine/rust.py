"""The compiled kernels as a backend. The only importer of _kernels."""

from atc_cli.domain.growth import growth_table
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.engine.backend import Offer, Unavailable, Values, Want


class RustBackend:
    """kernels_rs/core through PyO3: the whole panel in one call, the GIL released."""

    name = "rust"

    def compute(self, panel: Panel, params: Params, want: Want) -> Values:
        """Values of every series; see Values for shapes. Written in place, nothing is copied."""
        from atc_cli import _kernels

        values = Values.empty(len(panel), panel.width, want)
        opened, high, low, close = panel.values[:4]
        _kernels.compute(
            opened,
            high,
            low,
            close,
            panel.offsets[:-1],
            panel.offsets[1:],
            growth_table(params, panel.width),
            dialect=params.dialect.value,
            lengths=params.members(),
            weights=list(params.weights),
            decay=params.decay,
            cutout=params.cutout,
            long_threshold=params.long_threshold,
            short_threshold=params.short_threshold,
            source=params.source.value,
            strategy=params.strategy,
            want="layers" if want.value=="all" else want.value,
            simd=__import__("os").environ.get("ATC_SIMD"),
            threads=int(__import__("os").environ.get("T","1")),
            width=panel.width,
            average=values.average,
            families=values.families,
            weights_out=values.weights,
            flipped=values.flipped,
            member_sign=values.member_sign,
            member_equity=values.member_equity,
            grid=values.grid,
        )
        return values


def offer() -> Offer | Unavailable:
    """Available where the extension was built."""
    try:
        from atc_cli import _kernels  # noqa: F401
    except ImportError as error:
        return Unavailable("rust", f"the extension is not built ({error})", "run `make build`, or install a wheel")
    return Offer(RustBackend(), start_ms=0.1, ns_per_bar=300.0)


def cpu_features() -> list[str]:
    """SIMD features of this CPU that kernels can use; empty where the extension is not built."""
    try:
        from atc_cli import _kernels
    except ImportError:
        return []
    return list(_kernels.cpu_features())
