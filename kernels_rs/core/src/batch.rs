//! The input: many series, each a stretch of the columns.

use crate::error::Error;

/// Price series, oldest bar first.
///
/// Series `i` is `starts[i]..ends[i]` of every column; series may overlap, as windows of one long history do. Prices
/// are in quote currency, finite and > 0; anything else gives meaningless values, never undefined behaviour.
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
    /// First bar of every series.
    pub starts: &'a [usize],
    /// The bar after the last one of every series, not before its start.
    pub ends: &'a [usize],
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
        self.starts.len()
    }

    /// The bars of one series.
    pub(crate) fn bars(&self, index: usize) -> usize {
        self.ends[index].saturating_sub(self.starts[index])
    }

    /// The bars of the longest series.
    #[must_use]
    pub fn longest(&self) -> usize {
        (0..self.series().min(self.ends.len()))
            .map(|index| self.bars(index))
            .max()
            .unwrap_or(0)
    }

    pub(crate) fn candles(&self, index: usize) -> Candles<'a> {
        let bars = self.starts[index]..self.ends[index];
        Candles {
            open: &self.open[bars.clone()],
            high: &self.high[bars.clone()],
            low: &self.low[bars.clone()],
            close: &self.close[bars],
        }
    }

    pub(crate) fn check_shapes(&self) -> Result<(), Error> {
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
        self.check_bounds(bars)
    }

    pub(crate) fn check_growth(&self, needed: usize) -> Result<(), Error> {
        let length = self.growth.len();
        if length < needed {
            Err(Error::GrowthTooShort { length, needed })
        } else {
            Ok(())
        }
    }

    fn check_bounds(&self, bars: usize) -> Result<(), Error> {
        let (starts, ends) = (self.starts.len(), self.ends.len());
        if starts != ends {
            return Err(Error::BoundsLength { starts, ends });
        }
        let mut pairs = self.starts.iter().zip(self.ends).enumerate();
        match pairs.find(|&(_, (start, end))| start > end || *end > bars) {
            Some((series, (&start, &end))) => Err(Error::BoundsOutside {
                series,
                start,
                end,
                bars,
            }),
            None => Ok(()),
        }
    }
}
