"""`atc doctor`: is this installation able to do its work, and if not, what is missing."""

import importlib.metadata
import importlib.util
import os
import platform
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from atc_cli.commands.coefficients import AGAIN, AS_SHIPPED, Coefficients
from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.engines import AUTO, Engine
from atc_cli.domain.results.doctor import Check, Status
from atc_cli.domain.timeframe import iso
from atc_cli.engine import route, rust
from atc_cli.engine.backend import Offer, Unavailable
from atc_cli.engine.cost import Workload
from atc_cli.engine.numba import backend as numba
from atc_cli.settings.layers import preset_text
from atc_cli.settings.names import PRESETS

_PACKAGE = "atc-cli"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_PROBE_BYTES = 1 << 16  # more than a full disk may still have of a block
_USUAL_SERIES, _USUAL_BARS = 500, 1500
_RELEASED_MS = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)


def run(
    offers: Sequence[Offer | Unavailable],
    *,
    cache_folder: Path,
    now_ms: int,
    settings_fault: str | None,
    coefficients: Coefficients = AS_SHIPPED,
) -> list[Check]:
    """Every check; nothing here touches the network. `settings_fault` is what every scan would stop at."""
    return [
        Check("python", "ok", f"{platform.python_version()} ({sys.implementation.name}) on {platform.platform()}"),
        _cpu(),
        _packages(),
        *_backends(offers),
        _chosen(offers),
        _coefficients(coefficients),
        *_compiled(offers),
        _presets(),
        _settings(settings_fault),
        _writable(cache_folder),
        _clock(now_ms),
    ]


def healthy(checks: Iterable[Check]) -> bool:
    """The verdict: nothing failed (an absent optional part is no failure)."""
    return all(check.status != "fail" for check in checks)


def _cpu() -> Check:
    features = rust.cpu_features()
    detail = f"{platform.machine()}, {os.cpu_count()} logical CPUs, SIMD: {' '.join(features) or 'unknown'}"
    return Check("cpu", "ok", detail)


def _packages() -> Check:
    """Whether all that the metadata of this installation asks for is there, extras apart."""
    remedy = f"reinstall {_PACKAGE}"
    try:
        asked = importlib.metadata.requires(_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        return Check("packages", "warn", f"{_PACKAGE} is not installed: what it requires is not known", remedy)
    versions = {each: _version(each) for each in map(_name, asked) if each}
    missing = [name for name, version in versions.items() if version is None]
    if missing:
        return Check("packages", "fail", f"missing: {', '.join(missing)}", remedy)
    return Check("packages", "ok", ", ".join(f"{name} {version}" for name, version in versions.items()))


def _name(requirement: str) -> str | None:
    """The package of a line of Requires-Dist, None where only an extra asks for it."""
    wanted, _, marker = requirement.partition(";")
    found = _NAME.match(wanted)
    return found[0] if found and not re.search(r"\bextra\b", marker) else None


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _backends(offers: Sequence[Offer | Unavailable]) -> list[Check]:
    checks = []
    fallback = any(isinstance(offer, Offer) and offer.name == Engine.NUMBA for offer in offers)
    without_rust: Status = "warn" if fallback else "fail"
    for offer in offers:
        if isinstance(offer, Offer):
            checks.append(Check(f"backend {offer.name}", "ok", f"about {offer.ns_per_bar:,.0f} ns per bar"))
        else:
            status: Status = without_rust if offer.name == Engine.RUST else "absent"
            checks.append(Check(f"backend {offer.name}", status, offer.why, offer.remedy))
    return checks


def _chosen(offers: Sequence[Offer | Unavailable]) -> Check:
    """What `--backend auto` comes to for a scan of usual size."""
    workload = Workload.of([_USUAL_BARS] * _USUAL_SERIES, Dialect.LTS, Want.LAST)
    _, decision = route.choose(workload, offers, AUTO)
    detail = f"{decision.name} computes {_USUAL_SERIES} symbols x {_USUAL_BARS} bars: {decision.why}"
    return Check("scan takes", "ok", detail)


def _coefficients(known: Coefficients) -> Check:
    """What estimates go by."""
    if known.fault is not None:
        return Check("coefficients", "warn", known.fault.removeprefix("coefficients: "), AGAIN)
    if known.of_other_code:
        return Check("coefficients", "warn", f"{known.words}, by other code than this", AGAIN)
    return Check("coefficients", "ok", known.words if known.costs else f"{known.words}; `{AGAIN}` measures here")


def _compiled(offers: Sequence[Offer | Unavailable]) -> list[Check]:
    """Whether numba may keep what it compiles."""
    if not any(isinstance(offer, Offer) and offer.name == Engine.NUMBA for offer in offers):
        return []
    folder = numba.cache_folder()
    fault = numba.cache_fault(folder)
    if fault:
        remedy = f"`chmod 700 {folder.parent}` if it is yours"
        return [Check("numba cache", "warn", f"{fault}: numba compiles anew in every run", remedy)]
    return [Check("numba cache", "ok", f"{folder}, {'filled' if folder.exists() else 'empty'}")]


def _presets() -> Check:
    try:
        for name in PRESETS:
            preset_text(name)
    except OSError as error:
        return Check("presets", "fail", f"cannot read a preset: {error}", "reinstall atc-cli")
    return Check("presets", "ok", ", ".join(PRESETS))


def _settings(fault: str | None) -> Check:
    if fault is None:
        return Check("settings", "ok", "files and ATC_* variables are valid")
    return Check("settings", "fail", fault, "`atc config path` names the files, `atc config validate` checks them")


def _writable(folder: Path) -> Check:
    """The nearest existing ancestor is written to: the folder itself is made when it is first needed."""
    try:
        existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
        with tempfile.TemporaryFile(dir=existing) as probe:
            probe.write(bytes(_PROBE_BYTES))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        remedy = "make room, or set ATC_CACHE_DIR to a folder of yours"
        return Check("cache folder", "fail", f"{folder} cannot be written: {error.strerror}", remedy)
    return Check("cache folder", "ok", str(folder))


def _clock(now_ms: int) -> Check:
    if now_ms < _RELEASED_MS:
        return Check("clock", "fail", f"{iso(now_ms)} is in the past", "set the system clock (NTP)")
    return Check("clock", "ok", f"{iso(now_ms)}; on an exchange its own clock decides which bars are closed")
