//! What a run chooses by name: dialect, source, how much is written.

use std::str::FromStr;

use crate::batch::Candles;
use crate::error::Error;
use crate::names::pick;

/// The definition that is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// True Hull average, cuts at the thresholds, crossings decided on exact integer prices.
    Lts,
    /// Bit for bit the published script, quirks included.
    Tradingview,
}

/// The price that is averaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Close.
    Close,
    /// Open.
    Open,
    /// High.
    High,
    /// Low.
    Low,
    /// `(high + low) / 2`.
    Hl2,
    /// `((high + low) + close) / 3`.
    Hlc3,
    /// `(((open + high) + low) + close) / 4`.
    Ohlc4,
}

impl Source {
    /// How many columns it is the mean of.
    pub(crate) fn columns(self) -> usize {
        match self {
            Self::Close | Self::Open | Self::High | Self::Low => 1,
            Self::Hl2 => 2,
            Self::Hlc3 => 3,
            Self::Ohlc4 => 4,
        }
    }

    /// Its columns in the order in which they are added.
    pub(crate) fn column<'a>(self, candles: &Candles<'a>, index: usize) -> &'a [f64] {
        let Candles {
            open,
            high,
            low,
            close,
        } = *candles;
        let order = match self {
            Self::Close => [close; 4],
            Self::Open | Self::Ohlc4 => [open, high, low, close],
            Self::High | Self::Hl2 | Self::Hlc3 => [high, low, close, close],
            Self::Low => [low; 4],
        };
        order[index]
    }
}

/// How much of the result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// The values at each series' last bar.
    Last,
    /// `Average_Signal` at every bar.
    Average,
    /// `Average_Signal`, family signals and family equities at every bar.
    Layers,
    /// The same, and every member's signal and equity, at every bar.
    All,
}

impl FromStr for Dialect {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let table = [("lts", Self::Lts), ("tradingview", Self::Tradingview)];
        pick("dialect", name, &table)
    }
}

impl FromStr for Source {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let table = [
            ("close", Self::Close),
            ("open", Self::Open),
            ("high", Self::High),
            ("low", Self::Low),
            ("hl2", Self::Hl2),
            ("hlc3", Self::Hlc3),
            ("ohlc4", Self::Ohlc4),
        ];
        pick("source", name, &table)
    }
}

impl FromStr for Want {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let table = [
            ("last", Self::Last),
            ("average", Self::Average),
            ("layers", Self::Layers),
            ("all", Self::All),
        ];
        pick("want", name, &table)
    }
}
