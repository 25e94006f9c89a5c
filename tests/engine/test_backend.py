"""What every backend promises besides its bits: forms, parts, rows, times."""

import tracemalloc

import numpy as np
import pytest

from atc_cli.domain.catalog import Want
from atc_cli.domain.engines import AUTO, TALIB, Engine
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.engine import rust
from atc_cli.engine.backend import Offer, Streams, Values, Windows
from atc_cli.engine.offers import offers
from atc_cli.engine.rust import RustBackend
from atc_cli.settings.sections import BACKENDS, BENCH_BACKENDS
from tests.helpers.backends import assert_same_bits, backend, compute, tick_walk

PRESENT = ["reference", "numba", "rust"]
MIB = 2**20


@pytest.mark.parametrize("name", PRESENT)
def test_a_backend_gives_the_same_bits_in_each_of_its_forms(name: str) -> None:
    series = [tick_walk(90 + seed, seed) for seed in range(9)]
    engine, forms = backend(name), backend(name).forms()
    assert forms
    assert len(set(forms)) == len(forms)
    wanted = compute("reference", series, Params())
    for form in forms:
        made = engine.in_form(form)
        assert made.name == name
        assert_same_bits(wanted, made.compute(Panel.of(series), Params(), Want.ALL))


def test_numba_compiles_and_the_others_do_not() -> None:
    assert [name for name in PRESENT if backend(name).compiles] == ["numba"]


def test_windows_and_streams_are_asked_for_by_type() -> None:
    able = {name: (isinstance(backend(name), Windows), isinstance(backend(name), Streams)) for name in PRESENT}
    assert able == {"reference": (False, False), "numba": (False, False), "rust": (True, True)}


def test_every_engine_is_offered_once_and_can_be_asked_for() -> None:
    names = [offer.name for offer in offers()]
    assert sorted(names) == sorted(Engine)
    assert set(BACKENDS) == {AUTO, *names}
    assert set(BENCH_BACKENDS) == {TALIB, *names}
    assert {offer.name for offer in offers() if isinstance(offer, Offer)} >= set(PRESENT)


@pytest.mark.parametrize("want", list(Want))
@pytest.mark.parametrize("bars", [1, 150, 400, 10**9])
def test_a_panel_computed_in_parts_has_the_bits_of_the_whole(
    want: Want, bars: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rust, "_PART_BARS", bars)
    series = [tick_walk(70 + 31 * (seed % 5), seed) for seed in range(11)]
    assert_same_bits(compute("reference", series, Params(), want), compute("rust", series, Params(), want))


def test_a_panel_computed_in_parts_never_holds_a_copy_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    panel, params = Panel.of([tick_walk(1500, seed) for seed in range(64)]), Params()
    part_bars = 3000
    copy_bytes = 8 * int(panel.offsets[-1])
    monkeypatch.setattr(rust, "_PART_BARS", part_bars)
    engine = RustBackend(threads=1)
    engine.compute(panel, params, Want.LAST)
    tracemalloc.start()
    engine.compute(panel, params, Want.LAST)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert copy_bytes > MIB / 2
    assert peak < copy_bytes / 4


def test_rows_of_values_are_written_through() -> None:
    whole = Values.empty(5, 7, Want.ALL)
    some = whole.rows(slice(1, 3))
    for name in Values.__slots__:
        array = getattr(some, name)
        assert array.flags.c_contiguous
        assert len(array) == 2
        array[:] = 9
        assert (getattr(whole, name)[1:3] == 9).all()
        assert not (getattr(whole, name)[[0, 3, 4]] == 9).any()


@pytest.mark.parametrize("want", [Want.AVERAGE, Want.LAYERS, Want.ALL])
def test_values_are_read_by_the_time_of_their_bar(want: Want) -> None:
    series = [tick_walk(90, 1), tick_walk(70, 2)]
    panel = Panel.of(series)
    values = compute("rust", series, Params(), want)
    for row, candles in enumerate(series):
        alone = compute("rust", [candles], Params(), want).average[0]
        assert [values.at(panel, row, int(time)) for time in candles.timestamp] == alone.tolist()
    assert np.isnan(values.at(panel, 1, int(series[1].timestamp[-1]) + 1))


def test_of_the_last_bar_alone_no_other_is_known() -> None:
    series = [tick_walk(90, 1)]
    panel = Panel.of(series)
    values = compute("rust", series, Params(), Want.LAST)
    before, last = (int(time) for time in series[0].timestamp[-2:])
    assert values.at(panel, 0, last) == values.average[0]
    assert np.isnan(values.at(panel, 0, before))


def test_a_stream_goes_on_from_its_bytes() -> None:
    series = [tick_walk(120, seed) for seed in range(3)]
    engine = backend("rust")
    assert isinstance(engine, Streams)
    start = Panel.of([each.between(0, 100) for each in series])
    saved = engine.stream(start, Params()).to_bytes()
    values, lost = engine.resume(saved, Params()).advance(np.stack([each.values[:4, 100:] for each in series], axis=1))
    assert not lost
    np.testing.assert_array_equal(values.average, compute("reference", series, Params(), Want.LAST).average)
