//! The six families: one table row each, one file per average and dialect.

mod lts;
mod smoothing;
#[cfg(test)]
mod tests;
mod tradingview;

use crate::params::{Dialect, FAMILIES, MEMBERS};
use crate::prices::Bars;
use crate::window::Lanes;

/// The close and the average at one bar, scaled alike per member; NaN where undefined.
#[derive(Clone, Copy)]
pub(crate) struct Sides {
    pub close: Lanes,
    pub average: Lanes,
}

impl Sides {
    pub const UNDEFINED: Self = Self {
        close: [f64::NAN; MEMBERS],
        average: [f64::NAN; MEMBERS],
    };
}

/// The nine averages of a family, moved along one bar at a time.
pub(crate) trait Averages {
    /// Writes both sides of the comparison at bar `t`; `t` takes every value from 0 on, once.
    fn step(&mut self, bars: &Bars, t: usize, sides: &mut Sides);
}

type Build = fn(&[usize; MEMBERS], &Bars) -> Box<dyn Averages>;

/// One family in one dialect.
pub(crate) struct Definition {
    /// The shortest member length, in bars.
    pub shortest: usize,
    /// The first bar at which a member of this length is defined.
    pub first_defined: fn(usize) -> usize,
    /// The averages of a series.
    pub build: Build,
}

/// One family.
pub(crate) struct Family {
    pub name: &'static str,
    /// How many times the largest integer price a member of this length can reach on the way to a decision.
    pub factor: fn(usize) -> u128,
    lts: Definition,
    tradingview: Definition,
}

impl Family {
    pub fn definition(&self, dialect: Dialect) -> &Definition {
        match dialect {
            Dialect::Lts => &self.lts,
            Dialect::Tradingview => &self.tradingview,
        }
    }
}

const fn plain(length: usize) -> u128 {
    length as u128
}

/// All families, in family order.
pub(crate) static CATALOG: [Family; FAMILIES] = [
    Family {
        name: "EMA",
        factor: plain,
        lts: lts::EMA,
        tradingview: tradingview::EMA,
    },
    Family {
        name: "HMA",
        factor: lts::hma::factor,
        lts: lts::HMA,
        tradingview: tradingview::HMA,
    },
    Family {
        name: "WMA",
        factor: lts::wma::factor,
        lts: lts::WMA,
        tradingview: tradingview::WMA,
    },
    Family {
        name: "DEMA",
        factor: plain,
        lts: lts::DEMA,
        tradingview: tradingview::DEMA,
    },
    Family {
        name: "LSMA",
        factor: lts::lsma::factor,
        lts: lts::LSMA,
        tradingview: tradingview::LSMA,
    },
    Family {
        name: "KAMA",
        factor: plain,
        lts: lts::KAMA,
        tradingview: tradingview::KAMA,
    },
];
