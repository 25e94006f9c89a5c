"""What is the compiled kernels' own: windows, streams, memory, the path that is forced."""

import dataclasses
import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atc_cli.domain.catalog import FAMILY_IDS, Dialect, Robustness, Source, Want
from atc_cli.domain.panel import Candles, Panel
from atc_cli.domain.params import Params
from atc_cli.engine import rust
from atc_cli.engine.backend import Offer, Unavailable, Values
from atc_cli.engine.rust import RustBackend, RustState
from tests.helpers.backends import backend, candles_of, compute, per_family, tick_walk

both_dialects = pytest.mark.parametrize("dialect", list(Dialect))
each_path = pytest.mark.parametrize("simd", rust.simd_paths())
MIB = 2**20


def cut(series: Sequence[Candles], first: int, last: int) -> list[Candles]:
    return [each.between(first, last) for each in series]


def prices(series: Sequence[Candles]) -> np.ndarray:
    return np.stack([each.values[:4] for each in series], axis=1)


def last_bars(values: Values, series: int) -> tuple[object, ...]:
    last = values.last(series)
    return last.average, last.families.tolist(), last.weights.tolist(), last.flipped, last.grid


def test_a_window_has_the_grid_of_its_own_bars() -> None:
    closes = np.concatenate((np.full(60, 5.0), np.linspace(5.01, 6.19, 60).round(2), np.full(60, 1 / 3)))
    panel = Panel.of([candles_of(np.stack([closes] * 4))])
    ends = np.array([59, 119, 179])
    assert RustBackend().compute_windows(panel, Params(), np.zeros(3, int), ends, 60).grid.tolist() == [0, 2, -1]


@each_path
@both_dialects
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_any_split_into_steps_gives_the_bits_of_the_batch(simd: str, dialect: Dialect, data: st.DataObject) -> None:
    series = [tick_walk(200, seed) for seed in range(9)]
    params = Params(dialect=dialect, cutout=data.draw(st.sampled_from([0, 60, 150])))
    whole = backend("numba").compute(Panel.of(series), params, Want.LAYERS)
    done = data.draw(st.integers(1, 120))
    state, values = RustState.start(Panel.of(cut(series, 0, done)), params, Want.LAYERS, simd)
    parts = [values]
    while done < 200:
        step = min(data.draw(st.integers(1, 40)), 200 - done)
        values, lost = state.advance(prices(cut(series, done, done + step)), Want.LAYERS)
        assert not lost
        parts.append(values)
        done += step
    for array in ("average", "families", "weights"):
        joined = np.concatenate([getattr(part, array) for part in parts], axis=-1)
        np.testing.assert_array_equal(joined, getattr(whole, array))
    np.testing.assert_array_equal(parts[-1].flipped, whole.flipped)


def test_peeking_tells_what_advancing_will_and_changes_nothing() -> None:
    series = [tick_walk(120, seed) for seed in range(3)]
    state, _ = RustState.start(Panel.of(cut(series, 0, 119)), Params())
    forming = prices(cut(series, 119, 120))
    before = state.to_bytes()
    peeked, _ = state.peek(forming)
    assert state.to_bytes() == before
    advanced, _ = state.advance(forming)
    assert [last_bars(peeked, i) for i in range(3)] == [last_bars(advanced, i) for i in range(3)]


@both_dialects
def test_a_state_goes_on_from_its_bytes_on_another_path(dialect: Dialect) -> None:
    series, params = [tick_walk(150, seed) for seed in range(9)], Params(dialect=dialect)
    state, _ = RustState.start(Panel.of(cut(series, 0, 100)), params, simd="scalar")
    saved = state.to_bytes()
    assert len(saved) <= 9 * 8192
    for simd in rust.simd_paths():
        values, _ = RustState.from_bytes(saved, params, simd).advance(prices(cut(series, 100, 150)))
        whole = compute("numba", series, params, Want.LAST)
        assert [last_bars(values, i) for i in range(9)] == [last_bars(whole, i) for i in range(9)]


