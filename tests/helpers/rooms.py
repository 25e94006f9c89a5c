"""Who may import whom: the rooms of the package."""

# Every room may import them, and they nothing of ours.
LEAVES = {"errors", "identity", "libraries", "stages"}
# Besides itself and the leaves.
ROOMS: dict[str, set[str]] = {
    "domain": set(),
    "disk": set(),
    "settings": {"domain"},
    "data": {"domain", "disk"},
    "signals": {"domain", "data", "disk"},
    "engine": {"domain"},
    "backtest": {"domain", "engine"},
    "bench": {"domain", "data", "engine"},
    "profiling": {"domain", "disk"},
    "reporting": {"domain"},
    "commands": {"domain", "data", "signals", "engine", "backtest", "bench", "profiling", "settings"},
    "cli": {"commands", "reporting", "settings", "disk"},
    "api": {"cli", "commands", "data", "disk", "domain", "reporting", "settings"},
}
