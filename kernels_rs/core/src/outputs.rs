//! The results: arrays of the caller, written in place.

use std::marker::PhantomData;

use crate::averages::{FAMILIES, MEMBERS};
use crate::choices::Want;
use crate::error::Error;

const CELLS: usize = FAMILIES * MEMBERS;

/// The caller's result arrays for `n` series; every entry is written.
///
/// Rows over time are `width` long and right-aligned: the last bar of a series is the last entry of its row, and
/// the padding on the left is NaN, or 0 for signals of members.
#[derive(Debug)]
pub struct Outputs<'a> {
    /// Entries per row over time, at least the bars of the longest series; not used for [`Want::Last`].
    pub width: usize,
    /// `Average_Signal`: `[n]` for [`Want::Last`], else `[n, width]`.
    pub average: &'a mut [f64],
    /// Family signals X: `[n, FAMILIES]` for [`Want::Last`], empty for [`Want::Average`], else `[n, FAMILIES, width]`.
    pub families: &'a mut [f64],
    /// Family equities `X_S`, shaped like `families`.
    pub weights: &'a mut [f64],
    /// `[n]`: the last bar, counted within the series, whose side differs from the bar before; -1 for none.
    pub flipped: &'a mut [i64],
    /// Signal of each member, family by family, +1, -1, or 0 before the first crossing: `[n, FAMILIES * MEMBERS, width]`
    /// for [`Want::All`], else `[n, FAMILIES * MEMBERS]` at the last bar, or empty where it is not wanted.
    pub member_sign: &'a mut [i8],
    /// Equity of each member, NaN where undefined, shaped like `member_sign`.
    pub member_equity: &'a mut [f64],
    /// `[n]`: the decimal places k of the integer prices, -1 for no grid and in the dialect without one.
    pub grid: &'a mut [i8],
}

/// Entries per series.
#[derive(Clone, Copy)]
pub(crate) struct Spans {
    /// Of a row over time.
    pub row: usize,
    pub families: usize,
    /// Of the members' arrays; 0 where they are not wanted.
    pub members: usize,
}

impl Outputs<'_> {
    pub(crate) fn spans(&self, want: Want) -> Spans {
        let blank = self.member_sign.is_empty() && self.member_equity.is_empty();
        let cells = if blank && want != Want::All { 0 } else { CELLS };
        match want {
            Want::Last => Spans {
                row: 1,
                families: FAMILIES,
                members: cells,
            },
            Want::Average => Spans {
                row: self.width,
                families: 0,
                members: cells,
            },
            Want::Layers => Spans {
                row: self.width,
                families: self.width.saturating_mul(FAMILIES),
                members: cells,
            },
            Want::All => Spans {
                row: self.width,
                families: self.width.saturating_mul(FAMILIES),
                members: self.width.saturating_mul(CELLS),
            },
        }
    }

    /// `n` series, `longest` bars at most.
    pub(crate) fn check(&self, n: usize, longest: usize, want: Want) -> Result<(), Error> {
        if want != Want::Last && self.width < longest {
            return Err(Error::WidthTooSmall {
                width: self.width,
                longest,
            });
        }
        let Spans {
            row,
            families,
            members,
        } = self.spans(want);
        let sizes = [
            ("average", self.average.len(), row),
            ("families", self.families.len(), families),
            ("weights", self.weights.len(), families),
            ("flipped", self.flipped.len(), 1),
            ("member_sign", self.member_sign.len(), members),
            ("member_equity", self.member_equity.len(), members),
            ("grid", self.grid.len(), 1),
        ];
        let sizes = sizes.map(|(output, length, span)| (output, length, n.saturating_mul(span)));
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
}

/// The result arrays as threads share them: each series' entries go to whoever computes that series.
pub(crate) struct Table<'a> {
    pub spans: Spans,
    average: Shared<'a, f64>,
    families: Shared<'a, f64>,
    weights: Shared<'a, f64>,
    flipped: Shared<'a, i64>,
    member_sign: Shared<'a, i8>,
    member_equity: Shared<'a, f64>,
    grid: Shared<'a, i8>,
}

impl<'a> Table<'a> {
    pub fn new(out: &'a mut Outputs, want: Want) -> Self {
        let spans = out.spans(want);
        Self {
            spans,
            average: Shared::new(out.average),
            families: Shared::new(out.families),
            weights: Shared::new(out.weights),
            flipped: Shared::new(out.flipped),
            member_sign: Shared::new(out.member_sign),
            member_equity: Shared::new(out.member_equity),
            grid: Shared::new(out.grid),
        }
    }

    /// The part of the results that belongs to one series.
    ///
    /// # Safety
    /// No two rows of one series live at the same time.
    #[allow(unsafe_code)]
    pub unsafe fn row(&self, series: usize) -> Row<'_> {
        let Spans {
            row,
            families,
            members,
        } = self.spans;
        // SAFETY: parts of different series do not overlap, and the caller answers for those of one.
        unsafe {
            Row {
                average: self.average.part(series, row),
                families: self.families.part(series, families),
                weights: self.weights.part(series, families),
                flipped: &mut self.flipped.part(series, 1)[0],
                member_sign: self.member_sign.part(series, members),
                member_equity: self.member_equity.part(series, members),
                grid: &mut self.grid.part(series, 1)[0],
            }
        }
    }
}

/// The results of one series.
pub(crate) struct Row<'a> {
    pub average: &'a mut [f64],
    pub families: &'a mut [f64],
    pub weights: &'a mut [f64],
    pub flipped: &'a mut i64,
    pub member_sign: &'a mut [i8],
    pub member_equity: &'a mut [f64],
    pub grid: &'a mut i8,
}

impl Row<'_> {
    /// What a series without bars gets.
    pub fn blank(&mut self) {
        for floats in [
            &mut *self.average,
            &mut *self.families,
            &mut *self.weights,
            &mut *self.member_equity,
        ] {
            floats.fill(f64::NAN);
        }
        self.member_sign.fill(0);
        (*self.flipped, *self.grid) = (-1, -1);
    }
}

/// A borrowed array of which each series' part is handed out on its own.
struct Shared<'a, T> {
    start: *mut T,
    length: usize,
    array: PhantomData<&'a mut [T]>,
}

// SAFETY: it stands for an exclusive borrow of plain numbers, and `part` hands out disjoint parts of it.
#[allow(unsafe_code)]
unsafe impl<T: Send> Sync for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    fn new(array: &'a mut [T]) -> Self {
        Self {
            start: array.as_mut_ptr(),
            length: array.len(),
            array: PhantomData,
        }
    }

    /// Entries `series*span..(series+1)*span`.
    ///
    /// # Safety
    /// No other part of this series lives.
    #[allow(unsafe_code, clippy::mut_from_ref)]
    unsafe fn part(&self, series: usize, span: usize) -> &mut [T] {
        assert!((series + 1) * span <= self.length);
        // SAFETY: within the array (asserted), and borrowed by no one else (the caller).
        unsafe { std::slice::from_raw_parts_mut(self.start.add(series * span), span) }
    }
}
