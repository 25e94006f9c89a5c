//! What a run computes: dialect, lengths, weights, thresholds.

use crate::averages::{CATALOG, FAMILIES, LONGEST, Lengths, MEMBERS, members};
use crate::choices::{Dialect, Source};
use crate::error::Error;

/// The parameters of one run, shared by all series of a batch.
#[derive(Clone, Debug)]
pub struct Params {
    /// The definition that is followed.
    pub dialect: Dialect,
    /// The nine member lengths of each family, in bars, in member order; `None` takes the family out of the run.
    pub lengths: Lengths,
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
pub fn warmup(dialect: Dialect, lengths: &Lengths) -> Result<usize, Error> {
    check_lengths(dialect, lengths)?;
    let first_bars =
        members(dialect, lengths).map(|(family, length)| (family.first_defined)(length));
    Ok(first_bars.max().unwrap_or(0) + 2)
}

fn check_lengths(dialect: Dialect, lengths: &Lengths) -> Result<(), Error> {
    if lengths.iter().all(Option::is_none) {
        return Err(Error::NoFamily { families: FAMILIES });
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
                longest: LONGEST,
            });
        }
    }
    Ok(())
}
