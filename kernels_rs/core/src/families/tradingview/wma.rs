//! WMA: `s*1 + s*2 + .. + s*n` over n(n+1)/2, summed afresh at every bar.

use super::super::{Averages, Sides};
use super::resum::{Block, Blocks, resum};
use crate::params::MEMBERS;
use crate::prices::Bars;

struct Wma {
    lengths: [usize; MEMBERS],
    values: Blocks,
}

pub(super) fn build(lengths: &[usize; MEMBERS], _bars: &Bars) -> Box<dyn Averages> {
    Box::new(Wma {
        lengths: *lengths,
        values: Blocks::UNDEFINED,
    })
}

impl Averages for Wma {
    fn step(&mut self, bars: &Bars, t: usize, sides: &mut Sides) {
        sides.close = [bars.close[t]; MEMBERS];
        sides.average = self
            .values
            .at(t, &self.lengths, |n| means(bars.source, t, n));
    }
}

/// The means over the windows that end at the bars of one block.
fn means(x: &[f64], start: usize, n: usize) -> Block {
    let total = (n * (n + 1) / 2) as f64;
    resum(x, start, n, |value, weight| value * weight).map(|sum| sum / total)
}
