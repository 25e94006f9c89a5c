//! Wilder's oscillators bar by bar: the relative strength index and the average directional index.
#![allow(clippy::inline_always)] // What goes abreast stays in registers only where nothing is called.

use std::array::from_fn;

use super::FeatureLengths;
use super::walk::{Bar, Walker, from, larger};

/// Wilder's average of values of N series: the mean of the first `bars`, then a step of 1/`bars` towards each next.
#[derive(Clone, Copy)]
struct Average<const N: usize>([f64; N]);

impl<const N: usize> Average<N> {
    /// The value that makes `count` of them; a sum until there are `bars`.
    #[inline(always)]
    fn take(&mut self, values: [f64; N], count: usize, bars: usize) {
        if count > bars {
            return self.follow(values, bars);
        }
        self.0 = from_fn(|lane| self.0[lane] + values[lane]);
        if count == bars {
            self.0 = self.0.map(|sum| sum / bars as f64);
        }
    }

    #[inline(always)]
    fn follow(&mut self, values: [f64; N], bars: usize) {
        let alpha = 1.0 / bars as f64;
        self.0 = from_fn(|lane| self.0[lane] + alpha * (values[lane] - self.0[lane]));
    }

    fn alone(&self, lane: usize) -> Average<1> {
        Average([self.0[lane]])
    }
}

/// Relative strength: averages of how far the close went up and down.
#[derive(Clone, Copy)]
pub(super) struct Rsi<const N: usize> {
    bars: usize,
    gain: Average<N>,
    loss: Average<N>,
}

/// How far the close went up, and how far down.
#[inline(always)]
fn changes<const N: usize>(before: &Bar<N>, bar: &Bar<N>) -> [[f64; N]; 2] {
    let change: [f64; N] = from_fn(|lane| bar.close[lane] - before.close[lane]);
    [
        change.map(|each| larger(each, 0.0)),
        change.map(|each| larger(-each, 0.0)),
    ]
}

impl<const N: usize> Walker<N> for Rsi<N> {
    type Alone = Rsi<1>;

    fn new(lengths: FeatureLengths) -> Self {
        Self {
            bars: lengths.rsi,
            gain: Average([0.0; N]),
            loss: Average([0.0; N]),
        }
    }

    fn warm(&self) -> usize {
        self.bars + 1
    }

    #[inline(always)]
    fn step(&mut self, bars: usize, before: &Bar<N>, bar: &Bar<N>) {
        if bars > 0 {
            let [gain, loss] = changes(before, bar);
            self.gain.take(gain, bars, self.bars);
            self.loss.take(loss, bars, self.bars);
        }
    }

    #[inline(always)]
    fn step_on(&mut self, before: &Bar<N>, bar: &Bar<N>) {
        let [gain, loss] = changes(before, bar);
        self.gain.follow(gain, self.bars);
        self.loss.follow(loss, self.bars);
    }

    fn alone(&self, lane: usize) -> Rsi<1> {
        Rsi {
            bars: self.bars,
            gain: self.gain.alone(lane),
            loss: self.loss.alone(lane),
        }
    }
}

impl Rsi<1> {
    /// Of 100, of so many bars; NaN where they are too few, or no close differs from the one before.
    pub fn value(&self, bars: usize) -> f64 {
        let (Average([gain]), Average([loss])) = (self.gain, self.loss);
        let known = gain + loss > 0.0;
        let value = if known {
            100.0 * (gain / (gain + loss))
        } else {
            f64::NAN
        };
        from(bars, self.bars + 1, value)
    }
}

/// Averages of the directional movements, and of the index that they make.
#[derive(Clone, Copy)]
pub(super) struct Adx<const N: usize> {
    bars: usize,
    up: Average<N>,
    down: Average<N>,
    index: Average<N>,
}

/// The directional movement up, and that down: of the two only the larger.
#[inline(always)]
fn movements<const N: usize>(before: &Bar<N>, bar: &Bar<N>) -> [[f64; N]; 2] {
    let up: [f64; N] = from_fn(|lane| bar.high[lane] - before.high[lane]);
    let down: [f64; N] = from_fn(|lane| before.low[lane] - bar.low[lane]);
    let above = |one: f64, other: f64| if one > larger(other, 0.0) { one } else { 0.0 };
    [
        from_fn(|lane| above(up[lane], down[lane])),
        from_fn(|lane| above(down[lane], up[lane])),
    ]
}

impl<const N: usize> Adx<N> {
    /// A fraction; 0 where nothing has moved either way.
    #[inline(always)]
    fn directional_index(&self) -> [f64; N] {
        from_fn(|lane| {
            let (up, down) = (self.up.0[lane], self.down.0[lane]);
            let both = up + down;
            let index = (up - down).abs() / both;
            if both > 0.0 { index } else { 0.0 }
        })
    }
}

impl<const N: usize> Walker<N> for Adx<N> {
    type Alone = Adx<1>;

    fn new(lengths: FeatureLengths) -> Self {
        let none = Average([0.0; N]);
        Self {
            bars: lengths.adx,
            up: none,
            down: none,
            index: none,
        }
    }

    fn warm(&self) -> usize {
        2 * self.bars
    }

    #[inline(always)]
    fn step(&mut self, bars: usize, before: &Bar<N>, bar: &Bar<N>) {
        if bars == 0 {
            return;
        }
        let [up, down] = movements(before, bar);
        self.up.take(up, bars, self.bars);
        self.down.take(down, bars, self.bars);
        if bars >= self.bars {
            let index = self.directional_index();
            self.index.take(index, bars - self.bars + 1, self.bars);
        }
    }

    #[inline(always)]
    fn step_on(&mut self, before: &Bar<N>, bar: &Bar<N>) {
        let [up, down] = movements(before, bar);
        self.up.follow(up, self.bars);
        self.down.follow(down, self.bars);
        self.index.follow(self.directional_index(), self.bars);
    }

    fn alone(&self, lane: usize) -> Adx<1> {
        Adx {
            bars: self.bars,
            up: self.up.alone(lane),
            down: self.down.alone(lane),
            index: self.index.alone(lane),
        }
    }
}

impl Adx<1> {
    /// Of 100, of so many bars; NaN where they are too few.
    pub fn value(&self, bars: usize) -> f64 {
        let Average([index]) = self.index;
        from(bars, 2 * self.bars, 100.0 * index)
    }
}
