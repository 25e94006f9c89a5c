//! Everything that can be wrong with a call.

use std::fmt;

use crate::simd::Simd;

/// What a call got wrong; the text names the thing, its value and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A member is shorter than its average can be.
    LengthTooShort {
        /// Family name.
        family: &'static str,
        /// Place in the member order, from 0.
        member: usize,
        /// The length given, in bars.
        length: usize,
        /// The shortest member length of this family, in bars.
        shortest: usize,
        /// The smallest base length whose members are all long enough, in bars.
        least_base: usize,
    },
    /// A member is longer than [`crate::LONGEST`].
    LengthTooLong {
        /// Family name.
        family: &'static str,
        /// Place in the member order, from 0.
        member: usize,
        /// The length given, in bars.
        length: usize,
    },
    /// No family takes part.
    NoFamily,
    /// A name that is not in its list.
    UnknownName {
        /// What is named.
        what: &'static str,
        /// The name given.
        value: String,
        /// The names that exist.
        allowed: &'static str,
    },
    /// A price column is not as long as the closes.
    ColumnLength {
        /// Column name.
        column: &'static str,
        /// Its length.
        length: usize,
        /// The number of closes.
        bars: usize,
    },
    /// Not as many starts as ends.
    BoundsLength {
        /// Number of starts.
        starts: usize,
        /// Number of ends.
        ends: usize,
    },
    /// A series that ends before it starts, or behind the last bar.
    BoundsOutside {
        /// Index of the series.
        series: usize,
        /// Its first bar.
        start: usize,
        /// The bar after its last.
        end: usize,
        /// The number of bars in the columns.
        bars: usize,
    },
    /// A series to start from that has no bars.
    NoBars {
        /// Index of the series.
        series: usize,
    },
    /// Another number of series than a state holds.
    SeriesCount {
        /// The number given.
        series: usize,
        /// The number held.
        expected: usize,
    },
    /// Series that are to go on by different numbers of bars.
    UnequalSteps {
        /// Index of the first series that differs.
        series: usize,
        /// Its new bars.
        bars: usize,
        /// Those of the longest.
        expected: usize,
    },
    /// Bytes that are not a state.
    State {
        /// What is wrong with them.
        problem: &'static str,
    },
    /// Instructions that this processor does not have.
    SimdMissing {
        /// The path asked for.
        simd: Simd,
    },
    /// The growth table ends before the longest series does.
    GrowthTooShort {
        /// Entries given.
        length: usize,
        /// Entries needed.
        needed: usize,
    },
    /// Rows narrower than the longest series.
    WidthTooSmall {
        /// The width given, in bars.
        width: usize,
        /// Bars of the longest series.
        longest: usize,
    },
    /// An output array of another size than the result.
    OutputLength {
        /// Output name.
        output: &'static str,
        /// Its length.
        length: usize,
        /// The length needed.
        needed: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LengthTooShort {
                family,
                member,
                length,
                shortest,
                least_base,
            } => write!(
                f,
                "{family} member {member} has length {length}, below the minimum of {shortest}; \
                 the smallest allowed base length is {least_base}"
            ),
            Self::LengthTooLong {
                family,
                member,
                length,
            } => {
                write!(
                    f,
                    "{family} member {member} has length {length}, above the maximum of {}",
                    crate::LONGEST
                )
            }
            Self::NoFamily => write!(
                f,
                "lengths name no family; at least 1 of {} must take part",
                crate::FAMILIES
            ),
            Self::UnknownName {
                what,
                value,
                allowed,
            } => write!(f, "{what} is '{value}', allowed: {allowed}"),
            other => other.shape(f),
        }
    }
}

impl Error {
    fn shape(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ColumnLength {
                column,
                length,
                bars,
            } => {
                write!(
                    f,
                    "{column} has {length} entries, it must have as many as close, {bars}"
                )
            }
            Self::BoundsLength { starts, ends } => {
                write!(
                    f,
                    "there are {starts} starts and {ends} ends, there must be one of each per series"
                )
            }
            Self::BoundsOutside {
                series,
                start,
                end,
                bars,
            } => {
                write!(
                    f,
                    "series {series} is {start}..{end}, it must lie in order within 0..{bars}"
                )
            }
            Self::NoBars { series } => write!(
                f,
                "series {series} has 0 bars, it needs at least 1 to start from"
            ),
            Self::SeriesCount { series, expected } => {
                write!(f, "there are {series} series, the state holds {expected}")
            }
            Self::UnequalSteps {
                series,
                bars,
                expected,
            } => {
                write!(
                    f,
                    "series {series} has {bars} new bars, it must have as many as every other, {expected}"
                )
            }
            Self::State { problem } => write!(f, "the saved state {problem}"),
            Self::SimdMissing { simd } => {
                let here: Vec<String> = Simd::available().iter().map(Simd::to_string).collect();
                write!(
                    f,
                    "simd is '{simd}', this processor has: {}",
                    here.join(", ")
                )
            }
            Self::GrowthTooShort { length, needed } => {
                write!(
                    f,
                    "growth has {length} entries, it needs at least {needed}: the longest series less the cutout"
                )
            }
            Self::WidthTooSmall { width, longest } => {
                write!(
                    f,
                    "width is {width}, it must be at least the bars of the longest series, {longest}"
                )
            }
            Self::OutputLength {
                output,
                length,
                needed,
            } => {
                write!(
                    f,
                    "output {output} has {length} entries, it must have {needed}"
                )
            }
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
