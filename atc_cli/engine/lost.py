"""What a backend raises that lost its workers, or computed some series of a panel and lost others."""

from collections.abc import Mapping

from atc_cli.engine.backend import Values
from atc_cli.errors import ExitCode, UnavailableError


class LostWorkersError(UnavailableError):
    """Nobody computes any more."""


class LostSeriesError(UnavailableError):
    """`values` of the whole panel, and why those of some rows mean nothing; `interrupted`: nobody waited for them."""

    def __init__(self, backend: str, values: Values, lost: Mapping[int, str], *, interrupted: bool = False) -> None:
        why = next(iter(lost.values()))
        message = f"backend {backend}: {len(lost)} of {len(values.average)} series were not computed: {why}"
        super().__init__(message, "--backend auto, without a scheduler, computes here")
        self.code = ExitCode.INTERRUPTED if interrupted else self.code
        self.values, self.lost, self.interrupted = values, lost, interrupted
