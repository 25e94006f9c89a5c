//! As many series as the processor has lanes for, side by side through time.

#![allow(clippy::inline_always)] // Compiled for the instructions of its caller.

use crate::averages::{Conditions, Group, RENEWAL, Stretch, Votes};
use crate::batch::Candles;
use crate::grid::Scale;
use crate::layers::Layers;
use crate::plan::Plan;
use crate::scales::Scales;
use crate::simd::{Lanes, Mask, Work};
use crate::tile::Tile;

/// All state of one block of series between two bars, and the values of the last stretch of bars.
#[derive(Clone)]
pub(crate) struct Block<V: Lanes> {
    pub tile: Tile<V>,
    pub groups: Vec<Group<V>>,
    pub layers: Layers<V>,
    /// After a stretch: per family and bar, X in hundredths and `X_S`.
    pub votes: Votes<V>,
    averages: Vec<V>,
    scales: Scales<V>,
    conditions: Conditions<V>,
}

impl<V: Lanes> Block<V> {
    /// A block at its first bar. One scale per lane; `bars` is how many more than the history the columns hold.
    pub fn new(plan: &Plan, scales: &[Scale], bars: usize) -> Self {
        let tile = Tile::new(&plan.terms, bars);
        let room = tile.room();
        let none = V::splat(0.0);
        let mut votes: Votes<V> = Default::default();
        plan.used
            .iter()
            .for_each(|&family| votes[family] = vec![[none; 2]; room]);
        Self {
            groups: plan
                .groups
                .iter()
                .map(|roster| Group::new(roster, room))
                .collect(),
            layers: Layers::new(plan),
            votes,
            averages: vec![none; room],
            scales: Scales::new(scales, plan.terms.source.columns()),
            conditions: Conditions {
                renewing: scales.iter().any(|scale| !scale.on_grid()),
                sure: (0..V::WIDTH).fold(V::Mask::NONE, |mask, lane| {
                    mask.with(lane, !scales[lane].extreme)
                }),
            },
            tile,
        }
    }

    /// `Average_Signal` of the last stretch's bars.
    pub fn averages(&self) -> &[V] {
        &self.averages[..self.tile.len]
    }

    /// How far a stretch from bar `first` can go at once, `last` at most.
    pub fn reach(&self, plan: &Plan, first: usize, last: usize) -> usize {
        let mut end = last.min(first + self.tile.room());
        if self.conditions.renewing {
            end = end.min((first + 1).next_multiple_of(RENEWAL));
        }
        for cut in [plan.terms.cutout, plan.terms.cutout + 1] {
            if first < cut {
                end = end.min(cut);
            }
        }
        end
    }

    /// Goes on by one stretch, `len` bars within [`Self::reach`]; bar `skip` of each lane's candles is the first.
    #[allow(unsafe_code)]
    pub fn advance(
        &mut self,
        plan: &Plan,
        growth: &[f64],
        lanes: &[Candles],
        skip: usize,
        len: usize,
    ) {
        let work = Advance {
            block: self,
            plan,
            growth,
            lanes,
            skip,
            len,
        };
        // SAFETY: blocks are made only for instructions that `Simd::check` has found.
        unsafe { V::vectorize(work) }
    }
}

impl<V: Lanes> Block<V> {
    /// Multiplies the integers of one lane by `factor`; `scales` are the new ones of all lanes.
    pub fn refine(&mut self, plan: &Plan, lane: usize, factor: f64, scales: &[Scale]) {
        let mut finer = |row: &mut V| *row = row.with(lane, row.get(lane) * factor);
        self.groups
            .iter_mut()
            .for_each(|group| group.each_tick(&mut finer));
        self.tile.each_tick(&mut finer);
        self.scales = Scales::new(scales, plan.terms.source.columns());
    }
}

/// What is kept of a block between two bars, to be written down or read back: numbers and truth values, in one order.
pub(crate) trait Ledger<V: Lanes> {
    fn number(&mut self, lanes: &mut V);
    fn truth(&mut self, lanes: &mut V::Mask);
}

impl<V: Lanes> Block<V> {
    /// Shows everything that is carried from bar to bar.
    pub fn each(&mut self, ledger: &mut impl Ledger<V>) {
        for group in &mut self.groups {
            group.each_row(&mut |row| ledger.number(row));
            group.each_cell(|_, _, cell| {
                ledger.number(&mut cell.equity);
                for mask in [
                    &mut cell.up,
                    &mut cell.down,
                    &mut cell.not_above,
                    &mut cell.not_below,
                ] {
                    ledger.truth(mask);
                }
            });
        }
        self.layers.each_row(&mut |row| ledger.number(row));
        self.tile.each_row(&mut |row| ledger.number(row));
    }
}

struct Advance<'a, V: Lanes> {
    block: &'a mut Block<V>,
    plan: &'a Plan,
    growth: &'a [f64],
    lanes: &'a [Candles<'a>],
    skip: usize,
    len: usize,
}

impl<V: Lanes> Work for Advance<'_, V> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self {
            block,
            plan,
            growth,
            lanes,
            skip,
            len,
        } = self;
        block
            .tile
            .advance(lanes, skip, len, &block.scales, &plan.terms, growth);
        for &family in &plan.used {
            block.votes[family][..len].fill([V::splat(0.0); 2]);
        }
        let stretch = Stretch {
            tile: &block.tile,
            scales: &block.scales,
            conditions: block.conditions,
        };
        for group in &mut block.groups {
            group.advance(&stretch, &mut block.votes);
        }
        block.layers.advance(
            &block.tile,
            plan,
            &mut block.votes,
            &mut block.averages[..len],
        );
    }
}

#[cfg(test)]
mod tests;
