//! The recursions that both dialects share.

use super::{Averages, Sides};
use crate::params::MEMBERS;
use crate::prices::Bars;
use crate::window::Lanes;

const SLOWEST: f64 = 0.064;
const FASTEST: f64 = 0.666;

/// KAMA's step towards the source: `z*z` with `z = ratio*(0.666-0.064)+0.064`.
pub(crate) fn adaptive_gain(ratio: f64) -> f64 {
    let z = ratio * (FASTEST - SLOWEST) + SLOWEST;
    z * z
}

/// Nine exponential averages `e = e + alpha*(x - e)`, `alpha = 2/(n+1)`, NaN before their seed at bar n-1.
pub(crate) struct Exponential {
    lengths: [usize; MEMBERS],
    longest: usize,
    seeds: Lanes,
    pub alpha: Lanes,
    pub value: Lanes,
}

impl Exponential {
    /// `seed(n)` is the value at bar n-1; it is asked only for lengths the series of `bars` bars reaches.
    pub fn new(lengths: &[usize; MEMBERS], bars: usize, seed: impl Fn(usize) -> f64) -> Self {
        Self {
            lengths: *lengths,
            longest: lengths.iter().copied().max().unwrap_or(0),
            seeds: lengths.map(|n| if n <= bars { seed(n) } else { f64::NAN }),
            alpha: lengths.map(|n| 2.0 / (n as f64 + 1.0)),
            value: [f64::NAN; MEMBERS],
        }
    }

    #[inline]
    pub fn step(&mut self, t: usize, x: f64) {
        follow(&mut self.value, &self.alpha, |_| x);
        for i in self.seeded_at(t) {
            self.value[i] = self.seeds[i];
        }
    }

    /// The members whose first value is at bar `t`.
    #[inline]
    pub fn seeded_at(&self, t: usize) -> impl Iterator<Item = usize> + use<> {
        let (lengths, pending) = (self.lengths, if t < self.longest { MEMBERS } else { 0 });
        (0..pending).filter(move |&i| lengths[i] == t + 1)
    }
}

/// One step of every average towards its target; undefined averages stay undefined.
#[inline]
pub(crate) fn follow(averages: &mut Lanes, alpha: &Lanes, target: impl Fn(usize) -> f64) {
    for i in 0..MEMBERS {
        averages[i] += alpha[i] * (target(i) - averages[i]);
    }
}

/// EMA: an exponential average over the float source.
pub(crate) struct Ema(pub Exponential);

impl Averages for Ema {
    fn step(&mut self, bars: &Bars, t: usize, sides: &mut Sides) {
        self.0.step(t, bars.source[t]);
        sides.close = [bars.close[t]; MEMBERS];
        sides.average = self.0.value;
    }
}
