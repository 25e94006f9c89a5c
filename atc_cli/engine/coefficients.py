"""The one table of shipped coefficients: what each path of each backend costs; `atc bench --calibrate` replaces it.

Rust and numba: measured by that command on 2026-11-22, on a virtual machine with 2 cores of an AMD EPYC with AVX-512
that was busy with other work; what further threads cost lies between that and the same machine when idle. numba's
compilation: measured there once. dask: from the figures of tests/measure/cluster.py. cuda: a guess, for no GPU was at
hand: a card with few float64 units. A slower processor slows all of its own paths alike. A path without a row costs
what the one before it does, until it is measured.
"""

from collections.abc import Mapping

from atc_cli.domain.engines import Engine
from atc_cli.engine.cost import Costs

ByPath = Mapping[str, Costs]
SHIPPED_AT = "2026-11-22"

_LANE = {"tradingview_ratio": 2.8, "call_ms": 0.065, "series_ms": 0.003, "thread_ms": 0.1, "value_ns": 0.5}
_PYTHON = {"call_ms": 0.2, "series_ms": 0.03, "value_ns": 0.5}

SHIPPED: Mapping[Engine, ByPath] = {
    Engine.RUST: {
        "scalar": Costs(lanes=1, block_ns=205, alone_ns=205, thread_loss_frac=0.15, **_LANE),
        "portable": Costs(lanes=8, block_ns=950, alone_ns=215, thread_loss_frac=0.15, **_LANE),
        "avx2": Costs(lanes=8, block_ns=370, alone_ns=115, thread_loss_frac=0.1, **_LANE),
        "avx512": Costs(lanes=8, block_ns=250, alone_ns=115, thread_loss_frac=0.1, **_LANE),
    },
    Engine.CUDA: {
        "": Costs(
            lanes=4096,
            block_ns=20_000,
            alone_ns=20_000,
            tradingview_ratio=2.5,
            start_ms=1500,
            compile_ms=5000,
            call_ms=1,
            value_ns=0.3,
            sent_ns=0.2,
        ),
    },
    Engine.NUMBA: {
        "": Costs(
            lanes=1, block_ns=400, alone_ns=400, tradingview_ratio=2.4, start_ms=1000, compile_ms=25_000, **_PYTHON
        ),
    },
    Engine.REFERENCE: {"": Costs(lanes=1, block_ns=69_000, alone_ns=69_000, tradingview_ratio=2.2, **_PYTHON)},
    Engine.DASK: {"": Costs(lanes=16, block_ns=350, alone_ns=350, start_ms=2000, call_ms=20, sent_ns=17, value_ns=2)},
}
