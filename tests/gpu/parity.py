"""The cases on a device, beside the compiled kernels of this processor."""

from collections.abc import Iterable
from dataclasses import dataclass

from atc_cli.engine.backend import Values, Windows
from atc_cli.engine.rust import RustBackend
from tests.gpu.cases import Case, differences, values_of


@dataclass(frozen=True, slots=True)
class Parity:
    """How much was compared, and what was not equal: "case: arrays"."""

    cases: int
    values: int
    differing: tuple[str, ...]


def parity(backend: Windows, cases: Iterable[Case]) -> Parity:
    """Compare every case."""
    count = values = 0
    differing = []
    for case in cases:
        right, found = _computed(RustBackend(), case), _computed(backend, case)
        count, values = count + 1, values + values_of(right)
        if arrays := differences(right, found):
            differing.append(f"{case.name}: {', '.join(arrays)}")
    return Parity(count, values, tuple(differing))


def _computed(backend: Windows, case: Case) -> Values:
    if case.windows is None:
        return backend.compute(case.panel, case.params, case.want)
    return backend.compute_windows(case.panel, case.params, *case.windows, want=case.want)
