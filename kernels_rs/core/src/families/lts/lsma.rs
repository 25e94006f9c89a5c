//! LSMA: the regression line's value at the newest bar, `3*WMA - 2*SMA`; compared after multiplying by n(n+1).

use super::super::{Averages, Sides};
use crate::params::MEMBERS;
use crate::prices::Bars;
use crate::window::{Lanes, Windows};

pub(crate) fn factor(n: usize) -> u128 {
    6 * super::triangle(n)
}

struct Lsma {
    windows: Windows,
    scale: Lanes,
    plain: Lanes,
}

pub(super) fn build(lengths: &[usize; MEMBERS], _bars: &Bars) -> Box<dyn Averages> {
    Box::new(Lsma {
        windows: Windows::new([0; MEMBERS], *lengths),
        scale: lengths.map(|n| (2 * super::triangle(n)) as f64),
        plain: lengths.map(|n| (2 * (n + 1)) as f64),
    })
}

impl Averages for Lsma {
    fn step(&mut self, bars: &Bars, t: usize, sides: &mut Sides) {
        self.windows.step(t, |_, u| bars.source_ticks[u]);
        for i in 0..MEMBERS {
            sides.close[i] = bars.close_ticks[t] * self.scale[i];
            sides.average[i] = 6.0 * self.windows.weighted[i] - self.plain[i] * self.windows.sum[i];
        }
    }
}
