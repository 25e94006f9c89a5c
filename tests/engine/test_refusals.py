"""A name that an engine does not know is refused, by every engine, before it touches memory."""

import subprocess
import sys
from enum import StrEnum

import numpy as np
import pytest

from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import OutOfRangeError, Params
from atc_cli.engine.backend import Form, Streams, Windows
from atc_cli.engine.numba.backend import choice, jit
from atc_cli.errors import UnavailableError
from tests.conftest import ROOT
from tests.helpers.backends import RUST_PATHS, backend, tick_walk

ENGINES = ["reference", "numba", *RUST_PATHS]
each_engine = pytest.mark.parametrize("name", ENGINES)
PANEL = Panel.of([tick_walk(90, 1)])


class Foreign(StrEnum):
    """Names of nothing."""

    PINE = "pine"


def smuggled(field: str, value: object) -> Params:
    """Parameters that no constructor would make."""
    params = Params()
    object.__setattr__(params, field, value)
    return params


@each_engine
@pytest.mark.parametrize("want", ["lost", "last", Foreign.PINE, None])
def test_a_want_that_is_none(name: str, want: object) -> None:
    with pytest.raises(ValueError, match=r"want is .*, allowed: last, average, layers, all"):
        backend(name).compute(PANEL, Params(), want)


@each_engine
def test_a_dialect_that_is_none(name: str) -> None:
    with pytest.raises((ValueError, UnavailableError), match="pine") as refused:
        backend(name).compute(PANEL, smuggled("dialect", Foreign.PINE), Want.LAST)
    for word in (backend(name).name, *Dialect):
        assert word in str(refused.value)


@each_engine
def test_a_form_that_is_none(name: str) -> None:
    with pytest.raises(ValueError, match=f"backend {backend(name).name} has no form 'avx1024'"):
        backend(name).in_form(Form("avx1024", 1))


@pytest.mark.parametrize("name", RUST_PATHS)
def test_windows_and_streams_refuse_what_a_batch_refuses(name: str) -> None:
    engine, params = backend(name), smuggled("dialect", Foreign.PINE)
    assert isinstance(engine, Windows)
    assert isinstance(engine, Streams)
    saved = engine.stream(PANEL, Params()).to_bytes()
    for call in (
        lambda: engine.compute_windows(PANEL, params, np.array([0]), np.array([89]), 80),
        lambda: engine.stream(PANEL, params),
        lambda: engine.resume(saved, params),
    ):
        with pytest.raises(UnavailableError, match="pine"):
            call()
    stream = engine.resume(saved, Params())
    for step in (stream.peek, stream.advance):
        with pytest.raises(ValueError, match="want is 'lost'"):
            step(np.ones((4, 1, 1)), "lost")
    assert stream.to_bytes() == saved


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dialect": "pine"}, "dialect is 'pine', allowed: lts, tradingview"),
        ({"dialect": "lts"}, "dialect is 'lts', allowed: lts, tradingview"),
        ({"source": "vwap"}, "source is 'vwap', allowed: close, open, high, low, hl2, hlc3, ohlc4"),
        ({"robustness": "huge"}, "robustness is 'huge', allowed: narrow, medium, wide"),
        ({"families": ("ema", "zlma")}, "families is 'zlma', allowed: ema, hma"),
        ({"lengths": (28, 28)}, r"lengths is \(28, 28\), allowed: one for each of ema, hma"),
        ({"weights": (1.0,) * 50}, "weights is .*, allowed: one for each of ema, hma"),
    ],
)
def test_parameters_with_a_name_or_a_count_that_is_none_cannot_be_made(change: dict[str, object], words: str) -> None:
    with pytest.raises(OutOfRangeError, match=words) as refused:
        Params(**change)
    assert refused.value.names == tuple(change)


@pytest.mark.parametrize("place", [-1, 2, 2**40])
def test_a_compiled_choice_calls_nothing_for_a_place_that_is_none(place: int) -> None:
    @jit
    def one(numbers: np.ndarray) -> None:
        numbers[0] = 1.0

    @jit
    def two(numbers: np.ndarray) -> None:
        numbers[0] = 2.0

    either, numbers = choice([one, two]), np.zeros(1)
    either(1, numbers)
    assert numbers[0] == 2.0
    with pytest.raises(ValueError, match="none of the functions"):
        either(place, numbers)
    assert numbers[0] == 2.0


# In a process of its own: the tables that follow from the catalogue are made as modules are imported.
SEVENTH = """
from atc_cli.domain import catalog
row = catalog.Family("zlma", "ZLMA", catalog._TWO, lambda _dialect, n: n - 1, lambda n: n)
catalog.FAMILIES = (*catalog.FAMILIES, row)
catalog.FAMILY_IDS = (*catalog.FAMILY_IDS, row.id)
catalog.BY_ID = {**catalog.BY_ID, row.id: row}
from atc_cli.domain.params import Params
from atc_cli.domain.panel import Panel
from atc_cli.errors import UnavailableError
from atc_cli.engine.backend import Unavailable
from atc_cli.engine.offers import offers
from atc_cli.engine.rust import RustBackend
from tests.helpers.backends import assert_same_bits, backend, tick_walk
panel = Panel.of([tick_walk(90, 1)])
rust = next(offer for offer in offers() if offer.name == "rust")
assert isinstance(rust, Unavailable) and "built for other families" in rust.why, rust
count = len(catalog.FAMILIES)
assert len(Params().members()) == count
for dialect in catalog.Dialect:
    for engine in (backend("reference"), backend("numba"), RustBackend()):
        for want in catalog.Want:
            for families in (("zlma",), catalog.FAMILY_IDS):
                try:
                    engine.compute(panel, Params(dialect=dialect, families=families), want)
                except UnavailableError as error:
                    assert f"backend {engine.name} cannot compute" in str(error) and "zlma" in str(error), error
                    continue
                raise SystemExit(f"{engine.name} computed {families}")
    known = Params(dialect=dialect, families=catalog.FAMILY_IDS[:-1])
    one, other = (backend(name).compute(panel, known, catalog.Want.ALL) for name in ("reference", "numba"))
    assert one.families.shape == (1, count, 90)
    assert_same_bits(one, other)
print("refused")
"""


def test_a_family_that_the_catalogue_alone_knows_is_refused_by_name_and_disturbs_no_other() -> None:
    done = subprocess.run([sys.executable, "-c", SEVENTH], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "refused\n"), done.stderr
