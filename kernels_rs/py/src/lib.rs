//! Python binding of `atc-core`: types in, types out, no arithmetic. Documented in the stub beside the package.

// Handed over by value because PyO3 makes them for this call.
#![allow(clippy::needless_pass_by_value, clippy::large_types_passed_by_value)]

use atc_core::{Batch, Dialect, Error, FAMILIES, Lengths, Outputs, Params, Simd, Source, Want};
use numpy::{Element, PyReadonlyArray1, PyReadonlyArray2, PyReadwriteArrayDyn, ndarray::Axis};
use pyo3::{exceptions::PyValueError, prelude::*, types::PyBytes};

type Column<'py, T> = PyReadonlyArray1<'py, T>;
type Target<'py, T> = PyReadwriteArrayDyn<'py, T>;

/// Adaptive Trend Classification over batches of price series.
#[pymodule]
mod _kernels {
    #[pymodule_export]
    use super::{State, compute, cpu_features, features, simd_paths, warmup};
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
                    $($field: $slice(&mut self.$field, stringify!($field))?,)*
                })
            }
        }
    };
}

lent!(Candles as Batch, items of Column,;
    open: f64, high: f64, low: f64, close: f64, starts: usize, ends: usize, growth: f64);
lent!(Results as Outputs, items_mut of Target, width: usize;
    average: f64, families: f64, weights: f64, flipped: i64, member_sign: i8, member_equity: f64, grid: i8);

/// The parameters that Python gives, and those of the core; a name is the inside of a `Named`.
macro_rules! given {
    ($($field:ident: $type:ty $(, $inside:tt)?);*) => {
        #[derive(FromPyObject)]
        struct Settings { $($field: $type),* }

        impl From<Settings> for Params {
            fn from(given: Settings) -> Self {
                Self { $($field: given.$field$(.$inside)?),* }
            }
        }
    };
}
given!(dialect: Named<Dialect>, 0; lengths: Lengths; weights: [f64; FAMILIES]; decay: f64; cutout: usize;
    long_threshold: f64; short_threshold: f64; source: Named<Source>, 0; strategy: bool);

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
        simd: Named<Simd>,
    ) -> PyResult<Self> {
        let (params, want, simd) = (params.into(), want.0, simd.0);
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
    fn from_bytes(saved: &[u8], params: Settings, simd: Named<Simd>) -> PyResult<Self> {
        let state = atc_core::State::read(saved, &params.into(), simd.0);
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
    let all: Option<Vec<_>> = columns.collect();
    let all = all.ok_or_else(|| scattered("candles"))?;
    let out = items_mut(&mut out, "out")?;
    let call = || atc_core::features(&all, lengths.into(), every.as_deref(), out);
    py.detach(call).map_err(refused)
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

fn items<'a, T: Element>(array: &'a mut Column<'_, T>, name: &str) -> PyResult<&'a [T]> {
    array.as_slice().map_err(|_| scattered(name))
}
fn items_mut<'a, T: Element>(array: &'a mut Target<'_, T>, name: &str) -> PyResult<&'a mut [T]> {
    array.as_slice_mut().map_err(|_| scattered(name))
}
