"""What is known of another machine, from a file: a calibration, what `atc bench` or `make gpu-check` printed there."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from atc_cli.bench.fit import Timed, fitted
from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.engines import Engine
from atc_cli.domain.results.bench import BATCH, EXTRAPOLATED, REANCHORED, WINDOW_BARS, Parity
from atc_cli.engine.calibration import SCHEMA, Calibration, calibration_of, loads, machine_of
from atc_cli.engine.coefficients import SHIPPED
from atc_cli.engine.cost import Workload

BENCH_SCHEMA, GPU_SCHEMA = "atc.bench/1", "atc.gpu-check/1"
_MOST = 10**9
_ROWS_MOST = 10_000


def read(content: bytes) -> Calibration:
    """The coefficients of a machine; ValueError says what is wrong with the file."""
    document = loads(content)
    if not isinstance(document, dict):
        raise ValueError("is no table")
    schema = document.get("schema")
    if schema == SCHEMA:
        return calibration_of(document)
    if schema == BENCH_SCHEMA:
        return _of_bench(document)
    if schema == GPU_SCHEMA:
        return _of_gpu(document)
    raise ValueError(f"schema is {str(schema)[:60]!r}, allowed: {SCHEMA}, {BENCH_SCHEMA}, {GPU_SCHEMA}")


def _of_bench(document: Mapping[str, Any]) -> Calibration:
    """Coefficients that fit the rows, the shipped ones where rows say nothing."""
    measured = [each for row in _rows(document, "rows") for each in _timed(row)]
    if not measured:
        raise ValueError("has no time of a backend")
    machine = machine_of(document.get("machine"))
    return Calibration(fitted(measured), machine, str(machine.get("measured_at", "")))


def _timed(row: Mapping[str, Any]) -> Iterator[Timed]:
    """The row, where it is a time of one of our backends over a batch or windows."""
    mode, backend = row.get("mode"), row.get("backend")
    right = row.get("parity") in (Parity.EQUAL, Parity.ORACLE)
    if not right or mode not in (BATCH, EXTRAPOLATED, REANCHORED) or backend not in set(Engine):
        return
    series, bars = _whole(row, "symbols"), _whole(row, "bars")
    dialect, want = Dialect(str(row.get("dialect"))), Want(str(row.get("want")))
    if mode == REANCHORED:
        windows = max(bars + 1 - WINDOW_BARS, 1) * series
        workload = Workload.of_windows([(WINDOW_BARS, windows)], series * bars, dialect)
    else:
        workload = _batch(series, bars, dialect, want)
    path, engine = str(row.get("simd")), Engine(backend)
    if not (path.isascii() and (path.isalnum() or not path)):
        raise ValueError(f"simd is {path[:60]!r}, which is no path")
    yield Timed(engine, path, _whole(row, "threads"), workload, _number(row, "ms_median"))


def _of_gpu(document: Mapping[str, Any]) -> Calibration:
    """A GPU by its warm times; the rest of its machine is not known."""
    measured = []
    for row in _rows(document, "timings"):
        dialect, want, bars = Dialect(str(row.get("dialect"))), Want(str(row.get("want"))), _whole(row, "bars")
        if "windows" in row:
            workload = Workload.of_windows([(bars, _whole(row, "windows"))], _whole(row, "series") * bars, dialect)
        else:
            workload = _batch(_whole(row, "series"), bars, dialect, want)
        measured.append(Timed(Engine.CUDA, "", 1, workload, _number(row, "warm_ms")))
    if not measured:
        raise ValueError("has no time of the GPU")
    (costs,) = fitted(measured, SHIPPED)[Engine.CUDA].values()
    if "opened_s" in document:
        costs = replace(costs, start_ms=_number(document, "opened_s") * 1000)
    device = document.get("device")
    name = str(device.get("name"))[:200] if isinstance(device, dict) else "a GPU"
    return Calibration({Engine.CUDA: {"": costs}}, machine_of({"gpu": name}), str(document.get("date"))[:60])


def _batch(series: int, bars: int, dialect: Dialect, want: Want) -> Workload:
    return Workload(lengths=((bars, series),), held_bars=series * bars, dialect=dialect, want=want)


def _rows(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = document.get(name)
    if not isinstance(rows, list) or len(rows) > _ROWS_MOST or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"{name} is no list of at most {_ROWS_MOST} tables")
    return rows


def _whole(row: Mapping[str, Any], name: str) -> int:
    value = row.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MOST:
        raise ValueError(f"{name} is {repr(value)[:60]}, allowed: 1 to {_MOST}")
    return value


def _number(row: Mapping[str, Any], name: str) -> float:
    value: Any = row.get(name)
    known = isinstance(value, int | float) and not isinstance(value, bool)
    if not known or not 0 < value <= _MOST:  # NaN is neither
        raise ValueError(f"{name} is {repr(value)[:60]}, allowed: above 0 to {_MOST}")
    return float(value)
