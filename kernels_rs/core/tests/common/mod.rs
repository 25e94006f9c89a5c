//! Runs of the kernel on owned buffers.
#![allow(dead_code)] // Every test binary uses its own part.

use atc_core::{Batch, Dialect, Error, FAMILIES, MEMBERS, Outputs, Params, Source, Want};

/// Open, high, low and close of one series.
pub type Columns = [Vec<f64>; 4];

#[derive(Clone, Debug, Default)]
pub struct Results {
    pub average: Vec<f64>,
    pub families: Vec<f64>,
    pub weights: Vec<f64>,
    pub flipped: Vec<i64>,
    pub member_sign: Vec<i8>,
    pub member_equity: Vec<f64>,
    pub grid: Vec<i8>,
}

impl Results {
    pub fn sized(n: usize, width: usize, want: Want) -> Self {
        let (row, block) = match want {
            Want::Last => (1, FAMILIES),
            Want::Average => (width, 0),
            Want::All => (width, width * FAMILIES),
        };
        Self {
            average: vec![7.0; n * row],
            families: vec![7.0; n * block],
            weights: vec![7.0; n * block],
            flipped: vec![7; n],
            member_sign: vec![7; n * FAMILIES * MEMBERS],
            member_equity: vec![7.0; n * FAMILIES * MEMBERS],
            grid: vec![7; n],
        }
    }

    pub fn outputs(&mut self, width: usize) -> Outputs<'_> {
        Outputs {
            width,
            average: &mut self.average,
            families: &mut self.families,
            weights: &mut self.weights,
            flipped: &mut self.flipped,
            member_sign: &mut self.member_sign,
            member_equity: &mut self.member_equity,
            grid: &mut self.grid,
        }
    }

    /// Everything, as integers that are equal where the values are: NaN like NaN, -0.0 like 0.0.
    pub fn bits(&self) -> Vec<u64> {
        let floats = [
            &self.average,
            &self.families,
            &self.weights,
            &self.member_equity,
        ];
        let mut bits: Vec<u64> = floats
            .into_iter()
            .flatten()
            .map(|&value| same(value))
            .collect();
        bits.extend(self.flipped.iter().map(|&value| value.cast_unsigned()));
        bits.extend(
            self.member_sign
                .iter()
                .map(|&sign| u64::from(sign.cast_unsigned())),
        );
        bits
    }
}

/// One integer per value; all NaN are one, and so are the zeros.
pub fn same(value: f64) -> u64 {
    if value.is_nan() {
        u64::MAX
    } else {
        (value + 0.0).to_bits()
    }
}

pub fn same_all(values: &[f64]) -> Vec<u64> {
    values.iter().map(|&value| same(value)).collect()
}

pub fn members(base: usize) -> [usize; MEMBERS] {
    [
        base,
        base + 1,
        base + 2,
        base + 4,
        base + 6,
        base - 1,
        base - 2,
        base - 4,
        base - 6,
    ]
}

pub fn params(dialect: Dialect, base: usize) -> Params {
    Params {
        dialect,
        lengths: [Some(members(base)); FAMILIES],
        weights: [1.0; FAMILIES],
        decay: 0.03,
        cutout: 0,
        long_threshold: 0.1,
        short_threshold: -0.1,
        source: Source::Close,
        strategy: false,
    }
}

pub fn growth(bars: usize) -> Vec<f64> {
    (0..bars).map(|j| (2e-5 * j as f64).exp()).collect()
}

/// Candles whose four prices are all the close.
pub fn flat_candles(close: &[f64]) -> Columns {
    std::array::from_fn(|_| close.to_vec())
}

pub fn try_run(
    series: &[Columns],
    params: &Params,
    want: Want,
    width: usize,
) -> Result<Results, Error> {
    let column = |c: usize| -> Vec<f64> {
        series
            .iter()
            .flat_map(|columns| columns[c].clone())
            .collect()
    };
    let [open, high, low, close] = [column(0), column(1), column(2), column(3)];
    let mut offsets = vec![0];
    for columns in series {
        offsets.push(offsets[offsets.len() - 1] + columns[3].len());
    }
    let growth = growth(longest(series).saturating_sub(params.cutout));
    let batch = Batch {
        open: &open,
        high: &high,
        low: &low,
        close: &close,
        offsets: &offsets,
        growth: &growth,
    };
    let mut results = Results::sized(series.len(), width, want);
    atc_core::compute(&batch, params, want, &mut results.outputs(width))?;
    Ok(results)
}

pub fn longest(series: &[Columns]) -> usize {
    series
        .iter()
        .map(|columns| columns[3].len())
        .max()
        .unwrap_or(0)
}

pub fn run(series: &[Columns], params: &Params, want: Want) -> Results {
    try_run(series, params, want, longest(series)).expect("valid input")
}
