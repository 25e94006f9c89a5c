//! DEMA: `2*e1 - e2`, with e2 an exponential average over e1 that starts where e1 does.

use super::super::smoothing::{Exponential, follow};
use super::super::{Averages, Sides};
use crate::params::MEMBERS;
use crate::prices::Bars;
use crate::window::Lanes;

struct Dema {
    first: Exponential,
    second: Lanes,
}

pub(super) fn build(lengths: &[usize; MEMBERS], bars: &Bars) -> Box<dyn Averages> {
    Box::new(Dema {
        first: super::exponential(lengths, bars),
        second: [f64::NAN; MEMBERS],
    })
}

impl Averages for Dema {
    fn step(&mut self, bars: &Bars, t: usize, sides: &mut Sides) {
        self.first.step(t, bars.source[t]);
        let first = &self.first.value;
        follow(&mut self.second, &self.first.alpha, |i| first[i]);
        for i in self.first.seeded_at(t) {
            self.second[i] = first[i];
        }
        sides.close = [bars.close[t]; MEMBERS];
        for i in 0..MEMBERS {
            sides.average[i] = 2.0 * first[i] - self.second[i];
        }
    }
}
