"""What is said of the symbols that are gone."""

from collections.abc import Iterator

from atc_cli.settings.names import DEMO
from atc_cli.settings.sections import Settings


def survivorship(settings: Settings) -> Iterator[str]:
    """Which symbols the candles of these settings can be of."""
    if settings.data is not None:
        yield "survivorship: whatever files hold; symbols that were delisted count only where their files are there"
    elif not settings.offline and DEMO not in settings.exchange:
        yield "survivorship: only symbols that are listed today; those that were delisted since are missing"
