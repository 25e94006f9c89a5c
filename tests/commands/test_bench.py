"""The bench: only right bits are timed, and what is done is kept."""

import dataclasses
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from atc_cli.bench import talib
from atc_cli.bench.data import off_grid, panel_of, walks
from atc_cli.bench.gate import Gate, first_difference
from atc_cli.bench.measure import Job, Measured, MeasureError, measure
from atc_cli.cli.bench import bench_code
from atc_cli.commands import bench
from atc_cli.domain.catalog import FAMILIES, MEMBERS, Dialect, Want
from atc_cli.domain.panel import Ints, Panel
from atc_cli.domain.params import Params
from atc_cli.domain.results.bench import ADVANCE, REANCHORED, Parity
from atc_cli.engine import reference, rust
from atc_cli.engine.backend import Form, Offer, OneForm, Unavailable, Values
from atc_cli.engine.cost import Costs
from atc_cli.errors import ExitCode, NoDataError, UnavailableError, UsageError
from atc_cli.settings.own import BenchSettings
from tests.helpers.markets import NOW_MS, NoProgress

SMALL = {"symbols": 2, "bars": 120, "runs": 2}
SAMPLE = (2, 90)
ABSENT = Unavailable("talib", "not here", "get it")


class Right(OneForm):
    """The compiled kernels in one form."""

    name = "rust"

    def compute(self, panel: Panel, params: Params, want: Want) -> Values:
        return rust.RustBackend().compute(panel, params, want)


class Wrong(Right):
    """Right but for one bit of one value, off the grid only."""

    name = "wrong"

    def compute(self, panel: Panel, params: Params, want: Want) -> Values:
        values = super().compute(panel, params, want)
        if want is Want.ALL and (values.grid < 0).all():
            values.weights[1, 2, -1] = np.nextafter(values.weights[1, 2, -1], 9.0)
        return values


class InForms:
    """Rust as a backend that offers SIMD paths and threads."""

    name = "forms"
    compiles = False

    def __init__(self, form: Form | None = None) -> None:
        self.form = form

    def forms(self) -> list[Form]:
        return [Form("scalar", 1), Form("avx2", 1), Form("avx2", 2)]

    def in_form(self, form: Form) -> "InForms":
        return InForms(form)

    def compute(self, panel: Panel, params: Params, want: Want) -> Values:
        assert self.form in self.forms()
        return Right().compute(panel, params, want)


def here(job: Job) -> Measured:
    """A measurement in this very process."""
    backends = {"rust": Right(), "reference": reference.ReferenceBackend(), "wrong": Wrong()}
    computer = talib.TalibAverages() if job.backend == "talib" else backends.get(job.backend, Right())
    return measure(job, computer)


def ports(*backends: object, rival: object = ABSENT, how: object = here) -> bench.BenchPorts:
    offers = [
        each if isinstance(each, Unavailable) else Offer(each, {"": Costs(lanes=1, block_ns=1.0, alone_ns=1.0)})
        for each in backends
    ]
    return bench.BenchPorts(
        offers=offers, rival=rival, measure=how, clock_ms=lambda: NOW_MS, progress=NoProgress(), sample=SAMPLE
    )


def run(*backends: object, rival: object = ABSENT, how: object = here, **changes: object) -> bench.BenchResult:
    return bench.run(BenchSettings(**{**SMALL, **changes}), ports(*backends, rival=rival, how=how))


def test_a_right_backend_is_timed() -> None:
    result = run(Right())
    (row,) = result.rows
    assert (row.backend, row.mode, row.parity) == ("rust", "batch", Parity.EQUAL)
    assert (row.symbols, row.bars, row.dialect, row.want) == (2, 120, "lts", "average")
    assert 0 < row.timing.ms_min <= row.timing.ms_median <= row.timing.ms_max
    assert row.timing.ns_per_bar == pytest.approx(row.timing.ms_median * 1e6 / 240)
    assert row.timing.bars_per_s == pytest.approx(1e9 / row.timing.ns_per_bar)
    assert row.timing.peak_rss_mb > 1
    assert bench_code(result) is ExitCode.OK


def test_one_wrong_bit_off_the_grid_costs_the_time_and_the_exit_code() -> None:
    measured: list[str] = []

    def noted(job: Job) -> Measured:
        measured.append(job.backend)
        return here(job)

    result = run(Wrong(), Right(), how=noted)
    wrong, right = result.rows
    assert wrong.parity is Parity.DIFFERS
    assert wrong.timing is None
    assert "weights[1, 2, 89]" in wrong.detail
    assert "off grid" in wrong.detail
    assert right.timing is not None
    assert measured == ["rust"]
    assert bench_code(result) is ExitCode.UNEXPECTED