def test_bytes_that_are_damaged_or_of_other_parameters_are_refused() -> None:
    params = Params()
    state, _ = RustState.start(Panel.of([tick_walk(90, 1)]), params)
    saved = state.to_bytes()
    flipped = bytearray(saved)
    flipped[len(saved) // 2] ^= 1
    for bad in (b"", b"x" * 100, saved[:-1], saved + b"\0", bytes(flipped)):
        with pytest.raises(ValueError, match="the saved state"):
            RustState.from_bytes(bad, params)
    with pytest.raises(ValueError, match="other parameters"):
        RustState.from_bytes(saved, Params(decay=0.04))


OTHERWISE = {
    "dialect": Dialect.TRADINGVIEW,
    "lengths": per_family(28, kama=27),
    "weights": per_family(1.0, dema=1.5),
    "robustness": Robustness.NARROW,
    "lambda_": 0.03,
    "decay": 0.04,
    "cutout": 1,
    "long_threshold": 0.2,
    "short_threshold": -0.2,
    "source": Source.OPEN,
    "families": FAMILY_IDS[1:],
    "strategy": True,
}


def test_a_saved_state_is_refused_whichever_parameter_is_another() -> None:
    assert OTHERWISE.keys() == {field.name for field in dataclasses.fields(Params)}
    saved = RustState.start(Panel.of([tick_walk(90, 1)]), Params())[0].to_bytes()
    assert RustState.from_bytes(saved, Params()).to_bytes() == saved
    for name, value in OTHERWISE.items():
        with pytest.raises(ValueError, match="the saved state has other parameters"):
            RustState.from_bytes(saved, dataclasses.replace(Params(), **{name: value}))


def test_every_damaged_byte_of_a_saved_state_is_refused() -> None:
    params = Params(families=("ema",))
    saved = RustState.start(Panel.of([tick_walk(90, 1)]), params)[0].to_bytes()
    for at in range(len(saved)):
        damaged = bytearray(saved)
        damaged[at] ^= 1 << at % 8
        for bad in (saved[:at], bytes(damaged)):
            with pytest.raises(ValueError, match="the saved state"):
                RustState.from_bytes(bad, params)


def test_a_series_that_leaves_its_grid_is_told_and_hurts_no_other() -> None:
    series = [tick_walk(120, seed) for seed in range(3)]
    state, _ = RustState.start(Panel.of(cut(series, 0, 119)), Params())
    new = prices(cut(series, 119, 120))
    new[:, 1] = 1 / 3
    values, lost = state.advance(new)
    assert lost == [1]
    assert np.isnan(values.average[1])
    whole = compute("reference", series, Params(), Want.LAST)
    assert [last_bars(values, i) for i in (0, 2)] == [last_bars(whole, i) for i in (0, 2)]


def test_results_are_written_in_place_beside_little_else() -> None:
    panel = Panel.of([tick_walk(1500, seed) for seed in range(64)])
    engine, params = RustBackend(threads=1), Params()
    engine.compute(panel, params, Want.LAYERS)
    tracemalloc.start()
    values = engine.compute(panel, params, Want.LAYERS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    outputs = sum(getattr(values, name).nbytes for name in Values.__slots__)
    assert outputs > 8 * MIB
    assert peak < outputs + MIB / 4


def test_the_path_can_be_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(rust.SIMD_VARIABLE, "scalar")
    offer = rust.offer()
    assert isinstance(offer, Offer)
    assert RustBackend().simd == "scalar"
    assert RustBackend("avx2").simd == "avx2"


def test_a_path_that_is_not_here_makes_the_backend_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(rust.SIMD_VARIABLE, "avx1024")
    offer = rust.offer()
    assert isinstance(offer, Unavailable)
    assert offer.why.startswith("ATC_SIMD is 'avx1024', this processor has: auto, scalar")


def test_a_path_that_is_not_here_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="simd is 'avx1024', allowed: auto, scalar, portable, avx2, avx512"):
        RustBackend("avx1024").compute(Panel.of([tick_walk(90, 1)]), Params(), Want.LAST)


def test_what_is_left_open_is_what_the_model_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(rust.SIMD_VARIABLE, raising=False)
    asked: list[tuple[str, int]] = []
    from atc_cli import _kernels

    compute = _kernels.compute
    monkeypatch.setattr(_kernels, "compute", lambda *given: asked.append(given[4:6]) or compute(*given))
    paths = rust.simd_paths()
    for series, bars in ((1, 100), (64, 700)):
        panel = Panel.of([tick_walk(bars, seed) for seed in range(series)])
        RustBackend().compute(panel, Params(), Want.LAST)
        RustBackend(paths[0]).compute(panel, Params(), Want.LAST)
        RustBackend(threads=1).compute(panel, Params(), Want.LAST)
        RustBackend(paths[0], 3).compute(panel, Params(), Want.LAST)
    few, many = asked[:4], asked[4:]
    assert [threads for _, threads in few] == [1, 1, 1, 3]
    assert [path for path, _ in many] == [paths[-1], paths[0], paths[-1], paths[0]]
    assert many[2][1] == 1
    assert many[0][1] == many[1][1] or rust.processors() == 1
    assert many[3] == (paths[0], 3)
