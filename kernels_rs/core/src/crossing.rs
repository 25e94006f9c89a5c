//! Crossings of the close over its averages.

use crate::families::Sides;
use crate::params::{Dialect, MEMBERS};
use crate::window::Lanes;

/// The signals of one family's members: 0, then +1 after a crossing up and -1 after one down.
pub(crate) struct Crossings {
    keeps_last: bool,
    before: Sides,
    pub signals: Lanes,
}

impl Crossings {
    pub fn new(dialect: Dialect) -> Self {
        let keeps_last = dialect == Dialect::Tradingview;
        Self {
            keeps_last,
            before: Sides::UNDEFINED,
            signals: [0.0; MEMBERS],
        }
    }

    /// Takes in one bar; comparisons with an undefined (NaN) side are false, so they never cross.
    #[inline]
    pub fn step(&mut self, now: &Sides) {
        for i in 0..MEMBERS {
            let (close, average) = (now.close[i], now.average[i]);
            let (close_before, average_before) = (self.before.close[i], self.before.average[i]);
            let up = close > average && close_before <= average_before;
            let down = close < average && close_before >= average_before;
            let kept = if down { -1.0 } else { self.signals[i] };
            self.signals[i] = if up { 1.0 } else { kept };
        }
        self.remember(now);
    }

    /// In `tradingview` the bar to compare with is the last one on which both sides were defined.
    #[inline]
    fn remember(&mut self, now: &Sides) {
        if !self.keeps_last {
            self.before = *now;
            return;
        }
        for i in 0..MEMBERS {
            let undefined = now.close[i].is_nan() || now.average[i].is_nan();
            self.before.close[i] = if undefined {
                self.before.close[i]
            } else {
                now.close[i]
            };
            self.before.average[i] = if undefined {
                self.before.average[i]
            } else {
                now.average[i]
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signals(dialect: Dialect, differences: &[f64]) -> Vec<f64> {
        let mut crossings = Crossings::new(dialect);
        let step = |difference: &f64| {
            crossings.step(&Sides {
                close: [*difference; MEMBERS],
                average: [0.0; MEMBERS],
            });
            crossings.signals[0]
        };
        differences.iter().map(step).collect()
    }

    #[test]
    fn a_touch_counts_as_the_side_it_leaves() {
        let closes = [1.0, 0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 2.0];
        let expected = [0.0, 0.0, 1.0, 1.0, -1.0, -1.0, -1.0, 1.0];
        assert_eq!(signals(Dialect::Lts, &closes), expected);
        assert_eq!(signals(Dialect::Tradingview, &closes), expected);
    }

    #[test]
    fn an_undefined_bar_breaks_the_pair_only_in_lts() {
        let closes = [-1.0, f64::NAN, 1.0];
        assert_eq!(signals(Dialect::Lts, &closes), [0.0, 0.0, 0.0]);
        assert_eq!(signals(Dialect::Tradingview, &closes), [0.0, 0.0, 1.0]);
    }
}
