"""Figures of a row in a fifth of the memory: names that all rows share, and numbers side by side."""

from array import array
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Self


class Figures(Mapping[str, Any]):
    """What a mapping of numbers holds; `whole` and `missing` have a bit for each that is an integer, or None."""

    __slots__ = ("_missing", "_names", "_numbers", "_whole")

    def __init__(self, names: tuple[str, ...], numbers: bytes, whole: int, missing: int) -> None:
        self._names, self._numbers, self._whole, self._missing = names, numbers, whole, missing

    @classmethod
    def of(cls, figures: Mapping[str, float | None]) -> Self:
        """The same; integers below 2^53 come back as they are."""
        numbers = array("d", (0.0 if each is None else each for each in figures.values()))
        whole = sum(isinstance(each, int) << place for place, each in enumerate(figures.values()))
        missing = sum((each is None) << place for place, each in enumerate(figures.values()))
        return cls(_shared(tuple(figures)), numbers.tobytes(), whole, missing)

    def __reduce__(self) -> tuple[type[Self], tuple[tuple[str, ...], bytes, int, int]]:
        return type(self), (self._names, self._numbers, self._whole, self._missing)

    def __getitem__(self, name: str) -> Any:
        place = _places(self._names)[name]
        if self._missing >> place & 1:
            return None
        number = memoryview(self._numbers).cast("d")[place]
        return int(number) if self._whole >> place & 1 else number

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@cache
def _shared(names: tuple[str, ...]) -> tuple[str, ...]:
    """One for all rows, which is pickled once with many of them."""
    return names


@cache
def _places(names: tuple[str, ...]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}
