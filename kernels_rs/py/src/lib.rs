//! Python binding of `atc-core`: types in, types out, no arithmetic. Documented in the stub beside the package.

// Handed over by value because PyO3 makes them for this call.
#![allow(clippy::needless_pass_by_value, clippy::large_types_passed_by_value)]

use std::str::FromStr;

use atc_core::{Batch, Dialect, Error, FAMILIES, MEMBERS, Outputs, Params, Simd, Source, Want};
use numpy::{Element, PyReadonlyArray1, PyReadwriteArrayDyn};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

type Lengths = [Option<[usize; MEMBERS]>; FAMILIES];
type Column<'py, T> = PyReadonlyArray1<'py, T>;
type Target<'py, T> = PyReadwriteArrayDyn<'py, T>;

/// Adaptive Trend Classification over batches of price series.
#[pymodule]
mod _kernels {
    #[pymodule_export]
    use super::{State, compute, cpu_features, simd_paths, warmup};
}

/// A value that Python gives by its name.
struct Named<T>(T);

impl<'py, T: FromStr<Err = Error>> FromPyObject<'_, 'py> for Named<T> {
    type Error = PyErr;

    fn extract(name: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        name.extract::<String>()?.parse().map(Self).map_err(refused)
    }
}

#[derive(FromPyObject)]
struct Candles<'py> {
    open: Column<'py, f64>,
    high: Column<'py, f64>,
    low: Column<'py, f64>,
    close: Column<'py, f64>,
    starts: Column<'py, usize>,
    ends: Column<'py, usize>,
    growth: Column<'py, f64>,
}

#[derive(FromPyObject)]
struct Settings {
    dialect: Named<Dialect>,
    lengths: Lengths,
    weights: [f64; FAMILIES],
    decay: f64,
    cutout: usize,
    long_threshold: f64,
    short_threshold: f64,
    source: Named<Source>,
    strategy: bool,
}

#[derive(FromPyObject)]
struct Results<'py> {
    width: usize,
    average: Target<'py, f64>,
    families: Target<'py, f64>,
    weights: Target<'py, f64>,
    flipped: Target<'py, i64>,
    member_sign: Target<'py, i8>,
    member_equity: Target<'py, f64>,
    grid: Target<'py, i8>,
}

impl From<Settings> for Params {
    fn from(given: Settings) -> Self {
        Self {
            dialect: given.dialect.0,
            lengths: given.lengths,
            weights: given.weights,
            decay: given.decay,
            cutout: given.cutout,
            long_threshold: given.long_threshold,
            short_threshold: given.short_threshold,
            source: given.source.0,
            strategy: given.strategy,
        }
    }
}

/// Lends the arrays of Python to one call of the core, without the GIL.
fn lend<T: Send>(
    py: Python<'_>,
    candles: &Candles<'_>,
    results: &mut Results<'_>,
    call: impl FnOnce(&Batch, &mut Outputs) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let batch = Batch {
        open: items(&candles.open, "open")?,
        high: items(&candles.high, "high")?,
        low: items(&candles.low, "low")?,
        close: items(&candles.close, "close")?,
        starts: items(&candles.starts, "starts")?,
        ends: items(&candles.ends, "ends")?,
        growth: items(&candles.growth, "growth")?,
    };
    let mut out = Outputs {
        width: results.width,
        average: items_mut(&mut results.average, "average")?,
        families: items_mut(&mut results.families, "families")?,
        weights: items_mut(&mut results.weights, "weights")?,
        flipped: items_mut(&mut results.flipped, "flipped")?,
        member_sign: items_mut(&mut results.member_sign, "member_sign")?,
        member_equity: items_mut(&mut results.member_equity, "member_equity")?,
        grid: items_mut(&mut results.grid, "grid")?,
    };
    py.detach(|| call(&batch, &mut out)).map_err(refused)
}

#[pyfunction]
fn compute(
    py: Python<'_>,
    candles: Candles<'_>,
    params: Settings,
    mut results: Results<'_>,
    want: Named<Want>,
    simd: Named<Simd>,
    threads: usize,
) -> PyResult<()> {
    let (params, want, simd) = (params.into(), want.0, simd.0);
    lend(py, &candles, &mut results, |batch, out| {
        atc_core::compute(batch, &params, want, simd, threads, out)
    })
}

#[pyclass]
struct State(atc_core::State);

#[pymethods]
impl State {
    #[staticmethod]
    fn start(
        py: Python<'_>,
        candles: Candles<'_>,
        params: Settings,
        mut results: Results<'_>,
        want: Named<Want>,
        simd: Named<Simd>,
    ) -> PyResult<Self> {
        let (params, want, simd) = (params.into(), want.0, simd.0);
        let state = lend(py, &candles, &mut results, |batch, out| {
            atc_core::State::start(batch, &params, want, simd, out)
        });
        state.map(Self)
    }

    fn step(
        &mut self,
        py: Python<'_>,
        candles: Candles<'_>,
        mut results: Results<'_>,
        want: Named<Want>,
        peek: bool,
    ) -> PyResult<Vec<usize>> {
        lend(py, &candles, &mut results, |batch, out| {
            if peek {
                self.0.peek(batch, want.0, out)
            } else {
                self.0.advance(batch, want.0, out)
            }
        })
    }

    fn bars(&self) -> Vec<usize> {
        self.0.bars()
    }

    #[pyo3(name = "to_bytes")]
    fn written<'py>(&mut self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &py.detach(|| self.0.write()))
    }

    #[staticmethod]
    fn from_bytes(saved: &[u8], params: Settings, simd: Named<Simd>) -> PyResult<Self> {
        let state = atc_core::State::read(saved, &params.into(), simd.0);
        state.map(Self).map_err(refused)
    }
}

#[pyfunction]
fn warmup(dialect: Named<Dialect>, lengths: Lengths) -> PyResult<usize> {
    atc_core::warmup(dialect.0, &lengths).map_err(refused)
}

#[pyfunction]
fn cpu_features() -> Vec<&'static str> {
    atc_core::cpu_features()
}

#[pyfunction]
fn simd_paths() -> Vec<String> {
    Simd::available().iter().map(Simd::to_string).collect()
}

fn refused(error: Error) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn scattered(name: &str) -> PyErr {
    PyValueError::new_err(format!("{name} is not C-contiguous, it must be"))
}

fn items<'a, T: Element>(array: &'a Column<'_, T>, name: &str) -> PyResult<&'a [T]> {
    array.as_slice().map_err(|_| scattered(name))
}

fn items_mut<'a, T: Element>(array: &'a mut Target<'_, T>, name: &str) -> PyResult<&'a mut [T]> {
    array.as_slice_mut().map_err(|_| scattered(name))
}
