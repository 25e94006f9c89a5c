//! How a member goes through the bars of a stretch, and what it sees on the way.

use crate::scales::Scales;
use crate::simd::{Lanes, Mask};
use crate::tile::Tile;
use crate::vote::{Ballot, Cell, Cells, Gain, Gains, Settled};

/// Off grid a running sum gathers rounding errors; a fresh one every so many bars bounds them.
pub(crate) const RENEWAL: usize = 256;

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
    pub fn at(&self, first: usize, last_event: usize) -> (bool, bool) {
        (
            first > last_event && self.sure.all(),
            self.renewing && first.is_multiple_of(RENEWAL),
        )
    }
}

/// The bars that all groups go through before the next ones come.
pub(crate) struct Stretch<'a, V: Lanes> {
    pub tile: &'a Tile<V>,
    pub scales: &'a Scales<V>,
    pub conditions: Conditions<V>,
}

impl<'a, V: Lanes> Stretch<'a, V> {
    /// `len` of its bars, from place `at` on, for a member of length n.
    #[inline(always)]
    pub fn leg(&self, (member, n): (usize, usize), at: usize, len: usize) -> Leg<'a, V> {
        Leg {
            tile: self.tile,
            scales: self.scales,
            sure: self.conditions.sure,
            member,
            n,
            at,
            len,
            first: self.tile.first + at,
            row: self.tile.start + at,
            gains: self.tile.gains(at, len),
        }
    }
}

/// The bars that a member goes through in one way.
pub(crate) struct Leg<'a, V: Lanes> {
    pub tile: &'a Tile<V>,
    pub scales: &'a Scales<V>,
    sure: V::Mask,
    /// Place in the member order, and length in bars.
    pub member: usize,
    pub n: usize,
    /// Place of the first bar within the stretch.
    pub at: usize,
    pub len: usize,
    /// Its bar number, from the anchor.
    pub first: usize,
    /// Its row in the tile's columns.
    pub row: usize,
    gains: Gains<'a, V>,
}

impl<V: Lanes> Leg<'_, V> {
    /// Its part of a column, `back` bars earlier.
    #[inline(always)]
    pub fn part<'c>(&self, column: &'c [V], back: usize) -> &'c [V] {
        &column[self.row - back..][..self.len]
    }

    /// The value of its j-th bar in every lane, of a series by itself.
    #[inline(always)]
    pub fn now<L: Lanes>(&self, column: &[V], j: usize) -> L {
        L::splat(column[self.row + j].get(0))
    }

    /// What its j-th bar does to every equity.
    #[inline(always)]
    pub fn gain(&self, j: usize) -> Gain<V> {
        self.gains.at(j)
    }
}

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
        let vote = self.0.vote::<TV>(gain, close, average);
        *ballot = [ballot[0] + vote[0], ballot[1] + vote[1]];
    }

    #[inline(always)]
    fn leave<const N: usize>(self, cells: &mut Cells<V, N>, slot: usize) {
        cells.resume(slot, &self.0);
    }
}

/// One family's member on its way: its cell, and where its votes go.
pub(crate) struct Seat<'a, V: Lanes, R> {
    rider: R,
    ballots: &'a mut [Ballot<V>],
    /// Known when compiled: what only an empty seat asks for is not computed.
    taken: bool,
}

impl<'a, V: Lanes, R: Rider<V>> Seat<'a, V, R> {
    #[inline(always)]
    pub fn new<const N: usize>(
        cells: &Cells<V, N>,
        slot: usize,
        leg: &Leg<V>,
        family: &'a mut [Ballot<V>],
        taken: bool,
    ) -> Self {
        Self {
            rider: R::board(cells, slot, leg.sure),
            ballots: if taken {
                &mut family[leg.at..][..leg.len]
            } else {
                &mut []
            },
            taken,
        }
    }

    #[inline(always)]
    pub fn taken(&self) -> bool {
        self.taken
    }

    /// The vote at the j-th bar.
    #[inline(always)]
    pub fn vote(&mut self, j: usize, gain: &Gain<V>, close: V, average: V) {
        if self.taken {
            self.rider.step(gain, close, average, &mut self.ballots[j]);
        }
    }

    #[inline(always)]
    pub fn leave<const N: usize>(self, cells: &mut Cells<V, N>, slot: usize) {
        if self.taken {
            self.rider.leave(cells, slot);
        }
    }
}
