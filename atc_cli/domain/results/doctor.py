"""What `atc doctor` looked at. Plain values, no behaviour."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warn", "fail", "absent"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at; an absent one is an optional part. `remedy` is what to do where it is not ok."""

    name: str
    status: Status
    detail: str
    remedy: str = ""
