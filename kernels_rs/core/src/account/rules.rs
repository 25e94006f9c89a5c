//! By what rules a backtest trades.

use std::num::NonZeroUsize;
use std::str::FromStr;

use crate::error::Error;
use crate::names::pick;

/// What a position is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeBy {
    /// `equity * leverage / n`.
    Equal,
    /// That times |signal|.
    Signal,
    /// `risk_frac * equity / (k * atr / close)`, k = `stop_atr` or 1.
    Atr,
}

impl FromStr for SizeBy {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let table = [
            ("equal", Self::Equal),
            ("signal", Self::Signal),
            ("atr", Self::Atr),
        ];
        pick("size", name, &table)
    }
}

/// The trade rule, its costs and the capital; `None`: no such rule.
// The flags are independent of each other: each is a rule of its own.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Whether longs are traded.
    pub long: bool,
    /// Whether shorts are traded.
    pub short: bool,
    /// Enter at any bar of the side, not only where it flips.
    pub hold: bool,
    /// Fill at the close of the next bar, not at its open.
    pub at_close: bool,
    /// Leave at the opposite side.
    pub flip: bool,
    /// Leave at any other side.
    pub neutral: bool,
    /// Leave where the price is so many ATR against the position.
    pub stop_atr: Option<f64>,
    /// Leave where it is so many in its favour.
    pub target_atr: Option<f64>,
    /// Leave after so many bars.
    pub bars: Option<NonZeroUsize>,
    /// The smallest |signal| entered.
    pub min_signal: f64,
    /// The most bars since the side changed.
    pub max_age_bars: Option<i32>,
    /// The smallest volume.
    pub min_volume: Option<f64>,
    /// The most positions.
    pub max_positions: Option<NonZeroUsize>,
    /// How often the positions become the first of the ranks.
    pub rebalance_bars: Option<NonZeroUsize>,
    /// What a position is worth.
    pub size: SizeBy,
    /// Of the equity, with [`SizeBy::Atr`].
    pub risk_frac: f64,
    /// What all positions may be worth, in equities.
    pub leverage: f64,
    /// Above it a signal is long.
    pub long_threshold: f64,
    /// Below it short.
    pub short_threshold: f64,
    /// Of the value of every fill.
    pub fee_frac: f64,
    /// By which every fill is worse.
    pub slippage_frac: f64,
    /// In quote currency.
    pub capital: f64,
}

impl Rules {
    /// Whether a symbol without ATR cannot be entered.
    pub(super) fn need_atr(&self) -> bool {
        self.size == SizeBy::Atr || self.are_stopped()
    }

    /// Whether a position may end within a bar.
    pub(super) fn are_stopped(&self) -> bool {
        self.stop_atr.is_some() || self.target_atr.is_some()
    }
}
