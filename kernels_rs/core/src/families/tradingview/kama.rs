//! KAMA: as in `lts`, but from a start at zero, and with its noise from the compensated sum.

use super::super::smoothing::adaptive_gain;
use super::super::{Averages, Sides};
use crate::compensated::CompensatedSum;
use crate::params::MEMBERS;
use crate::prices::Bars;
use crate::window::Lanes;

const QUIET: f64 = 1e-10;

struct Kama {
    lengths: [usize; MEMBERS],
    moves: Vec<f64>,
    noise: [CompensatedSum; MEMBERS],
    value: Lanes,
}

pub(super) fn build(lengths: &[usize; MEMBERS], bars: &Bars) -> Box<dyn Averages> {
    Box::new(Kama {
        lengths: *lengths,
        moves: bars
            .source
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .collect(),
        noise: lengths.map(|n| CompensatedSum::new(n, bars.source.len())),
        value: [0.0; MEMBERS],
    })
}

impl Averages for Kama {
    fn step(&mut self, bars: &Bars, t: usize, sides: &mut Sides) {
        let source = bars.source;
        for i in 0..MEMBERS {
            let n = self.lengths[i];
            // The move into bar t is the t-th one; before bar 1 there is none to add.
            self.noise[i].push(&self.moves[..t]);
            let noise = self.noise[i].sum;
            let still = t < n || noise <= QUIET;
            let ratio = if still {
                0.0
            } else {
                (source[t] - source[t - n]).abs() / noise
            };
            self.value[i] += adaptive_gain(ratio) * (source[t] - self.value[i]);
        }
        sides.close = [bars.close[t]; MEMBERS];
        sides.average = self.value;
    }
}
