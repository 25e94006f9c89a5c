//! What a run computes: dialect, lengths, weights, thresholds.

use crate::batch::Candles;
use crate::error::Error;
use crate::families::{CATALOG, Definition};

/// Families of moving averages, in the order EMA, HMA, WMA, DEMA, LSMA, KAMA.
pub const FAMILIES: usize = 6;
/// Members (lengths) per family, in the order n, n+o1..n+o4, n-o1..n-o4.
pub const MEMBERS: usize = 9;
/// The longest member length accepted, in bars: every window constant then fits in 128 bits.
pub const LONGEST: usize = 1 << 20;

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

/// The parameters of one run, shared by all series of a batch.
#[derive(Clone, Debug)]
pub struct Params {
    /// The definition that is followed.
    pub dialect: Dialect,
    /// The nine member lengths of each family, in bars, in member order; `None` takes the family out of the run.
    pub lengths: [Option<[usize; MEMBERS]>; FAMILIES],
    /// The starting equity of each family in layer 2, in family order; > 0.
    pub weights: [f64; FAMILIES],
    /// Equity lost per bar, in percent: 0.03 means a factor of 1 - 0.0003.
    pub decay: f64,
    /// First bar with equities and signals (K), counted from the series' first bar.
    pub cutout: usize,
    /// `Average_Signal` above this is LONG.
    pub long_threshold: f64,
    /// `Average_Signal` below this is SHORT.
    pub short_threshold: f64,
    /// The price that is averaged.
    pub source: Source,
    /// Shift `Average_Signal` by one bar (`lts` only; in `tradingview` it changes nothing here).
    pub strategy: bool,
}

impl Params {
    pub(crate) fn check(&self) -> Result<(), Error> {
        check_lengths(self.dialect, &self.lengths)
    }
}

/// The bars a series needs for every member in use to have crossed once: the largest first-defined bar, plus 2.
///
/// KAMA counts as defined from bar 0. Units: bars.
///
/// # Errors
/// A member length out of range, or no family in use.
pub fn warmup(
    dialect: Dialect,
    lengths: &[Option<[usize; MEMBERS]>; FAMILIES],
) -> Result<usize, Error> {
    check_lengths(dialect, lengths)?;
    let first_bars =
        members(dialect, lengths).map(|(family, length)| (family.first_defined)(length));
    Ok(first_bars.max().unwrap_or(0) + 2)
}

fn members(
    dialect: Dialect,
    lengths: &[Option<[usize; MEMBERS]>; FAMILIES],
) -> impl Iterator<Item = (&'static Definition, usize)> {
    let used = CATALOG
        .iter()
        .zip(lengths)
        .filter_map(|(row, members)| Some((row, (*members)?)));
    used.flat_map(move |(row, members)| members.map(|length| (row.definition(dialect), length)))
}

fn check_lengths(
    dialect: Dialect,
    lengths: &[Option<[usize; MEMBERS]>; FAMILIES],
) -> Result<(), Error> {
    if lengths.iter().all(Option::is_none) {
        return Err(Error::NoFamily);
    }
    for (row, members) in CATALOG.iter().zip(lengths) {
        if let Some(members) = members {
            check_family(row.name, row.definition(dialect).shortest, members)?;
        }
    }
    Ok(())
}

fn check_family(
    family: &'static str,
    shortest: usize,
    members: &[usize; MEMBERS],
) -> Result<(), Error> {
    let base = members[0];
    for (member, &length) in members.iter().enumerate() {
        if length < shortest {
            let reach = members
                .iter()
                .map(|&m| base.saturating_sub(m))
                .max()
                .unwrap_or(0);
            let least_base = shortest.saturating_add(reach);
            return Err(Error::LengthTooShort {
                family,
                member,
                length,
                shortest,
                least_base,
            });
        }
        if length > LONGEST {
            return Err(Error::LengthTooLong {
                family,
                member,
                length,
            });
        }
    }
    Ok(())
}

impl std::str::FromStr for Dialect {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let table = [("lts", Self::Lts), ("tradingview", Self::Tradingview)];
        pick("dialect", name, &table, "lts, tradingview")
    }
}

impl std::str::FromStr for Source {
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
        pick(
            "source",
            name,
            &table,
            "close, open, high, low, hl2, hlc3, ohlc4",
        )
    }
}

impl std::str::FromStr for Want {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let table = [
            ("last", Self::Last),
            ("average", Self::Average),
            ("layers", Self::Layers),
            ("all", Self::All),
        ];
        pick("want", name, &table, "last, average, layers, all")
    }
}

pub(crate) fn pick<T: Copy>(
    what: &'static str,
    name: &str,
    table: &[(&str, T)],
    allowed: &'static str,
) -> Result<T, Error> {
    let found = table.iter().find(|(known, _)| *known == name);
    found
        .map(|(_, value)| *value)
        .ok_or_else(|| Error::UnknownName {
            what,
            value: name.to_owned(),
            allowed,
        })
}
