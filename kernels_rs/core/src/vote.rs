//! One member's part in every bar: its equity, its signal, its vote.
//!
//! Two ways through a bar give the same bits. The plain one follows the definition: a crossing needs both sides of
//! both bars. The settled one is for members that have crossed once: from then on the side of the close at the
//! bar before is known from the signal, so the signal is the last side on which the close was seen.

#![allow(clippy::inline_always)] // Compiled for the instructions of its caller.

use crate::simd::{Lanes, Mask};

pub(crate) const FLOOR: f64 = 0.25;

/// Votes of one family at one bar: the sums of `sig*e` and of `e` over its members, in member order.
pub(crate) type Ballot<V> = [V; 2];

/// A member between two bars.
#[derive(Clone, Copy)]
pub(crate) struct Cell<V: Lanes> {
    pub equity: V,
    pub up: V::Mask,
    pub down: V::Mask,
    /// Whether the close was defined and not above, or not below, at the bar before; kept up while not settled.
    pub not_above: V::Mask,
    pub not_below: V::Mask,
}

/// What a bar does to every equity.
#[derive(Clone, Copy)]
pub(crate) struct Gain<V> {
    /// What decay leaves of an equity: 1 - De.
    pub keep: V,
    /// 1 + r and 1 - r.
    pub rise: V,
    pub fall: V,
}

/// What bars do to every equity.
#[derive(Clone, Copy)]
pub(crate) struct Gains<'a, V> {
    pub keep: V,
    pub rise: &'a [V],
    pub fall: &'a [V],
}

impl<V: Copy> Gains<'_, V> {
    #[inline(always)]
    pub fn at(&self, j: usize) -> Gain<V> {
        Gain {
            keep: self.keep,
            rise: self.rise[j],
            fall: self.fall[j],
        }
    }
}

/// The least equity: exact in `lts`; `tradingview` lets pass what is less than 1e-10 below.
#[inline(always)]
pub(crate) fn floored<V: Lanes, const TV: bool>(equity: V) -> V {
    let floor = V::splat(FLOOR);
    if TV {
        V::select(equity.lt(V::splat(TOLERATED)), floor, equity)
    } else {
        floor.or_larger(equity)
    }
}

/// The smallest float64 that is not more than 1e-10 below 0.25: `e - 0.25` is exact around 0.25, so `e < TOLERATED`
/// and `e - 0.25 < -1e-10` say the same.
pub(crate) const TOLERATED: f64 = {
    let near = FLOOR - 1e-10;
    if near - FLOOR < -1e-10 {
        near.next_up()
    } else {
        near
    }
};

impl<V: Lanes> Cell<V> {
    /// One bar by the definition.
    #[inline(always)]
    pub fn step<const TV: bool>(
        &mut self,
        gain: &Gain<V>,
        close: V,
        average: V,
        sure: V::Mask,
        ballot: &mut Ballot<V>,
    ) {
        let still = V::splat(1.0);
        let factor = V::select(self.up, gain.rise, V::select(self.down, gain.fall, still));
        self.equity = floored::<V, TV>((self.equity * gain.keep) * factor);
        self.cross::<TV>(close, average, sure);
        // A signal of 0 times an infinite equity is undefined, so the product is formed.
        let none = self.equity * V::splat(0.0);
        let vote = V::select(self.up | self.down, self.equity.negated(self.down), none);
        ballot[0] = ballot[0] + vote;
        ballot[1] = ballot[1] + self.equity;
    }

    /// A settled signal tells the side of the bar before, in lanes where nothing that was defined becomes undefined.
    #[inline(always)]
    fn cross<const TV: bool>(&mut self, close: V, average: V, sure: V::Mask) {
        let (above, below) = (close.gt(average), close.lt(average));
        let known = (self.up | self.down) & sure;
        let up = above & (self.not_above | known);
        let down = below & (self.not_below | known);
        self.up = up | (self.up & !down);
        self.down = down | (self.down & !up);
        let (not_above, not_below) = (close.le(average), close.ge(average));
        // In `tradingview` an undefined bar does not break the pair.
        let kept = if TV {
            !(not_above | not_below)
        } else {
            V::Mask::NONE
        };
        self.not_above = not_above | (self.not_above & kept);
        self.not_below = not_below | (self.not_below & kept);
    }
}

/// Members of one length between two bars, equities and marks apart: a cell by itself would be padded to twice its
/// size.
#[derive(Clone)]
pub(crate) struct Cells<V: Lanes, const N: usize> {
    equities: [V; N],
    marks: [[V::Mask; 4]; N],
}

impl<V: Lanes, const N: usize> Cells<V, N> {
    pub fn new() -> Self {
        Self {
            equities: [V::splat(1.0); N],
            marks: [[V::Mask::NONE; 4]; N],
        }
    }

    #[inline(always)]
    pub fn get(&self, slot: usize) -> Cell<V> {
        let [up, down, not_above, not_below] = self.marks[slot];
        Cell {
            equity: self.equities[slot],
            up,
            down,
            not_above,
            not_below,
        }
    }

    #[inline(always)]
    pub fn put(&mut self, slot: usize, cell: &Cell<V>) {
        self.equities[slot] = cell.equity;
        self.marks[slot] = [cell.up, cell.down, cell.not_above, cell.not_below];
    }

    /// Takes over what a settled run of bars has left.
    #[inline(always)]
    pub fn resume(&mut self, slot: usize, settled: &Settled<V>) {
        self.equities[slot] = settled.equity;
        let [up, down, ..] = &mut self.marks[slot];
        (*up, *down) = (!settled.down, settled.down);
    }

    /// Whether every member in use has crossed in every lane.
    #[inline(always)]
    pub fn settled(&self, used: impl Fn(usize) -> bool) -> bool {
        let mut slots = self.marks.iter().enumerate();
        slots.all(|(slot, [up, down, ..])| !used(slot) || (*up | *down).all())
    }
}

/// The part of a settled member that changes, small enough to stay in registers.
#[derive(Clone, Copy)]
pub(crate) struct Settled<V: Lanes> {
    pub equity: V,
    pub down: V::Mask,
}

impl<V: Lanes> Settled<V> {
    #[inline(always)]
    pub fn of<const N: usize>(cells: &Cells<V, N>, slot: usize) -> Self {
        Self {
            equity: cells.equities[slot],
            down: cells.marks[slot][1],
        }
    }

    /// One lane of it, as the only one of a series by itself.
    #[inline(always)]
    pub fn lane<L: Lanes>(&self, lane: usize) -> Settled<L> {
        Settled {
            equity: L::splat(self.equity.get(lane)),
            down: L::Mask::NONE.with(0, self.down.get(lane)),
        }
    }

    /// Series by themselves, one in each lane.
    #[inline(always)]
    pub fn side_by_side<L: Lanes>(one: impl Fn(usize) -> Settled<L>) -> Self {
        Self {
            equity: V::of(|lane| one(lane).equity.get(0)),
            down: (0..V::WIDTH).fold(V::Mask::NONE, |down, lane| {
                down.with(lane, one(lane).down.get(0))
            }),
        }
    }

    /// One bar; what it adds to the ballot.
    #[inline(always)]
    pub fn vote<const TV: bool>(&mut self, gain: &Gain<V>, close: V, average: V) -> Ballot<V> {
        let factor = V::select(self.down, gain.fall, gain.rise);
        self.equity = floored::<V, TV>((self.equity * gain.keep) * factor);
        self.down = close.below(average, self.down);
        [self.equity.negated(self.down), self.equity]
    }
}

#[cfg(test)]
mod tests;
