//! From a block's stretch into the rows of its series.

use crate::averages::{FAMILIES, MEMBERS};
use crate::block::Block;
use crate::choices::Want;
use crate::outputs::Row;
use crate::plan::Plan;
use crate::simd::{Lanes, Mask};

impl Row<'_> {
    /// Fills in what lies before the first bar of a series.
    pub fn begin(&mut self, bars: usize, span: usize) {
        if !self.member_sign.is_empty() {
            self.member_equity.fill(f64::NAN);
            self.member_sign.fill(0);
        }
        if span <= bars {
            return;
        }
        for floats in [&mut *self.average, &mut *self.families, &mut *self.weights] {
            floats
                .chunks_mut(span)
                .for_each(|row| row[..span - bars].fill(f64::NAN));
        }
    }
}

/// Takes the values of a stretch out of a block.
pub(crate) struct Extract<'a> {
    pub plan: &'a Plan,
    pub want: Want,
    /// Entries of a row over time.
    pub span: usize,
}

impl Extract<'_> {
    /// Writes the last stretch of one lane, a series of `bars` bars.
    pub fn write<V: Lanes>(&self, block: &mut Block<V>, lane: usize, bars: usize, row: &mut Row) {
        let (first, len) = (block.tile.first, block.tile.len);
        let last = first + len == bars;
        if self.want != Want::Last || last {
            let skip = if self.want == Want::Last { len - 1 } else { 0 };
            let at = self.span + first + skip - bars;
            copy(&block.averages()[skip..], lane, &mut row.average[at..]);
            if !row.families.is_empty() {
                self.write_families(block, lane, (at, skip), row);
            }
        }
        if last {
            // Bar numbers are whole and far below 2^53.
            #[allow(clippy::cast_possible_truncation)]
            let flipped = block.layers.flipped.get(lane) as i64;
            *row.flipped = flipped;
        }
        if !row.member_sign.is_empty() && (last || self.want == Want::All) {
            self.write_members(block, lane, bars, row);
        }
    }

    fn write_families<V: Lanes>(
        &self,
        block: &Block<V>,
        lane: usize,
        (at, skip): (usize, usize),
        row: &mut Row,
    ) {
        let defined = block.tile.first >= self.plan.terms.cutout;
        for family in 0..FAMILIES {
            let places = family * self.span + at..family * self.span + at + block.tile.len - skip;
            let (signals, weights) = (&mut row.families[places.clone()], &mut row.weights[places]);
            if !defined || !self.plan.used.contains(&family) {
                signals.fill(f64::NAN);
                weights.fill(f64::NAN);
                continue;
            }
            let ballots = &block.votes[family][skip..block.tile.len];
            for ((signal, weight), ballot) in signals.iter_mut().zip(weights).zip(ballots) {
                *signal = ballot[0].get(lane) / 100.0;
                *weight = ballot[1].get(lane);
            }
        }
    }

    /// Members at the stretch's last bar; with [`Want::All`] a stretch is one bar long.
    fn write_members<V: Lanes>(
        &self,
        block: &mut Block<V>,
        lane: usize,
        bars: usize,
        row: &mut Row,
    ) {
        let t = block.tile.first + block.tile.len - 1;
        let (span, at) = if self.want == Want::All {
            (self.span, self.span + t - bars)
        } else {
            (1, 0)
        };
        for group in &mut block.groups {
            group.each_cell(|family, member, cell| {
                let place = (family * MEMBERS + member) * span + at;
                row.member_sign[place] =
                    i8::from(cell.up.get(lane)) - i8::from(cell.down.get(lane));
                if t >= self.plan.terms.cutout {
                    row.member_equity[place] = cell.equity.get(lane);
                }
            });
        }
    }
}

fn copy<V: Lanes>(rows: &[V], lane: usize, values: &mut [f64]) {
    let lanes = V::floats(rows).chunks_exact(V::WIDTH);
    lanes
        .zip(values)
        .for_each(|(row, value)| *value = row[lane]);
}
