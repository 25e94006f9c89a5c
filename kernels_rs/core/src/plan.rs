//! What follows from the parameters alone, worked out once per run.

use crate::averages::{FAMILIES, Roster, largest_factor, members, rosters};
use crate::choices::Dialect;
use crate::params::Params;
use crate::terms::{Terms, largest_ticks};

/// The cut of the published script, which does not follow the thresholds.
const FIXED_CUT: f64 = 0.49;

/// Everything about a run but the prices.
pub(crate) struct Plan {
    pub terms: Terms,
    pub groups: Vec<Roster>,
    /// Families in use, in order.
    pub used: Vec<usize>,
    pub weights: [f64; FAMILIES],
    /// A family signal of more (less) hundredths than these counts as +1 (-1).
    pub cut_hundredths: (f64, f64),
    pub thresholds: (f64, f64),
    pub delayed: bool,
}

impl Plan {
    pub fn new(params: &Params) -> Self {
        let tradingview = params.dialect == Dialect::Tradingview;
        let thresholds = (params.long_threshold, params.short_threshold);
        let cut = if tradingview {
            (FIXED_CUT, -FIXED_CUT)
        } else {
            thresholds
        };
        Self {
            terms: terms(params),
            groups: rosters(params.dialect, &params.lengths),
            used: (0..FAMILIES)
                .filter(|&family| params.lengths[family].is_some())
                .collect(),
            weights: params.weights,
            cut_hundredths: in_hundredths(cut),
            thresholds,
            delayed: params.strategy && !tradingview,
        }
    }
}

fn terms(params: &Params) -> Terms {
    let reaches = members(params.dialect, &params.lengths).map(|(own, n)| (own.reach)(n));
    let factor = largest_factor(&params.lengths);
    Terms {
        tradingview: params.dialect == Dialect::Tradingview,
        source: params.source,
        cutout: params.cutout,
        keep: 1.0 - params.decay / 100.0,
        history: reaches.max().unwrap_or(0) + 1,
        factor: factor as f64,
        largest_ticks: largest_ticks(factor),
    }
}

/// Bounds on whole hundredths h that decide as `h/100 > above` and `h/100 < below` do, for h from -100 to 100.
fn in_hundredths((above, below): (f64, f64)) -> (f64, f64) {
    let hundredths = || (-100..=100).map(f64::from);
    let over = hundredths().rfind(|h| h / 100.0 <= above).unwrap_or(-101.0);
    let under = hundredths().find(|h| h / 100.0 >= below).unwrap_or(101.0);
    (over, under)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_in_hundredths_decide_as_the_thresholds_do() {
        for (above, below) in [
            (0.1, -0.1),
            (0.29, -0.57),
            (0.485, 0.005),
            (5.0, -5.0),
            (-3.0, 3.0),
            (1.0, -1.0),
        ] {
            let (over, under) = in_hundredths((above, below));
            for h in (-100..=100).map(f64::from) {
                assert_eq!(
                    (h > over, h < under),
                    (h / 100.0 > above, h / 100.0 < below),
                    "{h} at {above}, {below}"
                );
            }
        }
    }
}
