//! The input: many series, end to end.

use crate::error::Error;

/// Price series laid end to end, oldest bar first.
///
/// Series `i` is `offsets[i]..offsets[i + 1]` of every column. Prices are in quote currency, finite and > 0;
/// anything else gives meaningless values, never undefined behaviour.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Opening prices.
    pub open: &'a [f64],
    /// Highest prices.
    pub high: &'a [f64],
    /// Lowest prices.
    pub low: &'a [f64],
    /// Closing prices.
    pub close: &'a [f64],
    /// Series boundaries, one more than there are series, never decreasing.
    pub offsets: &'a [usize],
    /// `growth[j]` is the growth factor at bar `cutout + j`; at least as many entries as the longest series has
    /// bars from the cutout on. Computed by the caller, because exp differs between maths libraries.
    pub growth: &'a [f64],
}

/// The candles of one series.
#[derive(Clone, Copy)]
pub(crate) struct Candles<'a> {
    pub open: &'a [f64],
    pub high: &'a [f64],
    pub low: &'a [f64],
    pub close: &'a [f64],
}

impl<'a> Batch<'a> {
    /// The number of series.
    #[must_use]
    pub fn series(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// The bars of the longest series.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.offsets
            .windows(2)
            .map(|pair| pair[1].saturating_sub(pair[0]))
            .max()
            .unwrap_or(0)
    }

    pub(crate) fn candles(&self, index: usize) -> Candles<'a> {
        let bars = self.offsets[index]..self.offsets[index + 1];
        Candles {
            open: &self.open[bars.clone()],
            high: &self.high[bars.clone()],
            low: &self.low[bars.clone()],
            close: &self.close[bars],
        }
    }

    pub(crate) fn check(&self, cutout: usize) -> Result<(), Error> {
        let bars = self.close.len();
        for (column, values) in [("open", self.open), ("high", self.high), ("low", self.low)] {
            if values.len() != bars {
                return Err(Error::ColumnLength {
                    column,
                    length: values.len(),
                    bars,
                });
            }
        }
        self.check_offsets(bars)?;
        let (length, needed) = (self.growth.len(), self.longest().saturating_sub(cutout));
        if length < needed {
            Err(Error::GrowthTooShort { length, needed })
        } else {
            Ok(())
        }
    }

    fn check_offsets(&self, bars: usize) -> Result<(), Error> {
        let Some(&offset) = self.offsets.last() else {
            return Err(Error::NoOffsets);
        };
        if let Some(at) = self.offsets.windows(2).position(|pair| pair[1] < pair[0]) {
            let (before, offset) = (self.offsets[at], self.offsets[at + 1]);
            return Err(Error::OffsetDecreases {
                index: at + 1,
                offset,
                before,
            });
        }
        if offset > bars {
            Err(Error::OffsetBeyondEnd { offset, bars })
        } else {
            Ok(())
        }
    }
}
