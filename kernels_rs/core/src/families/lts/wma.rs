//! WMA: linearly weighted mean, newest weight n; compared as `c*n(n+1)/2` with the weighted sum.

use super::super::{Averages, Sides};
use crate::params::MEMBERS;
use crate::prices::Bars;
use crate::window::{Lanes, Windows};

pub(crate) fn factor(n: usize) -> u128 {
    super::triangle(n)
}

struct Wma {
    windows: Windows,
    scale: Lanes,
}

pub(super) fn build(lengths: &[usize; MEMBERS], _bars: &Bars) -> Box<dyn Averages> {
    let scale = lengths.map(|n| super::triangle(n) as f64);
    Box::new(Wma {
        windows: Windows::new([0; MEMBERS], *lengths),
        scale,
    })
}

impl Averages for Wma {
    fn step(&mut self, bars: &Bars, t: usize, sides: &mut Sides) {
        self.windows.step(t, |_, u| bars.source_ticks[u]);
        sides.close = self.scale.map(|scale| bars.close_ticks[t] * scale);
        sides.average = self.windows.weighted;
    }
}
