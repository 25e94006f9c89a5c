"""Windows of many series in one call are what a scan of each alone would have shown."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.engine.backend import Values
from atc_cli.engine.windows import windows_of
from tests.helpers.backends import CUDA_ON_HOST, RUST_PATHS, backend, flat, tick_walk

SERIES = [*(tick_walk(150 + 37 * seed, seed) for seed in range(4)), flat(np.full(90, 1 / 3))]
PANEL = Panel.of(SERIES)
LENGTHS = [len(each) for each in SERIES]

both_dialects = pytest.mark.parametrize("dialect", list(Dialect))
each_backend = pytest.mark.parametrize(
    "name", [*RUST_PATHS, "numba", "reference", pytest.param(CUDA_ON_HOST, marks=pytest.mark.cuda)]
)
pair = st.integers(0, len(SERIES) - 1).flatmap(lambda one: st.tuples(st.just(one), st.integers(0, LENGTHS[one] - 1)))
pairs = st.lists(pair, min_size=1, max_size=12)


def alone(number: int, end: int, bars: int, params: Params, want: Want) -> Values:
    window = SERIES[number].between(max(end + 1 - bars, 0), end + 1)
    return backend("reference").compute(Panel.of([window]), params, want)


def assert_is(found: Values, row: int, right: Values, want: Want) -> None:
    for array in ("average", "families", "weights"):
        got, wanted = getattr(found, array)[row], getattr(right, array)[0]
        if want is not Want.LAST and wanted.size:
            width = wanted.shape[-1]
            assert np.isnan(got[..., : got.shape[-1] - width]).all()
            got = got[..., got.shape[-1] - width :]
        np.testing.assert_array_equal(got, wanted, err_msg=array)
    assert (found.flipped[row], found.grid[row]) == (right.flipped[0], right.grid[0])


@each_backend
@both_dialects
@given(asked=pairs, data=st.data())
@settings(max_examples=3)
def test_any_windows_of_any_series_are_what_a_scan_would_have_seen(
    name: str, dialect: Dialect, asked: list[tuple[int, int]], data: st.DataObject
) -> None:
    params = Params(dialect=dialect, cutout=data.draw(st.sampled_from([0, 5])))
    want = data.draw(st.sampled_from([Want.LAST, Want.AVERAGE, Want.LAYERS]))
    each = data.draw(st.booleans())
    lengths = [data.draw(st.integers(60, 130)) for _ in asked] if each else [120] * len(asked)
    series, ends = (np.array(column) for column in zip(*asked, strict=True))
    bars = np.array(lengths) if each else 120
    found = windows_of(backend(name)).compute_windows(PANEL, params, series, ends, bars, want=want)
    assert found.member_sign.size == found.member_equity.size == 0
    assert want is Want.LAST or found.width == max(lengths)
    for row, ((number, end), bars) in enumerate(zip(asked, lengths, strict=True)):
        assert_is(found, row, alone(number, end, bars, params, want), want)


@each_backend
def test_no_windows_are_no_values(name: str) -> None:
    none = np.array([], np.int64)
    for want in (Want.LAST, Want.AVERAGE, Want.LAYERS):
        found = windows_of(backend(name)).compute_windows(PANEL, Params(), none, none, 80, want=want)
        assert len(found.average) == 0


@each_backend
@pytest.mark.parametrize(
    ("series", "end", "bars", "words"),
    [
        (5, 10, 80, "series of window 0 is 5, allowed: 0 to 4"),
        (-1, 10, 80, "series of window 0 is -1, allowed: 0 to 4"),
        (4, 90, 80, "end of window 0 is 90, allowed: 0 to 89"),
        (0, -1, 80, "end of window 0 is -1, allowed: 0 to 149"),
        (0, 10, 0, "bars of window 0 is 0, allowed: 1 to"),
    ],
)
def test_a_window_that_is_none_is_refused_by_name(name: str, series: int, end: int, bars: int, words: str) -> None:
    engine = windows_of(backend(name))
    with pytest.raises(ValueError, match=words):
        engine.compute_windows(PANEL, Params(), np.array([series]), np.array([end]), bars)
    with pytest.raises(ValueError, match=r"want is 'all', allowed for windows.*last, average, layers"):
        engine.compute_windows(PANEL, Params(), np.array([0]), np.array([99]), 80, want=Want.ALL)


@each_backend
def test_values_of_as_many_windows_as_a_call_should_have_stay_small(name: str) -> None:
    engine = windows_of(backend(name))
    assert engine.windows_at_once(1_000_000) >= 1
    last = Values.empty(engine.windows_at_once(1500), 1500, Want.LAST, members=False)
    assert sum(last.sizes_bytes()) < (6e7 if name == CUDA_ON_HOST else 2e6)


def test_what_a_scan_would_not_show_is_told() -> None:
    values = Values.empty(3, 1, Want.LAST, members=False)
    values.average[:] = [0.5, 0.0, np.nan]
    values.weights[:, 0] = [1.0, 1e308, 1.0]
    values.weights[:, 1] = [2.0, 1e308, 1.0]
    assert values.shown().tolist() == [True, False, False]
    with pytest.raises(ValueError, match="want average"):
        Values.empty(3, 5, Want.AVERAGE).shown()