def test_the_gate_sees_shapes_types_masks_and_values() -> None:
    panel, params = walks(2, 90), Params()
    right = Right().compute(panel, params, Want.ALL)
    assert first_difference(right, right) is None
    assert "average is" in first_difference(dataclasses.replace(right, average=right.average[:1]), right)
    assert "float32" in first_difference(dataclasses.replace(right, average=right.average.astype(np.float32)), right)
    holed = right.average.copy()
    holed[1, 5] = np.nan
    assert "average[1, 5] is nan" in first_difference(dataclasses.replace(right, average=holed), right)
    negative = dataclasses.replace(right, average=np.where(right.average == 0, -0.0, right.average))
    assert first_difference(negative, right) is None


def test_the_reference_is_extrapolated_and_says_so() -> None:
    (row,) = run(reference.ReferenceBackend(), symbols=3, bars=600, runs=1).rows
    assert (row.mode, row.parity, row.detail) == ("extrapolated", Parity.ORACLE, "extrapolated from 2 x 300")
    assert (row.symbols, row.bars) == (3, 600)
    assert row.timing.ms_median == pytest.approx(row.timing.ns_per_bar * 1800 / 1e6)
    assert row.timing.peak_rss_mb is None


def test_ta_lib_stands_beside_them_with_its_averages_alone() -> None:
    rows = run(Right(), rival=talib.offer(find_spec("talib"))).rows
    assert [(row.backend, row.mode, row.parity) for row in rows[1:]] == [("talib", "averages", Parity.NOT_COMPARED)]
    assert rows[1].timing is not None
    assert f"{len(FAMILIES) * MEMBERS} averages alone" in rows[1].detail


def test_every_form_that_a_backend_declares_is_a_row() -> None:
    rows = run(InForms()).rows
    assert [Form(row.simd, row.threads) for row in rows] == InForms().forms()
    assert [(row.simd, row.threads) for row in run(InForms(), threads=(2,)).rows] == [("avx2", 2)]


def test_threads_that_nobody_offers_are_refused() -> None:
    with pytest.raises(UsageError, match="no backend here runs with 3") as stop:
        run(InForms(), threads=(3,))
    assert stop.value.hint == "valid: 1, 2"


def test_an_absent_backend_is_left_out_unless_it_was_asked_for() -> None:
    absent = Unavailable("cuda", "no GPU", "buy one")
    assert [row.backend for row in run(absent, Right()).rows] == ["rust"]
    with pytest.raises(UnavailableError, match="cuda cannot run: no GPU"):
        run(absent, Right(), backend=("cuda",))
    with pytest.raises(UnavailableError, match="talib cannot run"):
        run(Right(), backend=("talib",))


def test_dialects_and_wants_multiply_the_rows() -> None:
    rows = run(Right(), dialect=tuple(Dialect), want=("last", "all"), runs=1).rows
    assert [(row.dialect, row.want) for row in rows] == [
        ("lts", "last"), ("lts", "all"), ("tradingview", "last"), ("tradingview", "all"),
    ]  # fmt: skip
    assert all(row.parity is Parity.EQUAL for row in rows)


def test_ctrl_c_keeps_the_rows_that_are_done() -> None:
    done: list[Job] = []

    def interrupted(job: Job) -> Measured:
        if done:
            raise KeyboardInterrupt
        done.append(job)
        return here(job)

    result = run(Right(), want=("last", "average", "all"), how=interrupted)
    assert [row.want for row in result.rows] == ["last"]
    assert result.interrupted
    assert bench_code(result) is ExitCode.INTERRUPTED


def test_a_process_that_dies_is_a_red_line() -> None:
    def killed(job: Job) -> Measured:
        raise MeasureError("the measuring process ended with code -9: no word")

    result = run(Right(), how=killed)
    assert result.rows[0].parity is Parity.FAILED
    assert "code -9" in result.rows[0].detail
    assert bench_code(result) is ExitCode.UNEXPECTED


def test_sizes() -> None:
    assert bench.sizes(BenchSettings()) == ((1, 1500), (99, 1500), (1000, 1500))
    assert bench.sizes(BenchSettings(full=True))[3:] == ((10_000, 1500), (1, 1_000_000))
    assert bench.sizes(BenchSettings(symbols=7)) == ((7, 1500),)
    assert bench.sizes(BenchSettings(bars=300)) == ((99, 300),)
    ((symbols, bars),) = bench.sizes(BenchSettings(data=Path("candles")))
    assert symbols > 10**6
    assert bars == 1500


