//! What follows from the parameters alone, worked out once per run.

use crate::choices::{Dialect, Source};
use crate::families::{CATALOG, DEMA, EMA, HMA, KAMA, LSMA, WMA};
use crate::params::{FAMILIES, MEMBERS, Params};

/// The cut of the published script, which does not follow the thresholds.
const FIXED_CUT: f64 = 0.49;

/// A kind of average.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// EMA, DEMA.
    Exponential,
    /// WMA, LSMA, HMA of `lts`.
    Windows,
    Kama,
    /// What `tradingview` calls HMA.
    Simple,
    /// WMA, LSMA of `tradingview`.
    Regression,
}

impl Kind {
    /// The families of this kind, in the order of a group's slots.
    fn families(self) -> &'static [usize] {
        match self {
            Self::Exponential => &[EMA, DEMA],
            Self::Windows => &[WMA, LSMA, HMA],
            Self::Kama => &[KAMA],
            Self::Simple => &[HMA],
            Self::Regression => &[WMA, LSMA],
        }
    }
}

/// Members that share work: nine lengths, and which families of the kind have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupPlan {
    pub kind: Kind,
    pub lengths: [usize; MEMBERS],
    pub slots: [bool; 3],
    /// The last bar at which something of a member is defined for the first time.
    pub last_event: usize,
}

/// Everything about a run but the prices.
pub(crate) struct Plan {
    pub tradingview: bool,
    pub source: Source,
    pub cutout: usize,
    /// What decay leaves of an equity: 1 - De.
    pub keep: f64,
    /// Bars that windows and seeds reach back, the current one not counted.
    pub history: usize,
    pub groups: Vec<GroupPlan>,
    /// Families in use, in order.
    pub used: Vec<usize>,
    pub weights: [f64; FAMILIES],
    /// A family signal of more (less) hundredths than these counts as +1 (-1).
    pub cut_hundredths: (f64, f64),
    pub thresholds: (f64, f64),
    pub delayed: bool,
    /// How many times the largest price a decision can reach.
    pub factor: f64,
    /// The largest integer price whose decisions all stay below 2^53.
    pub largest_ticks: f64,
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
        let groups = groups(params, tradingview);
        let factor = largest_factor(params);
        let longest = groups.iter().map(|group| reach(group, tradingview)).max();
        Self {
            tradingview,
            source: params.source,
            cutout: params.cutout,
            keep: 1.0 - params.decay / 100.0,
            history: longest.unwrap_or(0) + 1,
            groups,
            used: (0..FAMILIES)
                .filter(|&family| params.lengths[family].is_some())
                .collect(),
            weights: params.weights,
            cut_hundredths: in_hundredths(cut),
            thresholds,
            delayed: params.strategy && !tradingview,
            factor: factor as f64,
            largest_ticks: (((1 << 53) - 1) / factor.max(1)) as f64,
        }
    }
}

fn groups(params: &Params, tradingview: bool) -> Vec<GroupPlan> {
    let kinds: &[Kind] = if tradingview {
        &[
            Kind::Exponential,
            Kind::Simple,
            Kind::Regression,
            Kind::Kama,
        ]
    } else {
        &[Kind::Exponential, Kind::Windows, Kind::Kama]
    };
    let mut plans: Vec<GroupPlan> = kinds
        .iter()
        .flat_map(|&kind| of_kind(kind, params))
        .collect();
    for plan in &mut plans {
        plan.last_event = last_event(plan, params.dialect);
    }
    plans
}

/// One group for families whose lengths are all alike, else one for each.
fn of_kind(kind: Kind, params: &Params) -> Vec<GroupPlan> {
    let families = kind.families();
    let lengths: Vec<_> = families
        .iter()
        .map(|&family| params.lengths[family])
        .collect();
    let shared = lengths[0].filter(|_| lengths.iter().all(|each| *each == lengths[0]));
    let group = |lengths, used: &dyn Fn(usize) -> bool| GroupPlan {
        kind,
        lengths,
        slots: std::array::from_fn(|slot| slot < families.len() && used(slot)),
        last_event: 0,
    };
    if let Some(shared) = shared {
        return vec![group(shared, &|_| true)];
    }
    let alone = lengths
        .iter()
        .enumerate()
        .filter_map(|(slot, own)| Some(group((*own)?, &|other| other == slot)));
    alone.collect()
}

fn last_event(plan: &GroupPlan, dialect: Dialect) -> usize {
    let families = plan
        .kind
        .families()
        .iter()
        .enumerate()
        .filter(|(slot, _)| plan.slots[*slot]);
    let firsts = families.flat_map(|(_, &family)| {
        plan.lengths
            .map(CATALOG[family].definition(dialect).first_defined)
    });
    // KAMA is defined from the start, but its window is full only at bar n.
    let full = plan.lengths.iter().copied().max().unwrap_or(0);
    firsts.max().unwrap_or(0).max(full)
}

/// Bars before the current one that a group looks at. In `tradingview` the seed of DEMA goes back to bar 0 at bar 2n-2.
fn reach(plan: &GroupPlan, tradingview: bool) -> usize {
    let longest = plan.lengths.iter().copied().max().unwrap_or(0);
    let seeds = tradingview && plan.kind == Kind::Exponential && plan.slots[1];
    if seeds { 2 * longest } else { longest }
}

fn largest_factor(params: &Params) -> u128 {
    let used = CATALOG
        .iter()
        .zip(&params.lengths)
        .filter_map(|(row, members)| Some((row, (*members)?)));
    used.flat_map(|(row, members)| members.map(|length| (row.factor)(length)))
        .max()
        .unwrap_or(0)
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
