//! LSMA: the value at the newest bar of the least-squares line through n bars, from its four sums.

use super::super::{Averages, Sides};
use super::resum::{Block, Blocks, resum};
use crate::params::MEMBERS;
use crate::prices::Bars;

struct Lsma {
    lengths: [usize; MEMBERS],
    values: Blocks,
}

pub(super) fn build(lengths: &[usize; MEMBERS], _bars: &Bars) -> Box<dyn Averages> {
    Box::new(Lsma {
        lengths: *lengths,
        values: Blocks::UNDEFINED,
    })
}

impl Averages for Lsma {
    fn step(&mut self, bars: &Bars, t: usize, sides: &mut Sides) {
        sides.close = [bars.close[t]; MEMBERS];
        sides.average = self
            .values
            .at(t, &self.lengths, |n| lines(bars.source, t, n));
    }
}

/// The lines through the windows that end at the bars of one block.
fn lines(x: &[f64], start: usize, bars: usize) -> Block {
    let n = bars as f64;
    let (sum_x, sum_xx) = exact_sums(bars);
    let spread = n * sum_xx - sum_x * sum_x;
    let sums = resum(x, start, bars, |value, _| value);
    let products = resum(x, start, bars, |value, place| value * place);
    std::array::from_fn(|j| {
        let slope = (n * products[j] - sum_x * sums[j]) / spread;
        let intercept = sums[j] / n - slope * sum_x / n + slope;
        intercept + slope * (n - 1.0)
    })
}

/// Sums of 1..=n and of their squares.
fn exact_sums(n: usize) -> (f64, f64) {
    let n = n as u128;
    (
        (n * (n + 1) / 2) as f64,
        (n * (n + 1) * (2 * n + 1) / 6) as f64,
    )
}