def test_walks_are_the_same_every_time_and_lie_on_a_grid() -> None:
    one, other = walks(3, 100), walks(3, 100)
    for place in range(4):
        np.testing.assert_array_equal(one.column(place), other.column(place))
    assert not np.array_equal(one.series[0].close, one.series[1].close)
    opened, high, low, close = (one.column(place) for place in range(4))
    assert (high >= np.maximum(opened, close)).all()
    assert (low <= np.minimum(opened, close)).all()
    assert low.min() > 0
    on, off = (Right().compute(each, Params(), Want.LAST).grid for each in (one, off_grid(one)))
    assert (on == 2).all()
    assert (off == -1).all()


def test_a_folder_is_measured_as_it_is(tmp_path: Path) -> None:
    for symbol, bars in (("AUSDT", 150), ("BUSDT", 120), ("CUSDT", 90)):
        lines = [f"{1_700_000_000 // 3600 * 3600 + 3600 * i},{i + 1},{i + 1},{i + 1},{i + 1},1" for i in range(bars)]
        (tmp_path / f"{symbol}-1h.csv").write_text("\n".join(["timestamp,open,high,low,close,volume", *lines]))
    (tmp_path / "BADUSDT-1h.csv").write_text("nonsense\n")
    panel = panel_of(str(tmp_path), "1h", 2, 130)
    assert [(each.symbol, len(each)) for each in panel.series] == [("AUSDT", 130), ("BUSDT", 120)]
    rows = run(Right(), reference.ReferenceBackend(), data=tmp_path, symbols=None, bars=100).rows
    assert [(row.symbols, row.bars) for row in rows] == [(3, 100), (3, 100)]
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "BADUSDT-1h.csv").write_text("nonsense\n")
    with pytest.raises(NoDataError, match="can be read as 1h candles"):
        run(Right(), data=tmp_path / "empty")


def test_flags_are_parsed_and_refused_by_name() -> None:
    settings = BenchSettings.of_flags({"threads": "1,2", "dialect": "tradingview", "runs": "3", "backend": "rust"})
    assert settings == BenchSettings(threads=(1, 2), dialect=(Dialect.TRADINGVIEW,), runs=3, backend=("rust",))
    with pytest.raises(UsageError, match="--runs: 0 is out of range"):
        BenchSettings.of_flags({"runs": "0"})
    with pytest.raises(UsageError, match=r"--want: unknown want 'lost'.*did you mean 'last'"):
        BenchSettings.of_flags({"want": "lost"})


def test_windows_and_steps_of_the_kernels_pass_the_gate_and_wrong_ones_do_not() -> None:
    gate, params = Gate(walks(2, 200)), Params()
    right, wrong = rust.RustBackend(), WrongWindows()
    for mode, words in ((REANCHORED, "windows"), (ADVANCE, "bar by bar")):
        assert gate.difference(right, params, Want.LAST, mode) is None
        assert words in str(gate.difference(wrong, params, Want.LAST, mode))


def test_kernels_pass_the_gate_in_mixed_batches() -> None:
    assert Gate(walks(8, 300)).difference(rust.RustBackend(threads=1), Params(), Want.LAST) is None


class Mixing(Right):
    """Right but for one bit, where the first series is on the grid and another is not."""

    def compute(self, panel: Panel, params: Params, want: Want) -> Values:
        values = super().compute(panel, params, want)
        if values.grid[0] >= 0 and values.grid.min() < 0:
            values.weights[values.grid.argmin(), 2] *= 1 + 2**-52
        return values


def test_a_backend_that_takes_its_neighbours_for_itself_does_not_pass_the_gate() -> None:
    gate = Gate(walks(3, 100))
    assert gate.difference(Right(), Params(), Want.LAST) is None
    assert str(gate.difference(Mixing(), Params(), Want.LAST)).endswith("series 0 alone on grid")


class WrongWindows(rust.RustBackend):
    """Takes every window, and every stream, to begin a bar late."""

    def compute_windows(
        self, panel: Panel, params: Params, series: Ints, ends: Ints, bars: int | Ints, *, want: Want = Want.LAST
    ) -> Values:
        return super().compute_windows(panel, params, series, ends, bars - 1, want=want)

    def stream(self, panel: Panel, params: Params) -> rust.RustState:
        late = [each.tail(len(each) - 1) for each in panel.series]
        return super().stream(Panel.of(late), params)


def test_a_stream_is_measured_bar_by_bar() -> None:
    job = Job(
        backend="rust",
        simd="",
        threads=1,
        mode=ADVANCE,
        dialect="lts",
        want="average",
        symbols=3,
        bars=1,
        runs=4,
        data=None,
        timeframe="1h",
    )
    measured = measure(job, rust.RustBackend())
    assert (len(measured.times_ms), measured.symbols, measured.bars, measured.bars_total) == (4, 3, 1, 3)
