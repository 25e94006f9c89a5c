"""The definition compiled by numba: the fallback where the extension is not built. The only importer of numba."""

import hashlib
import os
import stat
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain import catalog
from atc_cli.domain.catalog import FAMILY_IDS, MEMBERS, Dialect, Want
from atc_cli.domain.engines import Engine
from atc_cli.domain.grid import Prices, prices_of
from atc_cli.domain.growth import growth_table
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.engine.backend import Offer, OneForm, Unavailable, Values, check_dialect, check_families
from atc_cli.engine.coefficients import SHIPPED
from atc_cli.errors import UnavailableError

Function = TypeVar("Function", bound=Callable[..., Any])
Kernel = Callable[..., Any]

_REMEDY = "pip install 'atc-cli[numba]'"
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": False}
_PRIVATE = 0o700
_MODULES = {dialect: f"atc_cli.engine.numba.{dialect}" for dialect in (Dialect.LTS, Dialect.TRADINGVIEW)}


class NumbaBackend(OneForm):
    """One compiled pass per series, the GIL released; no fast maths, nothing contracted.

    The first run compiles for seconds per dialect. Machine code is kept in a folder that only its owner
    can reach, because numba unpickles what it finds there.
    """

    name = Engine.NUMBA
    compiles = True

    def compiling(self, dialect: Dialect) -> bool:
        """Whether neither this process nor the folder has the machine code of the dialect."""
        loaded = sys.modules.get(_MODULES[dialect])
        if loaded is not None and loaded.KERNEL.signatures:
            return False
        folder = cache_folder()
        return cache_fault(folder) is not None or not any(folder.glob(f"*/{dialect}.*.nbi"))

    def compute(self, panel: Panel, params: Params, want: Want) -> Values:
        """Values of every series; see Values for shapes. UnavailableError where numba cannot be imported."""
        check_dialect(self.name, _MODULES, params.dialect)
        if not panel.series:  # importing numba takes a second
            return Values.empty(0, 0, want)
        module = _module(params.dialect)
        check_families(self.name, module.AVERAGES, params)
        values = Values.empty(len(panel), panel.width, want)
        growth = growth_table(params, panel.width)
        inputs = (*_members(params, list(module.AVERAGES)), np.array(params.weights), growth)
        rules = (*_rules(params), want is Want.ALL)
        for row, candles in enumerate(panel.series):
            if len(candles):
                prices = prices_of(candles.values, params)
                values.grid[row] = -1 if prices.decimals is None else prices.decimals
                _store(values, row, want, module.KERNEL(_columns(prices), *inputs, rules))
        return values


def _columns(prices: Prices) -> tuple[object, ...]:
    """Close and source as given, then as integers on the grid (as given off it), and units per 1.0."""
    given = (prices.close, prices.source)
    numbers = given if prices.close_int is None else (prices.close_int, prices.source_int)
    columns = [np.ascontiguousarray(column, np.float64) for column in (*given, *numbers)]
    return (*map(_readable, columns), float(prices.scale))


def _readable(column: NDArray[np.float64]) -> NDArray[np.float64]:
    """One type for the compiler: a read-only array would be compiled for once more."""
    return column if column.flags.writeable else column.copy()


