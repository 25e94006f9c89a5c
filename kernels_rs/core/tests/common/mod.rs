//! Runs of the kernel on owned buffers.
#![allow(dead_code)] // Every test binary uses its own part.

pub mod strategies;

use atc_core::{Batch, Dialect, Error, FAMILIES, MEMBERS, Outputs, Params, Simd, Source, Want};

pub const CELLS: usize = FAMILIES * MEMBERS;
pub const DIALECTS: [Dialect; 2] = [Dialect::Lts, Dialect::Tradingview];
pub const WANTS: [Want; 4] = [Want::Last, Want::Average, Want::Layers, Want::All];
pub const SOURCES: [Source; 7] = [
    Source::Close,
    Source::Open,
    Source::High,
    Source::Low,
    Source::Hl2,
    Source::Hlc3,
    Source::Ohlc4,
];

/// Open, high, low and close of one series.
pub type Columns = [Vec<f64>; 4];

/// The paths of this processor; a test over none of them would prove nothing.
pub fn paths() -> Vec<Simd> {
    let paths = Simd::available();
    assert_eq!(
        paths.first(),
        Some(&Simd::Scalar),
        "every processor has the scalar path"
    );
    paths
}

/// The slowest path and the fastest, for what must hold on each while other tests compare them all.
pub fn slowest_and_fastest() -> [Simd; 2] {
    [Simd::Scalar, Simd::best()]
}

/// Series laid end to end, as the kernel takes them.
#[derive(Clone, Debug)]
pub struct Laid {
    pub columns: Columns,
    pub starts: Vec<usize>,
    pub ends: Vec<usize>,
    pub growth: Vec<f64>,
}

impl Laid {
    pub fn new(series: &[Columns], growth: Vec<f64>) -> Self {
        let columns =
            std::array::from_fn(|c| series.iter().flat_map(|own| own[c].clone()).collect());
        let ends: Vec<usize> = series
            .iter()
            .scan(0, |end, own| {
                *end += own[3].len();
                Some(*end)
            })
            .collect();
        let starts = ends
            .iter()
            .zip(series)
            .map(|(end, own)| end - own[3].len())
            .collect();
        Self {
            columns,
            starts,
            ends,
            growth,
        }
    }

    /// Some stretches of one history.
    pub fn windows(history: &Columns, spans: &[std::ops::Range<usize>], growth: Vec<f64>) -> Self {
        Self {
            columns: history.clone(),
            starts: spans.iter().map(|span| span.start).collect(),
            ends: spans.iter().map(|span| span.end).collect(),
            growth,
        }
    }

