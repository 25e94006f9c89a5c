//! Everything that can be wrong with a call.

/// What a call got wrong; the text names the thing, its value and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A member is shorter than its average can be.
    #[error(
        "{family} member {member} has length {length}, below the minimum of {shortest}; \
         the smallest allowed base length is {least_base}"
    )]
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
    /// A member is longer than any may be.
    #[error("{family} member {member} has length {length}, above the maximum of {longest}")]
    LengthTooLong {
        /// Family name.
        family: &'static str,
        /// Place in the member order, from 0.
        member: usize,
        /// The length given, in bars.
        length: usize,
        /// The longest member length, in bars.
        longest: usize,
    },
    /// No family takes part.
    #[error("lengths name no family; at least 1 of {families} must take part")]
    NoFamily {
        /// How many there are.
        families: usize,
    },
    /// A name that is not in its list.
    #[error("{what} is '{value}', allowed: {allowed}")]
    UnknownName {
        /// What is named.
        what: &'static str,
        /// The name given.
        value: String,
        /// The names that exist.
        allowed: String,
    },
    /// A price column is not as long as the closes.
    #[error("{column} has {length} entries, it must have as many as close, {bars}")]
    ColumnLength {
        /// Column name.
        column: &'static str,
        /// Its length.
        length: usize,
        /// The number of closes.
        bars: usize,
    },
    /// Not as many starts as ends.
    #[error("there are {starts} starts and {ends} ends, there must be one of each per series")]
    BoundsLength {
        /// Number of starts.
        starts: usize,
        /// Number of ends.
        ends: usize,
    },
    /// A series that ends before it starts, or behind the last bar.
    #[error("series {series} is {start}..{end}, it must lie in order within 0..{bars}")]
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
    #[error("series {series} has 0 bars, it needs at least 1 to start from")]
    NoBars {
        /// Index of the series.
        series: usize,
    },
    /// Another number of series than a state holds.
    #[error("there are {series} series, the state holds {expected}")]
    SeriesCount {
        /// The number given.
        series: usize,
        /// The number held.
        expected: usize,
    },
    /// Series that are to go on by different numbers of bars.
    #[error("series {series} has {bars} new bars, it must have as many as every other, {expected}")]
    UnequalSteps {
        /// Index of the first series that differs.
        series: usize,
        /// Its new bars.
        bars: usize,
        /// Those of the longest.
        expected: usize,
    },
    /// Bytes that are not a state.
    #[error("the saved state {problem}")]
    State {
        /// What is wrong with them.
        problem: &'static str,
    },
    /// Instructions that this processor does not have.
    #[error("simd is '{simd}', this processor has: {here}")]
    SimdMissing {
        /// The path asked for.
        simd: String,
        /// The paths that it has.
        here: String,
    },
    /// The growth table ends before the longest series does.
    #[error(
        "growth has {length} entries, it needs at least {needed}: the longest series less the cutout"
    )]
    GrowthTooShort {
        /// Entries given.
        length: usize,
        /// Entries needed.
        needed: usize,
    },
    /// Rows narrower than the longest series.
    #[error("width is {width}, it must be at least the bars of the longest series, {longest}")]
    WidthTooSmall {
        /// The width given, in bars.
        width: usize,
        /// Bars of the longest series.
        longest: usize,
    },
    /// A length of a feature that spans too few bars.
    #[error("{name} is {bars} bars, it must be at least {least}")]
    FeatureLength {
        /// Name of the length.
        name: &'static str,
        /// The bars given.
        bars: usize,
        /// The fewest that it can be.
        least: usize,
    },
    /// A figure that there is none of.
    #[error("figure {place} is asked for, there are {figures}, from 0 on")]
    FeaturePlace {
        /// Its place.
        place: usize,
        /// How many there are.
        figures: usize,
    },
    /// Columns that are not four for each series.
    #[error("there are {columns} columns, there must be 4 per series: high, low, close, volume")]
    CandleColumns {
        /// The number given.
        columns: usize,
    },
    /// An output array of another size than the result.
    #[error("output {output} has {length} entries, it must have {needed}")]
    OutputLength {
        /// Output name.
        output: &'static str,
        /// Its length.
        length: usize,
        /// The length needed.
        needed: usize,
    },
    /// Symbols that do not follow each other through the columns.
    #[error("offsets must rise from 0 to the entries of close, {bars}")]
    TapeOffsets {
        /// The number of bars in the columns.
        bars: usize,
    },
    /// Bars that are not in order on the axis, or not on it.
    #[error("the places of symbol {symbol} must rise within 0..{places}")]
    TapePlaces {
        /// Number of the symbol.
        symbol: usize,
        /// The places of the axis.
        places: usize,
    },
}
