//! Python binding of `atc-core`: types in, types out, no arithmetic. Documented in the stub beside the package.

// Handed over by value because PyO3 makes them for this call.
#![allow(clippy::needless_pass_by_value, clippy::large_types_passed_by_value)]

use atc_core::{Batch, Curves, Dialect, Error, FAMILIES, ForStreams, Lengths, Outputs, Params};
use atc_core::{Rules, Simd, SizeBy, Source, Tape, Want};
use numpy::ndarray::Axis;
use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2, PyReadwriteArrayDyn};
use pyo3::{exceptions::PyValueError, prelude::*, types::PyBytes};
use std::num::NonZeroUsize as Count;
type Column<'py, T> = PyReadonlyArray1<'py, T>;
type Target<'py, T> = PyReadwriteArrayDyn<'py, T>;
type Made<'py> = Bound<'py, PyArray1<f64>>;

/// Adaptive Trend Classification over batches of price series.
#[pymodule]
mod _kernels {
    #[pymodule_export]
    use super::{State, compute, cpu_features, features, follow, simd_paths, warmup};
}

/// A value that Python gives by its name.
struct Named<T>(T);
impl<'py, T: std::str::FromStr<Err = Error>> FromPyObject<'_, 'py> for Named<T> {
    type Error = PyErr;
    fn extract(name: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        name.extract::<String>()?.parse().map(Self).map_err(refused)
    }
}

/// A struct of arrays that Python gives, and the one of the core that borrows them.
macro_rules! lent {
    ($given:ident as $core:ident, $slice:ident of $array:ident, $($own:ident: $type:ty)?;
     $($field:ident: $item:ty),*) => {
        #[derive(FromPyObject)]
        struct $given<'py> {
            $($own: $type,)?
            $($field: $array<'py, $item>,)*
        }
        impl $given<'_> {
            fn lend(&mut self) -> PyResult<$core<'_>> {
                Ok($core {
                    $($own: self.$own,)?
                    $($field: self.$field.$slice().map_err(|_| scattered(stringify!($field)))?,)*
                })
            }
        }
    };
}
lent!(Candles as Batch, as_slice of Column,;
    open: f64, high: f64, low: f64, close: f64, starts: usize, ends: usize, growth: f64);
lent!(Results as Outputs, as_slice_mut of Target, width: usize;
    average: f64, families: f64, weights: f64, flipped: i64, member_sign: i8, member_equity: f64, grid: i8);
lent!(Market as Tape, as_slice of Column, alive_from: usize; offsets: i64, at: i32, open: f64, high: f64, low: f64,
    close: f64, signal: f64, age: i32, atr: f64, key: f64, volume: f64, funding: f64);
lent!(Rows as Curves, as_slice_mut of Target,; equity: f64, cash: f64, gross: f64, net: f64, turnover: f64, held: i64);

/// Parameters that Python gives, and those of the core; a name is the inside of a `Named`.
macro_rules! given {
    ($given:ident as $core:ident; $($field:ident: $type:ty $(, $inside:tt)?);*) => {
        #[derive(FromPyObject)]
        struct $given { $($field: $type),* }
        impl From<$given> for $core {
            fn from(given: $given) -> Self {
                Self { $($field: given.$field$(.$inside)?),* }
            }
        }
    };
}
given!(Settings as Params; dialect: Named<Dialect>, 0; lengths: Lengths; weights: [f64; FAMILIES]; decay: f64;
    cutout: usize; long_threshold: f64; short_threshold: f64; source: Named<Source>, 0; strategy: bool);
given!(Terms as Rules; long: bool; short: bool; hold: bool; at_close: bool; flip: bool; neutral: bool;
    stop_atr: Option<f64>; target_atr: Option<f64>; bars: Option<Count>; min_signal: f64; max_age_bars: Option<i32>;
    min_volume: Option<f64>; max_positions: Option<Count>; rebalance_bars: Option<Count>; size: Named<SizeBy>, 0;
    risk_frac: f64; leverage: f64; long_threshold: f64; short_threshold: f64; fee_frac: f64; slippage_frac: f64;
    capital: f64);

/// Lends the arrays of Python to one call of the core, without the GIL.
fn lend<T: Send>(
    py: Python<'_>,
    mut candles: Candles<'_>,
    mut results: Results<'_>,
    call: impl FnOnce(&Batch, &mut Outputs) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let (batch, mut out) = (candles.lend()?, results.lend()?);
    py.detach(|| call(&batch, &mut out)).map_err(refused)
}
#[pyfunction]
fn compute(
    py: Python<'_>,
    candles: Candles<'_>,
    params: Settings,
    results: Results<'_>,
    want: Named<Want>,
    simd: Named<Simd>,
    threads: usize,
) -> PyResult<()> {
    let (params, want, simd) = (params.into(), want.0, simd.0);
    lend(py, candles, results, |batch, out| {
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
        results: Results<'_>,
        want: Named<Want>,
        simd: Named<ForStreams>,
    ) -> PyResult<Self> {
        let (params, want, simd) = (params.into(), want.0, simd.0.0);
        let state = lend(py, candles, results, |batch, out| {
            atc_core::State::start(batch, &params, want, simd, out)
        });
        state.map(Self)
    }
    fn step(
        &mut self,
        py: Python<'_>,
        candles: Candles<'_>,
        results: Results<'_>,
        want: Named<Want>,
        peek: bool,
    ) -> PyResult<Vec<usize>> {
        lend(py, candles, results, |batch, out| {
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
    fn from_bytes(saved: &[u8], params: Settings, simd: Named<ForStreams>) -> PyResult<Self> {
        let state = atc_core::State::read(saved, &params.into(), simd.0.0);
        state.map(Self).map_err(refused)
    }
}
#[pyfunction]
fn features(
    py: Python<'_>,
    candles: Vec<PyReadonlyArray2<'_, f64>>,
    lengths: [usize; 9],
    every: Option<Vec<usize>>,
    mut out: Target<'_, f64>,
) -> PyResult<()> {
    let columns = candles.iter().flat_map(|each| {
        let rows = each.as_array();
        (1..rows.nrows()).map(move |row| rows.index_axis_move(Axis(0), row).to_slice())
    });
    let all = columns.collect::<Option<Vec<_>>>();
    let all = all.ok_or_else(|| scattered("candles"))?;
    let out = out.as_slice_mut().map_err(|_| scattered("out"))?;
    let call = || atc_core::features(&all, lengths.into(), every.as_deref(), out);
    py.detach(call).map_err(refused)
}
#[pyfunction]
fn follow<'py>(
    py: Python<'py>,
    mut tape: Market<'_>,
    rules: Terms,
    mut curves: Rows<'_>,
) -> PyResult<(Made<'py>, [f64; 2], [i64; 3])> {
    let (tape, mut curves) = (tape.lend()?, curves.lend()?);
    let call = || atc_core::follow(&tape, &rules.into(), &mut curves);
    let found = py.detach(call).map_err(refused)?;
    let trades = PyArray1::from_vec(py, found.trades);
    Ok((trades, found.paid, found.counts))
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
