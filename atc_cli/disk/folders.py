"""Where a user's settings and stored candles are."""

from pathlib import Path

CANDLES, SIGNALS, LAST, WINDOWS = "candles", "signals", "last", "windows"  # below the cache folder
LOG = Path("log", "scans.jsonl")  # below the data folder
COEFFICIENTS = "coefficients.json"


def user_folder() -> Path:
    """The user's configuration folder (XDG)."""
    import platformdirs

    return platformdirs.user_config_path("atc", appauthor=False)


def data_folder() -> Path:
    """The user's folder for what a program makes and a person keeps (XDG)."""
    import platformdirs

    return platformdirs.user_data_path("atc", appauthor=False)


def cache_folder(wanted: Path | None) -> Path:
    """The folder that was asked for, else the user's cache folder (XDG)."""
    if wanted is not None:
        return wanted
    import platformdirs

    return platformdirs.user_cache_path("atc", appauthor=False)