    pub fn batch(&self) -> Batch<'_> {
        let [open, high, low, close] = &self.columns;
        Batch {
            open,
            high,
            low,
            close,
            starts: &self.starts,
            ends: &self.ends,
            growth: &self.growth,
        }
    }

    pub fn compute(&self, params: &Params, want: Want, simd: Simd, threads: usize) -> Results {
        let (batch, width) = (self.batch(), self.batch().longest());
        let mut results = Results::sized(batch.series(), width, want);
        atc_core::compute(
            &batch,
            params,
            want,
            simd,
            threads,
            &mut results.outputs(width),
        )
        .expect("valid input");
        results
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
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
        let (row, block, cells) = match want {
            Want::Last => (1, FAMILIES, CELLS),
            Want::Average => (width, 0, CELLS),
            Want::Layers => (width, width * FAMILIES, CELLS),
            Want::All => (width, width * FAMILIES, width * CELLS),
        };
        Self {
            average: vec![7.0; n * row],
            families: vec![7.0; n * block],
            weights: vec![7.0; n * block],
            flipped: vec![7; n],
            member_sign: vec![7; n * cells],
            member_equity: vec![7.0; n * cells],
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

    fn floats(&self) -> [(&'static str, &[f64]); 4] {
        [
            ("average", &self.average),
            ("families", &self.families),
            ("weights", &self.weights),
            ("member_equity", &self.member_equity),
        ]
    }

    fn integers(&self) -> [(&'static str, Vec<i64>); 3] {
        let wide = |narrow: &[i8]| narrow.iter().map(|&value| i64::from(value)).collect();
        [
            ("flipped", self.flipped.clone()),
            ("member_sign", wide(&self.member_sign)),
            ("grid", wide(&self.grid)),
        ]
    }

    /// The first entry in which two results differ in a bit; NaN is like NaN, -0.0 like 0.0.
    pub fn difference(&self, other: &Self) -> Option<String> {
        for ((name, own), (_, others)) in self.floats().into_iter().zip(other.floats()) {
            if own.len() != others.len() {
                return Some(format!("{name}: {} entries, {}", own.len(), others.len()));
            }
            let at = (0..own.len()).find(|&at| same(own[at]) != same(others[at]));
            if let Some(at) = at {
                return Some(format!("{name}[{at}]: {:?}, {:?}", own[at], others[at]));
            }
        }
        let mut pairs = self.integers().into_iter().zip(other.integers());
        let (one, two) = pairs.find(|(own, others)| own != others)?;
        let at = (0..one.1.len()).find(|&at| one.1.get(at) != two.1.get(at));
        Some(format!("{} at {at:?}", one.0))
    }

    /// The results of one series among `n`.
    pub fn of(&self, series: usize, n: usize) -> Self {
        Self {
            average: part(&self.average, series, n),
            families: part(&self.families, series, n),
            weights: part(&self.weights, series, n),
            flipped: part(&self.flipped, series, n),
            member_sign: part(&self.member_sign, series, n),
            member_equity: part(&self.member_equity, series, n),
            grid: part(&self.grid, series, n),
        }
    }

    /// Rows over time cut down to their last `bars` entries out of `width`.
    pub fn tail(&self, width: usize, bars: usize, want: Want) -> Self {
        let over_time = want != Want::Last;
        let members = want == Want::All;
        Self {
            average: tails(&self.average, width, bars, over_time),
            families: tails(&self.families, width, bars, over_time),
            weights: tails(&self.weights, width, bars, over_time),
            flipped: self.flipped.clone(),
            member_sign: tails(&self.member_sign, width, bars, members),
            member_equity: tails(&self.member_equity, width, bars, members),
            grid: self.grid.clone(),
        }
    }

    /// What [`Want::Last`] would give, out of [`Want::All`], for bar `t` of rows `width` long.
    pub fn at(&self, t: usize, width: usize) -> Self {
        let pick = |rows: &[f64]| rows.chunks(width).map(|row| row[t]).collect();
        Self {
            average: pick(&self.average),
            families: pick(&self.families),
            weights: pick(&self.weights),
            flipped: self.flipped.clone(),
            member_sign: self.member_sign.chunks(width).map(|row| row[t]).collect(),
            member_equity: pick(&self.member_equity),
            grid: self.grid.clone(),
        }
    }
}

fn part<T: Clone>(values: &[T], series: usize, n: usize) -> Vec<T> {
    let span = values.len() / n;
    values[series * span..(series + 1) * span].to_vec()
}

fn tails<T: Copy>(values: &[T], width: usize, bars: usize, over_time: bool) -> Vec<T> {
    if !over_time || values.is_empty() {
        return values.to_vec();
    }
    let rows = values.chunks(width);
    rows.flat_map(|row| &row[width - bars..]).copied().collect()
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

/// Closes in hundredths, 700 bars of them.
pub fn prices(mut seed: u32) -> Vec<f64> {
    let mut price: i32 = 3000;
    let step = |_| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        price = (price + i32::try_from(seed >> 24).unwrap() - 126).max(500);
        f64::from(price) / 100.0
    };
    (0..700).map(step).collect()
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
    let laid = laid(series, params);
    let mut results = Results::sized(series.len(), width, want);
    let mut outputs = results.outputs(width);
    atc_core::compute(&laid.batch(), params, want, Simd::best(), 1, &mut outputs)?;
    Ok(results)
}

pub fn laid(series: &[Columns], params: &Params) -> Laid {
    Laid::new(
        series,
        growth(longest(series).saturating_sub(params.cutout)),
    )
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
