//! DEMA: `2*e1 - e2`, with e2 seeded by the mean of the first n values of e1.

use super::super::smoothing::{Exponential, follow};
use super::super::{Averages, Sides};
use crate::compensated::CompensatedSum;
use crate::params::MEMBERS;
use crate::prices::Bars;
use crate::window::Lanes;

struct Dema {
    lengths: [usize; MEMBERS],
    first: Exponential,
    second: Lanes,
    seeds: [Seed; MEMBERS],
}

/// The compensated mean that starts e2.
struct Seed {
    values: Vec<f64>,
    sum: CompensatedSum,
}

impl Seed {
    fn new(length: usize, bars: usize) -> Self {
        let values = Vec::with_capacity(length.min(bars));
        Self {
            values,
            sum: CompensatedSum::new(length, bars),
        }
    }
}

pub(super) fn build(lengths: &[usize; MEMBERS], bars: &Bars) -> Box<dyn Averages> {
    Box::new(Dema {
        lengths: *lengths,
        first: super::exponential(lengths, bars),
        second: [f64::NAN; MEMBERS],
        seeds: lengths.map(|n| Seed::new(n, bars.source.len())),
    })
}

impl Dema {
    fn seed(&mut self, t: usize) {
        for i in 0..MEMBERS {
            let (n, value) = (self.lengths[i], self.first.value[i]);
            if t + 1 >= n && t <= 2 * n - 2 {
                let Seed { values, sum } = &mut self.seeds[i];
                values.push(value);
                sum.push(values);
                self.second[i] = if values.len() == n {
                    sum.sum / n as f64
                } else {
                    f64::NAN
                };
            }
        }
    }
}

impl Averages for Dema {
    fn step(&mut self, bars: &Bars, t: usize, sides: &mut Sides) {
        self.first.step(t, bars.source[t]);
        let first = &self.first.value;
        follow(&mut self.second, &self.first.alpha, |i| first[i]);
        self.seed(t);
        sides.close = [bars.close[t]; MEMBERS];
        for i in 0..MEMBERS {
            sides.average[i] = 2.0 * self.first.value[i] - self.second[i];
        }
    }
}
