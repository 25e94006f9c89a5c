//! A stretch of bars of one block, side by side, with the bars before it that windows reach back to.

#![allow(clippy::inline_always)] // Compiled for the instructions of its caller.

use std::ops::Range;

use crate::batch::Candles;
use crate::choices::Source;
use crate::scales::Scales;
use crate::simd::Lanes;
use crate::terms::Terms;
use crate::vote::Gains;

/// The most bars of one stretch.
pub(crate) const BARS: usize = 64;

/// The most bars of one stretch of so many lanes: all that a member reads and writes then stays in the fastest cache.
pub(crate) const fn stretch(lanes: usize) -> usize {
    if lanes == 1 { BARS } else { BARS / 2 }
}

/// Rows of one value per lane; the bars of the stretch are rows `start..start + len`, the older ones lie before.
#[derive(Clone)]
pub(crate) struct Tile<V: Lanes> {
    /// Bar number, from the anchor, of the stretch's first bar.
    pub first: usize,
    pub start: usize,
    pub len: usize,
    history: usize,
    keep: V,
    close: Vec<V>,
    /// Empty where the source is the close.
    source: Vec<V>,
    /// Empty where the dialect knows no ticks.
    close_ticks: Vec<V>,
    /// Empty where ticks or source are the column above.
    source_ticks: Vec<V>,
    /// |change| of the source ticks into the bar.
    moves: Vec<V>,
    /// 1 + r, 1 - r and r of the bars of the stretch alone.
    rise: Vec<V>,
    fall: Vec<V>,
    gain: Vec<V>,
}

impl<V: Lanes> Tile<V> {
    /// Room for the history that the members need and `bars` more.
    pub fn new(terms: &Terms, bars: usize) -> Self {
        let rows = terms.history + bars;
        let blank = |used: bool| vec![V::splat(1.0); if used { rows } else { 0 }];
        let part = || vec![V::splat(0.0); bars.min(stretch(V::WIDTH))];
        let ticks = !terms.tradingview;
        Self {
            first: 0,
            start: 0,
            len: 0,
            history: terms.history,
            keep: V::splat(1.0),
            close: blank(true),
            source: blank(terms.source != Source::Close),
            close_ticks: blank(ticks),
            source_ticks: blank(ticks && terms.source != Source::Close),
            moves: blank(true),
            rise: part(),
            fall: part(),
            gain: part(),
        }
    }

    pub fn close(&self) -> &[V] {
        &self.close
    }

    pub fn source(&self) -> &[V] {
        either(&self.source, &self.close)
    }

    pub fn close_ticks(&self) -> &[V] {
        either(&self.close_ticks, &self.close)
    }

    pub fn source_ticks(&self) -> &[V] {
        if self.close_ticks.is_empty() {
            self.source()
        } else {
            either(&self.source_ticks, &self.close_ticks)
        }
    }

    pub fn moves(&self) -> &[V] {
        &self.moves
    }

    /// r of the bars of the stretch.
    pub fn gain(&self) -> &[V] {
        &self.gain[..self.len]
    }

