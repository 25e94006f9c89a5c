//! The pass over one series, oldest bar first: members, layer 1, layer 2.

use crate::crossing::Crossings;
use crate::equity::Equities;
use crate::families::{Averages, CATALOG, Sides};
use crate::outputs::Row;
use crate::params::{Dialect, FAMILIES, MEMBERS, Params};
use crate::prices::Bars;
use crate::round::{hundredths_away, hundredths_even};

/// The cut of the published script, which does not follow the thresholds.
const FIXED_CUT: f64 = 0.49;

/// Computes one series into its row.
pub(crate) fn run(bars: &Bars, params: &Params, growth: &[f64], row: &mut Row) {
    let mut pass = Pass::new(bars, params);
    let mut output = Average::new(params);
    for t in 0..bars.close.len() {
        pass.step(bars, growth, t);
        let average = output.step(pass.average(t), t);
        row.record(t, average, &pass.signals, &pass.shown_weights());
    }
    *row.flipped = output.flipped;
    for member in &pass.members {
        member.write_last(row);
    }
}

/// One family in use: its averages, its nine signals and their equities.
struct Members {
    family: usize,
    averages: Box<dyn Averages>,
    sides: Sides,
    crossings: Crossings,
    equities: Equities<MEMBERS>,
}

impl Members {
    /// Layer 1: the family signal, before rounding.
    fn step(&mut self, bars: &Bars, t: usize, cutout: usize, gain: f64) -> f64 {
        match t.cmp(&cutout) {
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Equal => self.equities.start(&[1.0; MEMBERS]),
            std::cmp::Ordering::Greater => self.equities.advance(&self.crossings.signals, gain),
        }
        self.averages.step(bars, t, &mut self.sides);
        self.crossings.step(&self.sides);
        weighted_mean(&self.crossings.signals, &self.equities.value)
    }

    fn write_last(&self, row: &mut Row) {
        let first = self.family * MEMBERS;
        for i in 0..MEMBERS {
            // Signals are -1.0, 0.0 or 1.0.
            #[allow(clippy::cast_possible_truncation)]
            let sign = self.crossings.signals[i] as i8;
            row.member_sign[first + i] = sign;
            row.member_equity[first + i] = self.equities.value[i];
        }
    }
}

fn weighted_mean(signals: &[f64; MEMBERS], weights: &[f64; MEMBERS]) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    for i in 0..MEMBERS {
        sum += signals[i] * weights[i];
        total += weights[i];
    }
    sum / total
}

/// The state of one series between two bars.
struct Pass<'a> {
    params: &'a Params,
    cut: (f64, f64),
    members: Vec<Members>,
    signals: [f64; FAMILIES],
    equities: Equities<FAMILIES>,
}

impl<'a> Pass<'a> {
    fn new(bars: &Bars, params: &'a Params) -> Self {
        let dialect = params.dialect;
        let cut = match dialect {
            Dialect::Lts => (params.long_threshold, params.short_threshold),
            Dialect::Tradingview => (FIXED_CUT, -FIXED_CUT),
        };
        let members = (0..FAMILIES).filter_map(|family| {
            let averages =
                (CATALOG[family].definition(dialect).build)(&params.lengths[family]?, bars);
            let (crossings, equities) = (
                Crossings::new(dialect),
                Equities::new(dialect, params.decay),
            );
            Some(Members {
                family,
                averages,
                sides: Sides::UNDEFINED,
                crossings,
                equities,
            })
        });
        Self {
            params,
            cut,
            members: members.collect(),
            signals: [f64::NAN; FAMILIES],
            equities: Equities::new(dialect, params.decay),
        }
    }

    fn step(&mut self, bars: &Bars, growth: &[f64], t: usize) {
        let cutout = self.params.cutout;
        let gain = if t > cutout {
            return_at(bars.close_ticks, t) * growth[t - cutout]
        } else {
            0.0
        };
        match t.cmp(&cutout) {
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Equal => self.equities.start(&self.params.weights),
            std::cmp::Ordering::Greater => self.equities.advance(&self.signals, gain),
        }
        for members in &mut self.members {
            self.signals[members.family] = members.step(bars, t, cutout, gain);
        }
        self.signals = match self.params.dialect {
            Dialect::Lts => self.signals.map(hundredths_even),
            Dialect::Tradingview => self.signals.map(hundredths_away),
        };
    }

    /// Layer 2: the vote of the families in use.
    fn average(&self, t: usize) -> f64 {
        if t < self.params.cutout {
            return before_cutout(self.params.dialect);
        }
        let (mut sum, mut total) = (0.0, 0.0);
        for members in &self.members {
            let weight = self.equities.value[members.family];
            sum += side(self.signals[members.family], self.cut) * weight;
            total += weight;
        }
        sum / total
    }

    /// Equities of the families in use, NaN elsewhere.
    fn shown_weights(&self) -> [f64; FAMILIES] {
        let used = |family: usize| self.params.lengths[family].is_some();
        std::array::from_fn(|family| {
            if used(family) {
                self.equities.value[family]
            } else {
                f64::NAN
            }
        })
    }
}

fn return_at(close: &[f64], t: usize) -> f64 {
    (close[t] - close[t - 1]) / close[t - 1]
}

fn before_cutout(dialect: Dialect) -> f64 {
    match dialect {
        Dialect::Lts => 0.0,
        Dialect::Tradingview => f64::NAN,
    }
}

/// +1 above the upper threshold, -1 below the lower one, else 0.
fn side(x: f64, (upper, lower): (f64, f64)) -> f64 {
    let short = if x < lower { -1.0 } else { 0.0 };
    if x > upper { 1.0 } else { short }
}

/// `Average_Signal` as it is put out, and the last change of its side.
struct Average {
    delayed: bool,
    thresholds: (f64, f64),
    before: f64,
    side: f64,
    flipped: i64,
}

impl Average {
    fn new(params: &Params) -> Self {
        let delayed = params.strategy && params.dialect == Dialect::Lts;
        let thresholds = (params.long_threshold, params.short_threshold);
        Self {
            delayed,
            thresholds,
            before: 0.0,
            side: 0.0,
            flipped: -1,
        }
    }

    fn step(&mut self, average: f64, t: usize) -> f64 {
        let shown = if self.delayed {
            std::mem::replace(&mut self.before, average)
        } else {
            average
        };
        let side = side(shown, self.thresholds);
        if t > 0 && side != self.side {
            self.flipped = i64::try_from(t).unwrap_or(i64::MAX);
        }
        self.side = side;
        shown
    }
}
