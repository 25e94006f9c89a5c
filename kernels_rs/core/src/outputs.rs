//! The results: arrays of the caller, written in place.

use crate::batch::Batch;
use crate::error::Error;
use crate::params::{FAMILIES, MEMBERS, Want};

/// The caller's result arrays for `n` series; every entry is written.
///
/// Rows over time are `width` long and right-aligned: the last bar of a series is the last entry of its row, and
/// the padding on the left is NaN.
#[derive(Debug)]
pub struct Outputs<'a> {
    /// Entries per row over time, at least the bars of the longest series; not used for [`Want::Last`].
    pub width: usize,
    /// `Average_Signal`: `[n]` for [`Want::Last`], else `[n, width]`.
    pub average: &'a mut [f64],
    /// Family signals X: `[n, 6]` for [`Want::Last`], empty for [`Want::Average`], `[n, 6, width]` for [`Want::All`].
    pub families: &'a mut [f64],
    /// Family equities `X_S`, shaped like `families`.
    pub weights: &'a mut [f64],
    /// `[n]`: the last bar, counted within the series, whose side differs from the bar before; -1 for none.
    pub flipped: &'a mut [i64],
    /// `[n, 54]`: signal of each member at the last bar, family by family: +1, -1, or 0 before the first crossing.
    pub member_sign: &'a mut [i8],
    /// `[n, 54]`: equity of each member at the last bar, NaN where undefined.
    pub member_equity: &'a mut [f64],
    /// `[n]`: the decimal places k of the integer prices, -1 for no grid and in the dialect without one.
    pub grid: &'a mut [i8],
}

impl Outputs<'_> {
    pub(crate) fn check(&self, batch: &Batch, want: Want) -> Result<(), Error> {
        let (n, longest) = (batch.series(), batch.longest());
        if want != Want::Last && self.width < longest {
            return Err(Error::WidthTooSmall {
                width: self.width,
                longest,
            });
        }
        let (row, block) = self.spans(want);
        let sizes = [
            ("average", self.average.len(), n.saturating_mul(row)),
            ("families", self.families.len(), n.saturating_mul(block)),
            ("weights", self.weights.len(), n.saturating_mul(block)),
            ("flipped", self.flipped.len(), n),
            (
                "member_sign",
                self.member_sign.len(),
                n * FAMILIES * MEMBERS,
            ),
            (
                "member_equity",
                self.member_equity.len(),
                n * FAMILIES * MEMBERS,
            ),
            ("grid", self.grid.len(), n),
        ];
        match sizes
            .into_iter()
            .find(|(_, length, needed)| length != needed)
        {
            Some((output, length, needed)) => Err(Error::OutputLength {
                output,
                length,
                needed,
            }),
            None => Ok(()),
        }
    }

    /// Entries per series of `average` and of `families`.
    fn spans(&self, want: Want) -> (usize, usize) {
        match want {
            Want::Last => (1, FAMILIES),
            Want::Average => (self.width, 0),
            Want::All => (self.width, self.width.saturating_mul(FAMILIES)),
        }
    }

    /// The part of the results, its floats and signs blanked, that belongs to one series.
    pub(crate) fn row(&mut self, index: usize, bars: usize, want: Want) -> Row<'_> {
        let (span, block) = self.spans(want);
        let row = Row {
            span,
            bars,
            average: part(self.average, index, span),
            families: part(self.families, index, block),
            weights: part(self.weights, index, block),
            flipped: &mut self.flipped[index],
            member_sign: part(self.member_sign, index, FAMILIES * MEMBERS),
            member_equity: part(self.member_equity, index, FAMILIES * MEMBERS),
            grid: &mut self.grid[index],
        };
        row.average.fill(f64::NAN);
        row.families.fill(f64::NAN);
        row.weights.fill(f64::NAN);
        row.member_sign.fill(0);
        row.member_equity.fill(f64::NAN);
        row
    }
}

fn part<T>(values: &mut [T], index: usize, span: usize) -> &mut [T] {
    &mut values[index * span..(index + 1) * span]
}

/// The results of one series; rows over time hold the last `span` bars.
pub(crate) struct Row<'a> {
    span: usize,
    bars: usize,
    average: &'a mut [f64],
    families: &'a mut [f64],
    weights: &'a mut [f64],
    pub flipped: &'a mut i64,
    pub member_sign: &'a mut [i8],
    pub member_equity: &'a mut [f64],
    pub grid: &'a mut i8,
}

impl Row<'_> {
    /// Writes one bar, if a row of this span reaches back to it.
    pub fn record(
        &mut self,
        t: usize,
        average: f64,
        families: &[f64; FAMILIES],
        weights: &[f64; FAMILIES],
    ) {
        let Some(at) = (self.span + t).checked_sub(self.bars) else {
            return;
        };
        self.average[at] = average;
        if !self.families.is_empty() {
            for family in 0..FAMILIES {
                self.families[family * self.span + at] = families[family];
                self.weights[family * self.span + at] = weights[family];
            }
        }
    }
}
