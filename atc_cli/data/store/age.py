"""How old symbols are, as far as stored candles show it."""

from collections.abc import Sequence
from dataclasses import replace

from atc_cli.data.market import Listing
from atc_cli.data.store.shelf import Shelf
from atc_cli.errors import UnavailableError


def aged(listings: Sequence[Listing], shelf: Shelf, by_ms: int) -> list[Listing]:
    """The listings, those without a date with their first stored bar where they began with it, or before `by_ms`.

    What cannot be read shows nothing: the fetch says why.
    """
    if all(each.born_ms is not None for each in listings):
        return list(listings)
    try:
        entries = shelf.entries()
    except UnavailableError:
        return list(listings)
    began_ms = {each.native: each.first_ms for each in entries if each.bars and (each.begun or each.first_ms <= by_ms)}
    return [replace(each, began_ms=began_ms.get(each.native)) for each in listings]
