"""Which coefficients estimates go by: those shipped, or those that were measured on this machine."""

from collections.abc import Mapping
from dataclasses import dataclass

from atc_cli import __version__
from atc_cli.domain.engines import Engine
from atc_cli.engine.calibration import calibration_of, loads
from atc_cli.engine.coefficients import SHIPPED_AT, ByPath
from atc_cli.identity import code_checksum, machine_stamp

AGAIN = "atc bench --calibrate"
CODE = "code"  # in the stamp of a machine, and compared by doctor alone: reading all code takes too long for a scan


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Those in use: None where they are as shipped; in words where they come from, and why no others are in use."""

    costs: Mapping[Engine, ByPath] | None
    words: str
    fault: str | None = None
    code: str | None = None

    @property
    def of_other_code(self) -> bool:
        """Whether they were measured with code that this is not."""
        return self.code is not None and self.code != code_checksum()


AS_SHIPPED = Coefficients(None, f"as shipped, of {SHIPPED_AT}")


def stamp_here() -> dict[str, str | int]:
    """What a calibration must have been made with to be used here."""
    return {**machine_stamp(), "atc": __version__}


def in_use(content: bytes | None, file: str) -> Coefficients:
    """What a calibration file says, None: there is none. One that is damaged or of another machine is not used."""
    if content is None:
        return AS_SHIPPED
    try:
        found = calibration_of(loads(content))
    except ValueError as error:
        return _unused(f"{file!r} is damaged and not used: {error}")
    stamp = stamp_here()
    unlike = [
        f"{key} {found.machine.get(key)!r} (here {here!r})"
        for key, here in stamp.items()
        if found.machine.get(key) != here
    ]
    if unlike:
        return _unused(f"{file!r} is of another machine and not used: {', '.join(unlike)}")
    return Coefficients(
        found.costs, f"of this machine, measured at {found.measured_at}", code=str(found.machine.get(CODE))
    )


def _unused(why: str) -> Coefficients:
    return Coefficients(None, AS_SHIPPED.words, f"coefficients: {why}; {AGAIN} measures anew")
