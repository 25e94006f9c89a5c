"""Which settings rows and ranks depend on: all but those that are known to change neither."""

from atc_cli.settings.option import options, plain
from atc_cli.settings.sections import Backend, EveryBar, Feed, Output, Remembered, Settings, Store

_OTHER_SECTIONS = (Store, Remembered, Feed, Output, Backend, EveryBar)
# A preset is a name for other settings, and --top leaves ranks as they are.
_OTHERS = {"offline", "refresh", "top", "preset", *(each.key for kind in _OTHER_SECTIONS for each in options(kind))}


def ranking(settings: Settings) -> dict[str, object]:
    """Equal for two scans whose rows and ranks differ by what the market did alone; files are told by their names."""
    return {
        each.key: plain(getattr(settings, each.name)) for each in options(type(settings)) if each.key not in _OTHERS
    }
