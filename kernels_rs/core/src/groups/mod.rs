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

use crate::families::{DEMA, EMA, HMA, KAMA, LSMA, WMA};
use crate::params::{FAMILIES, MEMBERS};
use crate::plan::{GroupPlan, Kind};
use crate::scales::Scales;
use crate::simd::{Lanes, Mask};
use crate::tile::Tile;
use crate::vote::{Ballot, Cell, Cells, Gain, Settled};

/// The votes of a stretch: per family one ballot per bar.
pub(crate) type Votes<V> = [Vec<Ballot<V>>; FAMILIES];

/// What a group asks about the block it is in.
#[derive(Clone, Copy)]
pub(crate) struct Conditions<V: Lanes> {
    /// Whether some series is on no grid, so that window sums are renewed.
    pub renewing: bool,
    /// Lanes whose averages stay defined; only where all do is anything settled.
    pub sure: V::Mask,
}

impl<V: Lanes> Conditions<V> {
    /// Whether bars from `first` on need no look at what becomes defined, and if so whether the first of them is still
    /// one at which sums are renewed.
    #[inline(always)]
    fn at(&self, first: usize, last_event: usize) -> (bool, bool) {
        (
            first > last_event && self.sure.all(),
            self.renewing && first.is_multiple_of(RENEWAL),
        )
    }
}

/// Off grid a running sum gathers rounding errors; a fresh one every so many bars bounds them.
pub(crate) const RENEWAL: usize = 256;

/// How a member is taken through its bars.
pub(crate) trait Rider<V: Lanes>: Sized {
    const SETTLED: bool;
    fn board<const N: usize>(cells: &Cells<V, N>, slot: usize, sure: V::Mask) -> Self;
    fn step(&mut self, gain: &Gain<V>, close: V, average: V, ballot: &mut Ballot<V>);
    fn leave<const N: usize>(self, cells: &mut Cells<V, N>, slot: usize);
}

/// By the definition; the mask says in which lanes averages stay defined.
pub(crate) struct Plain<V: Lanes, const TV: bool>(Cell<V>, V::Mask);

impl<V: Lanes, const TV: bool> Rider<V> for Plain<V, TV> {
    const SETTLED: bool = false;

    #[inline(always)]
    fn board<const N: usize>(cells: &Cells<V, N>, slot: usize, sure: V::Mask) -> Self {
        Self(cells.get(slot), sure)
    }

    #[inline(always)]
    fn step(&mut self, gain: &Gain<V>, close: V, average: V, ballot: &mut Ballot<V>) {
        self.0.step::<TV>(gain, close, average, self.1, ballot);
    }

    #[inline(always)]
    fn leave<const N: usize>(self, cells: &mut Cells<V, N>, slot: usize) {
        cells.put(slot, &self.0);
    }
}

/// After the first crossing of every lane, every window full.
pub(crate) struct Swift<V: Lanes, const TV: bool>(Settled<V>);

impl<V: Lanes, const TV: bool> Rider<V> for Swift<V, TV> {
    const SETTLED: bool = true;

    #[inline(always)]
    fn board<const N: usize>(cells: &Cells<V, N>, slot: usize, _sure: V::Mask) -> Self {
        Self(Settled::of(cells, slot))
    }

    #[inline(always)]
    fn step(&mut self, gain: &Gain<V>, close: V, average: V, ballot: &mut Ballot<V>) {
        self.0.step::<TV>(gain, close, average, ballot);
    }

    #[inline(always)]
    fn leave<const N: usize>(self, cells: &mut Cells<V, N>, slot: usize) {
        cells.resume(slot, &self.0);
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
        conditions: Conditions<V>,
        votes: &mut Votes<V>,
    ) {
        match self {
            Self::Exponential(group) => group.advance(tile, scales, conditions, votes),
            Self::Windows(group) => group.advance(tile, conditions, votes),
            Self::Kama(group) => group.advance(tile, conditions, votes),
            Self::Simple(group) => group.advance(tile, conditions, votes),
            Self::Regression(group) => group.advance(tile, conditions, votes),
        }
    }

    /// Shows every member in use with its family and its place there; what becomes of the cell is kept.
    pub fn each_cell(&mut self, mut show: impl FnMut(usize, usize, &mut Cell<V>)) {
        for i in 0..MEMBERS {
            let show = &mut |family: usize, cell: &mut Cell<V>| show(family, i, cell);
            match self {
                Self::Exponential(group) => each(
                    &mut group.members[i].cells,
                    &[EMA, DEMA],
                    &group.families,
                    show,
                ),
                Self::Windows(group) => each(
                    &mut group.members[i].cells,
                    &[WMA, LSMA, HMA],
                    &group.families,
                    show,
                ),
                Self::Kama(group) => each(&mut group.members[i].cells, &[KAMA], &[true], show),
                Self::Simple(group) => each(&mut group.members[i].cells, &[HMA], &[true], show),
                Self::Regression(group) => each(
                    &mut group.members[i].cells,
                    &[WMA, LSMA],
                    &group.families,
                    show,
                ),
            }
        }
    }

    /// Shows what members carry that are sums of integers on a grid.
    pub fn each_tick(&mut self, show: &mut impl FnMut(&mut V)) {
        match self {
            Self::Windows(group) => group
                .members
                .iter_mut()
                .for_each(|member| member.each_row(show)),
            Self::Kama(group) => group
                .members
                .iter_mut()
                .for_each(|member| show(&mut member.noise)),
            Self::Exponential(_) | Self::Simple(_) | Self::Regression(_) => {}
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

fn each<V: Lanes, const N: usize>(
    cells: &mut Cells<V, N>,
    families: &[usize; N],
    used: &[bool],
    show: &mut impl FnMut(usize, &mut Cell<V>),
) {
    for (slot, &family) in families.iter().enumerate().filter(|(slot, _)| used[*slot]) {
        let mut cell = cells.get(slot);
        show(family, &mut cell);
        cells.put(slot, &cell);
    }
}
