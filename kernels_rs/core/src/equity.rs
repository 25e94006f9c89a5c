//! Equities of imagined positions that follow a signal.

use crate::params::Dialect;

const FLOOR: f64 = 0.25;
const TOLERANCE: f64 = 1e-10;

/// Equities that advance together: `e = (e*(1-decay)) * (1+a)`, not below 0.25, with `a` the bar's return in the
/// direction of the signal one bar before. Units: multiples of the starting equity.
pub(crate) struct Equities<const N: usize> {
    dialect: Dialect,
    keep: f64,
    last_gain: [f64; N],
    pub value: [f64; N],
}

impl<const N: usize> Equities<N> {
    /// `decay` is in percent per bar.
    pub fn new(dialect: Dialect, decay: f64) -> Self {
        Self {
            dialect,
            keep: 1.0 - decay / 100.0,
            last_gain: [0.0; N],
            value: [f64::NAN; N],
        }
    }

    pub fn start(&mut self, start: &[f64; N]) {
        self.value = match self.dialect {
            Dialect::Lts => start.map(floor_exact),
            Dialect::Tradingview => start.map(floor_tolerant),
        };
    }

    /// One bar: the signals of the bar before, and this bar's return times its growth factor.
    pub fn advance(&mut self, signals: &[f64; N], gain: f64) {
        match self.dialect {
            Dialect::Lts => self.advance_exact(signals, gain),
            Dialect::Tradingview => self.advance_tolerant(signals, gain),
        }
    }

    fn advance_exact(&mut self, signals: &[f64; N], gain: f64) {
        for i in 0..N {
            let a = in_direction(signals[i], gain, 0.0);
            self.value[i] = floor_exact((self.value[i] * self.keep) * (1.0 + a));
        }
    }

    fn advance_tolerant(&mut self, signals: &[f64; N], gain: f64) {
        for i in 0..N {
            // The published script goes on with its last gain while it has no direction.
            let a = in_direction(signals[i], gain, self.last_gain[i]);
            self.last_gain[i] = a;
            self.value[i] = floor_tolerant((self.value[i] * self.keep) * (1.0 + a));
        }
    }
}

fn in_direction(signal: f64, gain: f64, idle: f64) -> f64 {
    let short = if signal < 0.0 { -gain } else { idle };
    if signal > 0.0 { gain } else { short }
}

fn floor_exact(value: f64) -> f64 {
    if value < FLOOR { FLOOR } else { value }
}

fn floor_tolerant(value: f64) -> f64 {
    if value - FLOOR < -TOLERANCE {
        FLOOR
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(dialect: Dialect, start: f64, steps: &[(f64, f64)]) -> Vec<f64> {
        let mut equities = Equities::<1>::new(dialect, 50.0);
        equities.start(&[start]);
        let step = |&(signal, gain): &(f64, f64)| {
            equities.advance(&[signal], gain);
            equities.value[0]
        };
        steps.iter().map(step).collect()
    }

    #[test]
    fn gains_follow_the_sign_of_the_signal() {
        let steps = [(0.01, 1.0), (-0.5, 0.5), (1.0, 3.0)];
        assert_eq!(walk(Dialect::Lts, 2.0, &steps), [2.0, 0.5, 1.0]);
        assert_eq!(walk(Dialect::Tradingview, 2.0, &steps), [2.0, 0.5, 1.0]);
    }

    #[test]
    fn without_a_direction_lts_rests_and_tradingview_repeats_itself() {
        let steps = [(0.0, 7.0), (1.0, 1.0), (0.0, 7.0), (f64::NAN, 7.0)];
        assert_eq!(walk(Dialect::Lts, 8.0, &steps), [4.0, 4.0, 2.0, 1.0]);
        assert_eq!(
            walk(Dialect::Tradingview, 8.0, &steps),
            [4.0, 4.0, 4.0, 4.0]
        );
    }

    #[test]
    fn the_floor_holds_from_the_start_and_is_tolerant_in_tradingview() {
        let below = FLOOR - 5e-11;
        let mut exact = Equities::<3>::new(Dialect::Lts, 0.0);
        exact.start(&[0.1, below, 0.3]);
        assert_eq!(exact.value, [FLOOR, FLOOR, 0.3]);
        let mut tolerant = Equities::<3>::new(Dialect::Tradingview, 0.0);
        tolerant.start(&[0.1, below, 0.3]);
        assert_eq!(tolerant.value, [FLOOR, below, 0.3]);
        exact.advance(&[1.0; 3], -0.5);
        assert_eq!(exact.value, [FLOOR, FLOOR, FLOOR]);
    }
}
