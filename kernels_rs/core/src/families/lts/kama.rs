//! KAMA: moves by the square of its efficiency, the net move over n bars per sum of the single moves.

use super::super::smoothing::adaptive_gain;
use super::super::{Averages, Sides};
use crate::params::MEMBERS;
use crate::prices::Bars;
use crate::window::{Lanes, Windows};

struct Kama {
    lengths: [usize; MEMBERS],
    moves: Vec<f64>,
    noise: Windows,
    value: Lanes,
}

pub(super) fn build(lengths: &[usize; MEMBERS], bars: &Bars) -> Box<dyn Averages> {
    let single = bars
        .source_ticks
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs());
    let seed = bars.source.first().copied().unwrap_or(f64::NAN);
    Box::new(Kama {
        lengths: *lengths,
        // The move into bar t stands at t; there is none into bar 0.
        moves: std::iter::once(f64::NAN).chain(single).collect(),
        noise: Windows::new([1; MEMBERS], *lengths),
        value: [seed; MEMBERS],
    })
}

impl Averages for Kama {
    fn step(&mut self, bars: &Bars, t: usize, sides: &mut Sides) {
        self.noise.step(t, |_, u| self.moves[u]);
        let (ticks, source) = (bars.source_ticks, bars.source[t]);
        for i in 0..MEMBERS {
            let n = self.lengths[i];
            if t >= n {
                let noise = self.noise.sum[i];
                let ratio = if noise <= 0.0 {
                    0.0
                } else {
                    (ticks[t] - ticks[t - n]).abs() / noise
                };
                self.value[i] += adaptive_gain(ratio) * (source - self.value[i]);
            }
        }
        sides.close = [bars.close[t]; MEMBERS];
        sides.average = self.value;
    }
}
