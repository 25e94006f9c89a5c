//! Series bar by bar: what is known at a bar from it and those before.
#![allow(clippy::inline_always)] // What goes abreast stays in registers only where nothing is called.

use std::array::from_fn;

use super::FeatureLengths;

/// Prices of N series at a bar.
#[derive(Clone, Copy)]
pub(super) struct Bar<const N: usize> {
    pub high: [f64; N],
    pub low: [f64; N],
    pub close: [f64; N],
}

impl<const N: usize> Bar<N> {
    /// What stands for the bar before the first.
    pub fn none() -> Self {
        let [high, low, close] = [[f64::NAN; N]; 3];
        Self { high, low, close }
    }
}

/// What goes through N series abreast, because each bar waits for the one before.
pub(super) trait Walker<const N: usize>: Copy {
    /// Itself of one of the series, to go on alone.
    type Alone: Walker<1>;

    fn new(lengths: FeatureLengths) -> Self;

    /// Bars that `step_on` cannot take.
    fn warm(&self) -> usize;

    /// The bar that has so many before it.
    fn step(&mut self, bars: usize, before: &Bar<N>, bar: &Bar<N>);

    /// The same of a bar that has at least `warm` before it, without a branch.
    fn step_on(&mut self, before: &Bar<N>, bar: &Bar<N>);

    fn alone(&self, lane: usize) -> Self::Alone;

    /// From the first bar of the row to the last; so many are before the second.
    #[inline(always)]
    fn advance(&mut self, bars: usize, row: &[Bar<N>]) {
        // A copy of its own stays in registers.
        let mut here = *self;
        if bars >= self.warm() {
            for pair in row.windows(2) {
                here.step_on(&pair[0], &pair[1]);
            }
        } else {
            for (t, pair) in row.windows(2).enumerate() {
                here.step(bars + t, &pair[0], &pair[1]);
            }
        }
        *self = here;
    }
}

/// The averages of the close and of the range.
#[derive(Clone, Copy)]
pub(super) struct Averages<const N: usize> {
    lengths: FeatureLengths,
    mean: [f64; N],
    /// The sum of the true ranges until there are `lengths.atr`, their average from then on.
    range: [f64; N],
}

impl<const N: usize> Averages<N> {
    #[inline(always)]
    fn means(&self, bar: &Bar<N>) -> [f64; N] {
        let alpha = 2.0 / (self.lengths.ema as f64 + 1.0);
        from_fn(|lane| self.mean[lane] + alpha * (bar.close[lane] - self.mean[lane]))
    }
}

#[inline(always)]
fn true_ranges<const N: usize>(before: &Bar<N>, bar: &Bar<N>) -> [f64; N] {
    from_fn(|lane| {
        larger(bar.high[lane], before.close[lane]) - smaller(bar.low[lane], before.close[lane])
    })
}

impl<const N: usize> Walker<N> for Averages<N> {
    type Alone = Averages<1>;

    fn new(lengths: FeatureLengths) -> Self {
        Self {
            lengths,
            mean: [f64::NAN; N],
            range: [f64::NAN; N],
        }
    }

    fn warm(&self) -> usize {
        self.lengths.atr
    }

    #[inline(always)]
    fn step(&mut self, bars: usize, before: &Bar<N>, bar: &Bar<N>) {
        let atr = self.lengths.atr;
        if bars >= atr {
            return self.step_on(before, bar);
        }
        if bars == 0 {
            self.mean = bar.close;
            self.range = from_fn(|lane| bar.high[lane] - bar.low[lane]);
        } else {
            let ranges = true_ranges(before, bar);
            self.range = from_fn(|lane| self.range[lane] + ranges[lane]);
            self.mean = self.means(bar);
        }
        if bars + 1 == atr {
            self.range = self.range.map(|sum| sum / atr as f64);
        }
    }

    #[inline(always)]
    fn step_on(&mut self, before: &Bar<N>, bar: &Bar<N>) {
        let (others, all) = ((self.lengths.atr - 1) as f64, self.lengths.atr as f64);
        let ranges = true_ranges(before, bar);
        self.range = from_fn(|lane| (others * self.range[lane] + ranges[lane]) / all);
        self.mean = self.means(bar);
    }

    fn alone(&self, lane: usize) -> Averages<1> {
        Averages {
            lengths: self.lengths,
            mean: [self.mean[lane]],
            range: [self.range[lane]],
        }
    }
}

impl Averages<1> {
    /// Of so many bars; NaN where they are too few.
    pub fn ema(&self, bars: usize) -> f64 {
        from(bars, self.lengths.ema, self.mean[0])
    }

    /// Of so many bars; NaN where they are too few.
    pub fn atr(&self, bars: usize) -> f64 {
        from(bars, self.lengths.atr, self.range[0])
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
pub(super) fn from(bars: usize, least: usize, value: f64) -> f64 {
    if bars < least { f64::NAN } else { value }
}

#[inline(always)]
pub(super) fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

#[inline(always)]
fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}
