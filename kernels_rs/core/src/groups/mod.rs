//! Members that share work: one file per kind of average. A group takes every member through a stretch of bars,
//! member after member, so that what one carries from bar to bar stays in registers.

#![allow(clippy::inline_always)] // Compiled for the instructions of its caller.

mod compensated;
mod exponential;
mod kama;
mod regression;
mod simple;
#[cfg(test)]
mod tests;
mod windows;

use std::ops::Range;

use crate::params::{FAMILIES, MEMBERS};
use crate::plan::{GroupPlan, Kind};
use crate::simd::Lanes;
use crate::tile::{Scales, Tile};
use crate::vote::{Ballot, Cell, Gain, Settled};

/// The votes of a stretch: per family one ballot per bar.
pub(crate) type Votes<V> = [Vec<Ballot<V>>; FAMILIES];

/// What a group asks about the block it is in.
#[derive(Clone, Copy)]
pub(crate) struct Conditions {
    /// Whether some series is on no grid, so that window sums are renewed.
    pub renewing: bool,
    /// Whether averages can become undefined again: then nothing is settled.
    pub unsure: bool,
}

/// Off grid a running sum gathers rounding errors; a fresh one every so many bars bounds them.
pub(crate) const RENEWAL: usize = 256;

/// How a member is taken through its bars.
pub(crate) trait Rider<V: Lanes> {
    const SETTLED: bool;
    fn board(cell: &Cell<V>) -> Self;
    fn step(&mut self, gain: &Gain<V>, close: V, average: V, ballot: &mut Ballot<V>);
    fn leave(self, cell: &mut Cell<V>, close: V, average: V);
}

/// By the definition.
pub(crate) struct Plain<V: Lanes, const TV: bool>(Cell<V>);

impl<V: Lanes, const TV: bool> Rider<V> for Plain<V, TV> {
    const SETTLED: bool = false;

    #[inline(always)]
    fn board(cell: &Cell<V>) -> Self {
        Self(*cell)
    }

    #[inline(always)]
    fn step(&mut self, gain: &Gain<V>, close: V, average: V, ballot: &mut Ballot<V>) {
        self.0.step::<TV>(gain, close, average, ballot);
    }

    #[inline(always)]
    fn leave(self, cell: &mut Cell<V>, _close: V, _average: V) {
        *cell = self.0;
    }
}

/// After the first crossing of every lane, every window full.
pub(crate) struct Swift<V: Lanes, const TV: bool>(Settled<V>);

impl<V: Lanes, const TV: bool> Rider<V> for Swift<V, TV> {
    const SETTLED: bool = true;

    #[inline(always)]
    fn board(cell: &Cell<V>) -> Self {
        Self(Settled::of(cell))
    }

    #[inline(always)]
    fn step(&mut self, gain: &Gain<V>, close: V, average: V, ballot: &mut Ballot<V>) {
        self.0.step::<TV>(gain, close, average, ballot);
    }

    #[inline(always)]
    fn leave(self, cell: &mut Cell<V>, close: V, average: V) {
        cell.resume::<TV>(self.0, close, average);
    }
}

/// The bars that a member is taken through in one way.
#[derive(Clone)]
pub(crate) struct Span {
    /// Places within the stretch.
    pub bars: Range<usize>,
    /// Bar number of the first, from the anchor.
    pub first: usize,
    /// Row of the first in the tile's columns.
    pub row: usize,
}

impl Span {
    fn of<V: Lanes>(tile: &Tile<V>, bars: Range<usize>) -> Self {
        Self {
            first: tile.first + bars.start,
            row: tile.start + bars.start,
            bars,
        }
    }

    /// The span's part of a column, `back` bars earlier.
    #[inline(always)]
    fn part<'a, V>(&self, column: &'a [V], back: usize) -> &'a [V] {
        &column[self.row - back..][..self.bars.len()]
    }

    /// The span's part of a family's ballots; none where the family takes no part.
    #[inline(always)]
    fn ballots<'a, V>(&self, family: &'a mut [Ballot<V>], used: bool) -> &'a mut [Ballot<V>] {
        if used {
            &mut family[self.bars.start..][..self.bars.len()]
        } else {
            &mut []
        }
    }
}

/// Cuts a stretch into the bars that go by the definition and those that are settled.
#[inline(always)]
fn ways<V: Lanes>(tile: &Tile<V>, settled: bool, event_at_start: bool) -> (Span, Span) {
    let plain = if settled {
        usize::from(event_at_start).min(tile.len)
    } else {
        tile.len
    };
    (Span::of(tile, 0..plain), Span::of(tile, plain..tile.len))
}

/// The members of one kind and set of lengths.
#[derive(Clone)]
pub(crate) enum Group<V: Lanes> {
    Exponential(exponential::Exponential<V>),
    /// Boxed: it is several times the size of the others.
    Windows(Box<windows::Windows<V>>),
    Kama(kama::Kama<V>),
    Simple(simple::Simple<V>),
    Regression(regression::Regression<V>),
}

impl<V: Lanes> Group<V> {
    /// For stretches of up to `room` bars.
    pub fn new(plan: &GroupPlan, tradingview: bool, room: usize) -> Self {
        match plan.kind {
            Kind::Exponential => {
                Self::Exponential(exponential::Exponential::new(plan, tradingview))
            }
            Kind::Windows => Self::Windows(Box::new(windows::Windows::new(plan))),
            Kind::Kama => Self::Kama(kama::Kama::new(plan, tradingview, room)),
            Kind::Simple => Self::Simple(simple::Simple::new(plan, room)),
            Kind::Regression => Self::Regression(regression::Regression::new(plan, room)),
        }
    }

    /// Takes all members through the stretch and adds their votes.
    #[inline(always)]
    pub fn advance(
        &mut self,
        tile: &Tile<V>,
        scales: &Scales<V>,
        conditions: Conditions,
        votes: &mut Votes<V>,
    ) {
        match self {
            Self::Exponential(group) => group.advance(tile, scales, conditions, votes),
            Self::Windows(group) => group.advance(tile, conditions, votes),
            Self::Kama(group) => group.advance(tile, conditions, votes),
            Self::Simple(group) => group.advance(tile, votes),
            Self::Regression(group) => group.advance(tile, votes),
        }
    }

    /// Shows every member's cell with its family and its place there.
    pub fn each_cell(&mut self, mut show: impl FnMut(usize, usize, &mut Cell<V>)) {
        for i in 0..MEMBERS {
            match self {
                Self::Exponential(group) => {
                    group.members[i]
                        .each_cell(group.families, |family, cell| show(family, i, cell));
                }
                Self::Windows(group) => {
                    group.members[i]
                        .each_cell(group.families, |family, cell| show(family, i, cell));
                }
                Self::Kama(group) => show(crate::families::KAMA, i, &mut group.members[i].cell),
                Self::Simple(group) => show(crate::families::HMA, i, &mut group.members[i].cell),
                Self::Regression(group) => {
                    group.members[i]
                        .each_cell(group.families, |family, cell| show(family, i, cell));
                }
            }
        }
    }

    /// Shows every value that members carry from bar to bar, beside their cells, always in the same order.
    pub fn each_row(&mut self, show: &mut impl FnMut(&mut V)) {
        for i in 0..MEMBERS {
            match self {
                Self::Exponential(group) => group.members[i].each_row(show),
                Self::Windows(group) => group.members[i].each_row(show),
                Self::Kama(group) => group.members[i].each_row(show),
                Self::Simple(group) => group.members[i].each_row(show),
                Self::Regression(_) => {}
            }
        }
    }
}
