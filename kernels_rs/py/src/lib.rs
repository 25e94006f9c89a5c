//! Python binding of `atc-core`: types in, types out, no arithmetic. Documented in the stub beside the package.

// One argument per Python parameter, handed over by value because PyO3 makes it for this call.
#![allow(
    clippy::too_many_arguments,
    clippy::needless_pass_by_value,
    clippy::large_types_passed_by_value
)]

use std::str::FromStr;

use atc_core::{Batch, Error, FAMILIES, MEMBERS, Outputs, Params, Simd};
use numpy::{Element, PyReadonlyArray1, PyReadwriteArrayDyn};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

type Lengths = [Option<[usize; MEMBERS]>; FAMILIES];
type Column<'py> = PyReadonlyArray1<'py, f64>;
type Bounds<'py> = PyReadonlyArray1<'py, i64>;
type Target<'py, T> = PyReadwriteArrayDyn<'py, T>;

/// Adaptive Trend Classification over batches of price series.
#[pymodule]
mod _kernels {
    #[pymodule_export]
    use super::{compute, cpu_features, simd_paths, warmup};

    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}

/// Compute a batch of price series and write the results into the given arrays.
#[pyfunction]
#[pyo3(signature = (
    open, high, low, close, starts, ends, growth, *, dialect, lengths, weights, decay, cutout, long_threshold,
    short_threshold, source, strategy, want, simd, threads, width, average, families, weights_out, flipped, member_sign,
    member_equity, grid
))]
fn compute(
    py: Python<'_>,
    open: Column<'_>,
    high: Column<'_>,
    low: Column<'_>,
    close: Column<'_>,
    starts: Bounds<'_>,
    ends: Bounds<'_>,
    growth: Column<'_>,
    dialect: &str,
    lengths: Lengths,
    weights: [f64; FAMILIES],
    decay: f64,
    cutout: usize,
    long_threshold: f64,
    short_threshold: f64,
    source: &str,
    strategy: bool,
    want: &str,
    simd: Option<&str>,
    threads: usize,
    width: usize,
    mut average: Target<'_, f64>,
    mut families: Target<'_, f64>,
    mut weights_out: Target<'_, f64>,
    mut flipped: Target<'_, i64>,
    mut member_sign: Target<'_, i8>,
    mut member_equity: Target<'_, f64>,
    mut grid: Target<'_, i8>,
) -> PyResult<()> {
    let want = named(want)?;
    let params = Params {
        dialect: named(dialect)?,
        lengths,
        weights,
        decay,
        cutout,
        long_threshold,
        short_threshold,
        source: named(source)?,
        strategy,
    };
    let simd = simd.map_or_else(|| Ok(Simd::best()), named)?;
    let (starts, ends) = (bounds(&starts, "starts")?, bounds(&ends, "ends")?);
    let batch = Batch {
        open: items(&open, "open")?,
        high: items(&high, "high")?,
        low: items(&low, "low")?,
        close: items(&close, "close")?,
        starts: &starts,
        ends: &ends,
        growth: items(&growth, "growth")?,
    };
    let mut out = Outputs {
        width,
        average: items_mut(&mut average, "average")?,
        families: items_mut(&mut families, "families")?,
        weights: items_mut(&mut weights_out, "weights_out")?,
        flipped: items_mut(&mut flipped, "flipped")?,
        member_sign: items_mut(&mut member_sign, "member_sign")?,
        member_equity: items_mut(&mut member_equity, "member_equity")?,
        grid: items_mut(&mut grid, "grid")?,
    };
    py.detach(|| atc_core::compute(&batch, &params, want, simd, threads, &mut out))
        .map_err(refused)
}

/// Return the number of bars a series needs for every member in use to be able to cross.
#[pyfunction]
fn warmup(dialect: &str, lengths: Lengths) -> PyResult<usize> {
    atc_core::warmup(named(dialect)?, &lengths).map_err(refused)
}

/// Return the names of the paths that this processor can take, the slowest first.
#[pyfunction]
fn simd_paths() -> Vec<String> {
    Simd::available().iter().map(Simd::to_string).collect()
}

/// Return the vector extensions of the processor at hand.
#[pyfunction]
fn cpu_features() -> Vec<&'static str> {
    atc_core::cpu_features()
}

fn named<T: FromStr<Err = Error>>(name: &str) -> PyResult<T> {
    name.parse().map_err(refused)
}

fn refused(error: Error) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn scattered(name: &str) -> PyErr {
    PyValueError::new_err(format!("{name} is not C-contiguous, it must be"))
}

fn items<'a, T: Element>(array: &'a PyReadonlyArray1<'_, T>, name: &str) -> PyResult<&'a [T]> {
    array.as_slice().map_err(|_| scattered(name))
}

fn items_mut<'a, T: Element>(array: &'a mut Target<'_, T>, name: &str) -> PyResult<&'a mut [T]> {
    array.as_slice_mut().map_err(|_| scattered(name))
}

fn bounds(bars: &Bounds<'_>, name: &str) -> PyResult<Vec<usize>> {
    let bars = items(bars, name)?.iter();
    bars.map(|&bar| usize::try_from(bar).map_err(|_| negative(bar, name)))
        .collect()
}

fn negative(bar: i64, name: &str) -> PyErr {
    PyValueError::new_err(format!(
        "{name} holds {bar}, every entry must be at least 0"
    ))
}
