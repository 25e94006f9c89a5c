//! Series bar by bar: what is known at a bar from it and those before.
#![allow(clippy::inline_always)] // What goes abreast stays in registers only where nothing is called.

use std::array::from_fn;

use super::FeatureLengths;

/// The averages of N series at a bar. They go abreast because each bar waits for the one before.
pub(super) struct Averages<const N: usize> {
    lengths: FeatureLengths,
    bars: usize,
    close: [f64; N],
    mean: [f64; N],
    /// The sum of the true ranges until there are `lengths.atr`, their average from then on.
    range: [f64; N],
}

impl<const N: usize> Averages<N> {
    pub fn new(lengths: FeatureLengths) -> Self {
        Self {
            lengths,
            bars: 0,
            close: [f64::NAN; N],
            mean: [f64::NAN; N],
            range: [f64::NAN; N],
        }
    }

    #[inline(always)]
    pub fn step(&mut self, high: [f64; N], low: [f64; N], close: [f64; N]) {
        let atr = self.lengths.atr;
        if self.bars >= atr {
            return self.step_on(high, low, close);
        }
        if self.bars == 0 {
            (self.mean, self.range) = (close, from_fn(|lane| high[lane] - low[lane]));
        } else {
            let ranges = self.true_ranges(high, low);
            self.range = from_fn(|lane| self.range[lane] + ranges[lane]);
            self.mean = self.means(close);
        }
        self.close = close;
        self.bars += 1;
        if self.bars == atr {
            self.range = self.range.map(|sum| sum / atr as f64);
        }
    }

    /// A bar behind the first `lengths.atr`: the same without a branch.
    #[inline(always)]
    pub fn step_on(&mut self, high: [f64; N], low: [f64; N], close: [f64; N]) {
        let (before, all) = ((self.lengths.atr - 1) as f64, self.lengths.atr as f64);
        let ranges = self.true_ranges(high, low);
        self.range = from_fn(|lane| (before * self.range[lane] + ranges[lane]) / all);
        self.mean = self.means(close);
        self.close = close;
        self.bars += 1;
    }

    #[inline(always)]
    fn true_ranges(&self, high: [f64; N], low: [f64; N]) -> [f64; N] {
        from_fn(|lane| larger(high[lane], self.close[lane]) - smaller(low[lane], self.close[lane]))
    }

    #[inline(always)]
    fn means(&self, close: [f64; N]) -> [f64; N] {
        let alpha = 2.0 / (self.lengths.ema as f64 + 1.0);
        from_fn(|lane| self.mean[lane] + alpha * (close[lane] - self.mean[lane]))
    }

    /// One of them, to go on alone.
    pub fn alone(&self, lane: usize) -> Averages<1> {
        Averages {
            lengths: self.lengths,
            bars: self.bars,
            close: [self.close[lane]],
            mean: [self.mean[lane]],
            range: [self.range[lane]],
        }
    }
}

impl Averages<1> {
    pub fn lengths(&self) -> FeatureLengths {
        self.lengths
    }

    /// EMA and ATR, NaN where there are too few bars.
    pub fn values(&self) -> [f64; 2] {
        let from = |bars: usize, value: f64| if self.bars < bars { f64::NAN } else { value };
        [
            from(self.lengths.ema, self.mean[0]),
            from(self.lengths.atr, self.range[0]),
        ]
    }
}

/// The largest step between two neighbouring closes so far.
pub(super) struct Jump {
    factor: f64,
    ratio: f64,
    bar: f64,
}

impl Jump {
    pub fn none() -> Self {
        Self {
            factor: 0.0,
            ratio: f64::NAN,
            bar: f64::NAN,
        }
    }

    /// The step that ends at bar `t`, which has one before it.
    #[inline(always)]
    pub fn step(&mut self, close: &[f64], t: usize) {
        let (last, this) = (close[t - 1], close[t]);
        // Products in place of the quotient, and no branch on the direction: either would cost more than all the rest.
        let (up, down) = (this > self.factor * last, last > self.factor * this);
        if up | down {
            *self = Self {
                factor: larger(this, last) / smaller(this, last),
                ratio: this / last,
                bar: t as f64,
            };
        }
    }

    /// The ratio of the two closes, and the bar of the second; NaN where there is one bar.
    pub fn values(&self) -> [f64; 2] {
        [self.ratio, self.bar]
    }
}

#[inline(always)]
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

#[inline(always)]
fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}