def _members(params: Params, known: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Per family its place in the dialect's table [f], and member lengths [f, 9], 0 where it takes no part."""
    places = [known.index(family) if family in params.families else -1 for family in FAMILY_IDS]
    lengths = [row or [0] * MEMBERS for row in params.members()]
    return np.array(places, np.int64), np.array(lengths, np.int64)


def _rules(params: Params) -> tuple[object, ...]:
    thresholds = (float(params.long_threshold), float(params.short_threshold))
    tradingview = params.dialect is Dialect.TRADINGVIEW
    return params.cutout, 1 - params.decay / 100, tradingview, params.cuts, thresholds, params.strategy


def _store(values: Values, row: int, want: Want, result: Any) -> None:
    """Copy one series into its right-aligned row."""
    average, flipped, (layer_1, layer_2, signs, equities) = result
    bars = len(average)
    values.flipped[row] = flipped
    if want is Want.ALL:
        values.member_sign[row, ..., -bars:], values.member_equity[row, ..., -bars:] = signs, equities
    else:
        values.member_sign[row], values.member_equity[row] = signs[..., 0], equities[..., 0]
    if want is Want.LAST:
        values.average[row] = average[-1]
        values.families[row], values.weights[row] = layer_1[:, -1], layer_2[:, -1]
        return
    values.average[row, -bars:] = average
    if want is not Want.AVERAGE:
        values.families[row, :, -bars:], values.weights[row, :, -bars:] = layer_1, layer_2


def offer(spec: ModuleSpec | None) -> Offer | Unavailable:
    """Available where numba is installed: `spec` is what find_spec("numba") says, for importing it takes a second."""
    if spec is None:
        return Unavailable(Engine.NUMBA, "numba is not installed", _REMEDY)
    return Offer(NumbaBackend(), SHIPPED[Engine.NUMBA], started="numba" in sys.modules)


@cache
def _module(dialect: Dialect) -> ModuleType:
    """The AVERAGES of a dialect by family, and its KERNEL."""
    try:
        import numba  # noqa: F401
    except ImportError as error:
        raise UnavailableError(f"backend numba cannot run: {error}", _REMEDY) from None
    return import_module(_MODULES[dialect])


def jit(function: Function) -> Function:
    """Compile a function that kernels call."""
    import numba

    compiled: Function = numba.njit(**_OPTIONS)(function)
    return compiled


def entry(function: Function) -> Function:
    """Compile a function that Python calls, and keep its machine code where that is private."""
    import numba

    folder = cache_folder()
    if cache_fault(folder, make=True):
        return jit(function)
    config: Any = numba.config
    before, config.CACHE_DIR = config.CACHE_DIR, str(folder)
    try:
        compiled: Any = numba.njit(cache=True, **_OPTIONS)(function)
    finally:
        config.CACHE_DIR = before
    kept = compiled._cache  # numba would let an OSError of it end the computation
    kept.load_overload, kept.save_overload = _if_possible(kept.load_overload), _if_possible(kept.save_overload)
    return cast("Function", compiled)


def _if_possible(access: Callable[..., Any]) -> Callable[..., Any]:
    """The same, but a full disk or a file that cannot be read costs the time to compile, not the result."""

    def tried(*arguments: Any) -> Any:
        with suppress(OSError):
            return access(*arguments)
        return None

    return tried


def choice(functions: Sequence[Kernel]) -> Kernel:
    """One compiled function that calls one of several: choice(..)(n, ...) is functions[n](...).

    ValueError for any other n. All must take and return the same types.
    """
    call, *others = functions
    other: Any = choice(others) if others else None

    def chosen(n: int, *arguments: Any) -> Any:
        return call(*arguments) if n == 0 else other(n - 1, *arguments)

    def last(n: int, *arguments: Any) -> Any:
        if n != 0:
            raise ValueError("none of the functions has this number")
        return call(*arguments)

    return jit(chosen if others else last)


def cache_folder() -> Path:
    """Where machine code of these very sources is kept: numba notices changes of one file only, not of the others.

    The catalogue's constants are compiled in, so it is one of them.
    """
    import platformdirs

    digest = hashlib.sha256()
    for source in (*sorted(Path(__file__).parent.glob("*.py")), Path(catalog.__file__)):
        digest.update(source.read_bytes())
    return platformdirs.user_cache_path("atc", appauthor=False) / "numba" / digest.hexdigest()[:16]


def cache_fault(folder: Path, *, make: bool = False) -> str | None:
    """Why machine code cannot be kept in `folder`, None where it can: it and its parent must be ours alone (0700)."""
    if not hasattr(os, "getuid"):
        return "this system does not say who can write to a folder"
    try:
        if make:
            folder.parent.parent.mkdir(parents=True, exist_ok=True)
            for each in (folder.parent, folder):
                each.mkdir(mode=_PRIVATE, exist_ok=True)
        return next((fault for each in (folder.parent, folder) if (fault := _fault(each))), None)
    except OSError as error:
        return f"{folder} cannot be made: {error.strerror}"


def _fault(folder: Path) -> str | None:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        existing = next(each for each in folder.parents if each.exists())
        return None if os.access(existing, os.W_OK | os.X_OK) else f"{existing} cannot be written"
    if not stat.S_ISDIR(found.st_mode):
        return f"{folder} is no folder"
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        return f"{folder} is not private (0700, owned by you)"
    return None
