//! Everything that can be wrong with a call.

use std::fmt;

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
    /// The offsets hold not even the first one.
    NoOffsets,
    /// An offset is smaller than the one before it.
    OffsetDecreases {
        /// Index of the smaller offset.
        index: usize,
        /// The offset.
        offset: usize,
        /// The one before.
        before: usize,
    },
    /// The last offset lies behind the last bar.
    OffsetBeyondEnd {
        /// The last offset.
        offset: usize,
        /// The number of bars.
        bars: usize,
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
            Self::NoOffsets => write!(
                f,
                "offsets has 0 entries, it needs one more than there are series"
            ),
            Self::OffsetDecreases {
                index,
                offset,
                before,
            } => {
                write!(
                    f,
                    "offsets[{index}] is {offset}, it must be at least the offset before it, {before}"
                )
            }
            Self::OffsetBeyondEnd { offset, bars } => {
                write!(
                    f,
                    "the last offset is {offset}, it must be at most the number of bars, {bars}"
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
