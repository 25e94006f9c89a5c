//! "HMA", which the published script computes as a simple moving average.

use super::super::{Averages, Sides};
use crate::compensated::CompensatedSum;
use crate::params::MEMBERS;
use crate::prices::Bars;

struct Sma {
    lengths: [usize; MEMBERS],
    sums: [CompensatedSum; MEMBERS],
}

pub(super) fn build(lengths: &[usize; MEMBERS], bars: &Bars) -> Box<dyn Averages> {
    Box::new(Sma {
        lengths: *lengths,
        sums: lengths.map(|n| CompensatedSum::new(n, bars.source.len())),
    })
}

impl Averages for Sma {
    fn step(&mut self, bars: &Bars, t: usize, sides: &mut Sides) {
        sides.close = [bars.close[t]; MEMBERS];
        for i in 0..MEMBERS {
            let n = self.lengths[i];
            self.sums[i].push(&bars.source[..=t]);
            sides.average[i] = if t + 1 >= n {
                self.sums[i].sum / n as f64
            } else {
                f64::NAN
            };
        }
    }
}