    /// What `len` bars of the stretch, from place `at` on, do to every equity.
    #[inline(always)]
    pub fn gains(&self, at: usize, len: usize) -> Gains<'_, V> {
        Gains {
            keep: self.keep,
            rise: &self.rise[at..][..len],
            fall: &self.fall[at..][..len],
        }
    }

    /// The most bars that the next stretch can have.
    pub fn room(&self) -> usize {
        self.rise.len()
    }

    /// Continues behind `bars` bars, the last of which are then shown by [`Self::each_row`].
    pub fn resume(&mut self, bars: usize) {
        (self.first, self.start, self.len) = (bars, bars.min(self.history), 0);
    }

    /// Shows the history that the next stretch will look back to, always in the same order.
    pub fn each_row(&mut self, show: &mut impl FnMut(&mut V)) {
        let end = self.start + self.len;
        let kept = end - self.history.min(end).min(self.first + self.len)..end;
        for column in self.columns() {
            column[kept.clone()].iter_mut().for_each(&mut *show);
        }
    }

    /// Shows those of the history that are integers on a grid.
    pub fn each_tick(&mut self, show: &mut impl FnMut(&mut V)) {
        let end = self.start + self.len;
        for column in [
            &mut self.close_ticks,
            &mut self.source_ticks,
            &mut self.moves,
        ] {
            column.iter_mut().take(end).for_each(&mut *show);
        }
    }

    fn columns(&mut self) -> impl Iterator<Item = &mut Vec<V>> {
        let all = [
            &mut self.close,
            &mut self.source,
            &mut self.close_ticks,
            &mut self.source_ticks,
            &mut self.moves,
        ];
        all.into_iter().filter(|column| !column.is_empty())
    }

    /// Goes on to the next `len` bars; those of a series that has ended repeat its last candle.
    ///
    /// Equities rest, `keep` 1 and r 0, up to the cutout: there they start.
    #[inline(always)]
    pub fn advance(
        &mut self,
        lanes: &[Candles],
        skip: usize,
        len: usize,
        scales: &Scales<V>,
        terms: &Terms,
        growth: &[f64],
    ) {
        self.make_room(len);
        self.load(lanes, skip, scales, terms.source);
        self.measure(terms, growth);
    }

    #[inline(always)]
    fn make_room(&mut self, len: usize) {
        let end = self.start + self.len;
        self.first += self.len;
        (self.start, self.len) = (end, len);
        if end + len <= self.close.len() {
            return;
        }
        let kept = end - self.history.min(end)..end;
        self.start = kept.len();
        for column in self.columns() {
            column.copy_within(kept.clone(), 0);
        }
    }

    #[inline(always)]
    fn load(&mut self, lanes: &[Candles], skip: usize, scales: &Scales<V>, source: Source) {
        let rows = self.start..self.start + self.len;
        interleave(&mut self.close[rows.clone()], skip, |lane| {
            lanes[lane].close
        });
        if !self.close_ticks.is_empty() {
            for (ticks, &close) in self.close_ticks[rows.clone()]
                .iter_mut()
                .zip(&self.close[rows.clone()])
            {
                *ticks = scales.ticks(close) * scales.multiple;
            }
        }
        if source != Source::Close {
            self.load_source(rows, lanes, skip, scales, source);
        }
    }

    /// The source is its columns' sum over `divisor`, in ticks that sum; with one column it is as given.
    #[inline(always)]
    fn load_source(
        &mut self,
        rows: Range<usize>,
        lanes: &[Candles],
        skip: usize,
        scales: &Scales<V>,
        source: Source,
    ) {
        let sums = &mut self.source[rows.clone()];
        interleave(sums, skip, |lane| source.column(&lanes[lane], 0));
        let alone = source.columns() == 1;
        if !alone {
            for sum in sums.iter_mut() {
                *sum = scales.ticks(*sum);
            }
        }
        for index in 1..source.columns() {
            let column = &mut self.gain[..self.len];
            interleave(column, skip, |lane| source.column(&lanes[lane], index));
            sums.iter_mut()
                .zip(column)
                .for_each(|(sum, price)| *sum = *sum + scales.ticks(*price));
        }
        for (j, value) in sums.iter_mut().enumerate() {
            let sum = *value;
            if !alone {
                *value = sum / scales.divisor;
            }
            if let Some(ticks) = self.source_ticks.get_mut(rows.start + j) {
                *ticks = if alone {
                    scales.ticks(sum)
                } else {
                    V::select(scales.on_grid, sum, *value)
                };
            }
        }
    }

    #[inline(always)]
    fn measure(&mut self, terms: &Terms, growth: &[f64]) {
        let (one, still) = (V::splat(1.0), V::splat(0.0));
        let counting = self.first > terms.cutout;
        self.keep = if counting { V::splat(terms.keep) } else { one };
        for j in 0..self.len {
            let row = self.start + j;
            let mut gain = still;
            if row > 0 {
                let ticks = self.source_ticks();
                let moved = (ticks[row] - ticks[row - 1]).abs();
                self.moves[row] = moved;
            } else {
                self.moves[row] = still;
            }
            if counting {
                let close = self.close_ticks();
                let before = close[row - 1];
                gain = ((close[row] - before) / before)
                    * V::splat(growth[self.first + j - terms.cutout]);
            }
            (self.gain[j], self.rise[j], self.fall[j]) = (gain, one + gain, one - gain);
        }
    }
}

fn either<'a, V>(column: &'a [V], other: &'a [V]) -> &'a [V] {
    if column.is_empty() { other } else { column }
}

/// Writes one column of every lane side by side, from its bar `skip` on; after its end its last value.
#[inline(always)]
fn interleave<'a, V: Lanes>(rows: &mut [V], skip: usize, column: impl Fn(usize) -> &'a [f64]) {
    let bars = rows.len();
    let floats = V::floats_mut(rows);
    for lane in 0..V::WIDTH {
        let values = column(lane);
        let (from, last) = (skip.min(values.len()), values[values.len() - 1]);
        let fresh = &values[from..(from + bars).min(values.len())];
        let (now, ended) = floats.split_at_mut(fresh.len() * V::WIDTH);
        for (row, &value) in now.chunks_exact_mut(V::WIDTH).zip(fresh) {
            row[lane] = value;
        }
        ended
            .chunks_exact_mut(V::WIDTH)
            .for_each(|row| row[lane] = last);
    }
}
