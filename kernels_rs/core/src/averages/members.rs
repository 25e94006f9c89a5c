//! Nine members of one kind. They go through a stretch of bars one after the other, so that what one carries from bar
//! to bar stays in registers.

use super::abreast::{Notes, Rooms, Sight};
use super::ride::{Leg, Plain, Rider, Seat, Stretch, Swift};
use super::{FAMILIES, MEMBERS, Roster};
use crate::simd::{Lanes, Work};
use crate::tile::Tile;
use crate::vote::{Ballot, Cell, Cells};

/// The votes of a stretch: per family one ballot per bar.
pub(crate) type Votes<V> = [Vec<Ballot<V>>; FAMILIES];

/// Every slot of a kind, in place of a single one.
const ALL: usize = usize::MAX;

/// A kind of average: the families of its N slots share what it computes. `TV` says of which dialect.
pub(crate) trait Average<V: Lanes, const N: usize, const TV: bool>: Clone {
    /// What one member carries from bar to bar.
    type Carried: Carried<V>;
    /// Whether a bar at which sums are renewed is one to go through by the definition.
    const RENEWS: bool = false;

    /// What its members share; a stretch has at most `room` bars.
    fn new(roster: &Roster, room: usize) -> Self;

    /// What a member of length n starts with.
    fn start(roster: &Roster, n: usize) -> Self::Carried;

    /// Looks at a stretch before the members go through it.
    #[inline(always)]
    fn prepare(&mut self, _tile: &Tile<V>) {}

    /// Takes a member through some bars, and every seat to its vote at each of them.
    fn ride<R: Rider<V>>(
        &mut self,
        carried: &mut Self::Carried,
        leg: &Leg<V>,
        seats: &mut [Seat<V, R>; N],
    );

    /// Settled members on their way, one in each lane of L.
    type Course<L: Lanes>;

    /// Puts members into the lanes for the bars of a leg; `used` are the slots that are asked for.
    fn board<L: Lanes>(
        &mut self,
        members: &[Member<V, Self::Carried, N>],
        leg: &Leg<V>,
        notes: &mut Notes<L>,
        used: [bool; N],
    ) -> Self::Course<L>;

    /// Goes on by the leg's j-th bar.
    fn step<L: Lanes>(
        course: &mut Self::Course<L>,
        j: usize,
        leg: &Leg<V>,
        notes: &mut Notes<L>,
    ) -> [Sight<L>; N];

    /// Hands back to the members what they carry.
    fn leave<L: Lanes>(
        course: Self::Course<L>,
        members: &mut [Member<V, Self::Carried, N>],
        leg: &Leg<V>,
        notes: &Notes<L>,
    );

    /// Takes the members through a stretch; a kind with several slots says which are in use, one or [`Members::all`].
    fn advance(members: &mut Members<V, Self, N, TV>, stretch: &Stretch<V>, votes: &mut Votes<V>) {
        members.all(stretch, votes);
    }
}

/// What a member carries from bar to bar, beside its cells.
pub(crate) trait Carried<V: Lanes>: Clone {
    /// Shows every value, always in the same order.
    fn each_row(&mut self, show: &mut impl FnMut(&mut V));

    /// Shows those that are sums of integers on a grid.
    fn each_tick(&mut self, _show: &mut impl FnMut(&mut V)) {}
}

#[derive(Clone)]
pub(crate) struct Member<V: Lanes, C, const N: usize> {
    /// Place in the member order, and length in bars.
    pub place: usize,
    pub n: usize,
    pub carried: C,
    pub cells: Cells<V, N>,
    /// Whether every cell in use was settled at the end of a stretch.
    settled: bool,
}

/// The members of one kind and set of lengths.
#[derive(Clone)]
pub(crate) struct Members<V: Lanes, A: Average<V, N, TV>, const N: usize, const TV: bool> {
    average: A,
    nine: Box<[Member<V, A::Carried, N>; MEMBERS]>,
    /// The family of each slot in use.
    families: [Option<usize>; N],
    /// From the bar after this one on every window is full.
    last_event: usize,
    /// Where members can go side by side.
    rooms: Option<Box<Rooms<V, N>>>,
}

impl<V: Lanes, A: Average<V, N, TV>, const N: usize, const TV: bool> Members<V, A, N, TV> {
    pub fn new(roster: &Roster, room: usize) -> Self {
        let member = |place| Member {
            place,
            n: roster.lengths[place],
            carried: A::start(roster, roster.lengths[place]),
            cells: Cells::new(),
            settled: false,
        };
        Self {
            average: A::new(roster, room),
            nine: Box::new(std::array::from_fn(member)),
            families: std::array::from_fn(|slot| roster.family(slot)),
            last_event: roster.last_event,
            rooms: Rooms::new(room),
        }
    }

    /// The slot that is alone in use.
    pub fn alone(&self) -> Option<usize> {
        let mut used = (0..N).filter(|&slot| self.families[slot].is_some());
        used.next().filter(|_| used.next().is_none())
    }

    pub fn all(&mut self, stretch: &Stretch<V>, votes: &mut Votes<V>) {
        self.only::<ALL>(stretch, votes);
    }

    /// Takes one slot of every member through a stretch.
    #[allow(unsafe_code)]
    pub fn only<const SLOT: usize>(&mut self, stretch: &Stretch<V>, votes: &mut Votes<V>) {
        let ride = Ride::<V, A, N, TV, SLOT> {
            members: self,
            stretch,
            votes,
        };
        // SAFETY: a group is part of a block, and those are made only for instructions that `Simd::check` has found.
        unsafe { V::vectorize(ride) }
    }

    #[inline(always)]
    fn ride<const SLOT: usize>(&mut self, stretch: &Stretch<V>, votes: &mut Votes<V>) {
        let (len, first) = (stretch.tile.len, stretch.tile.first);
        self.average.prepare(stretch.tile);
        let (filled, event) = stretch.conditions.at(first, self.last_event);
        let mut columns = columns(votes, &self.families);
        let abreast =
            self.rooms.is_some() && filled && self.nine.iter().all(|member| member.settled);
        for member in self.nine.iter_mut() {
            let plain = if filled && member.settled {
                usize::from(A::RENEWS && event).min(len)
            } else {
                len
            };
            if plain > 0 {
                let leg = stretch.leg((member.place, member.n), 0, plain);
                member.take::<A, Plain<V, TV>, TV, SLOT>(&mut self.average, &leg, &mut columns);
                member.settled = member.cells.settled(used::<SLOT>);
            }
            if plain < len && !abreast {
                let leg = stretch.leg((member.place, member.n), plain, len - plain);
                member.take::<A, Swift<V, TV>, TV, SLOT>(&mut self.average, &leg, &mut columns);
            }
        }
        let plain = usize::from(A::RENEWS && event);
        if let Some(rooms) = self.rooms.as_mut().filter(|_| abreast && plain < len) {
            let leg = stretch.leg((0, 0), plain, len - plain);
            let used = std::array::from_fn(used::<SLOT>);
            rooms.advance(&mut self.average, &mut self.nine, &leg, &mut columns, used);
        }
    }

    /// Shows every member in use with its family and its place there; what becomes of the cell is kept.
    pub fn each_cell(&mut self, show: &mut impl FnMut(usize, usize, &mut Cell<V>)) {
        for (i, member) in self.nine.iter_mut().enumerate() {
            for (slot, family) in self.families.iter().enumerate() {
                if let Some(family) = *family {
                    let mut cell = member.cells.get(slot);
                    show(family, i, &mut cell);
                    member.cells.put(slot, &cell);
                }
            }
        }
    }

    pub fn each_carried(&mut self) -> impl Iterator<Item = &mut A::Carried> {
        self.nine.iter_mut().map(|member| &mut member.carried)
    }
}

/// Compiled by itself for the instructions: all kinds and slots in one function would need a stack of megabytes where
/// nothing is optimized.
struct Ride<'a, V: Lanes, A: Average<V, N, TV>, const N: usize, const TV: bool, const SLOT: usize> {
    members: &'a mut Members<V, A, N, TV>,
    stretch: &'a Stretch<'a, V>,
    votes: &'a mut Votes<V>,
}

impl<V: Lanes, A: Average<V, N, TV>, const N: usize, const TV: bool, const SLOT: usize> Work
    for Ride<'_, V, A, N, TV, SLOT>
{
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.members.ride::<SLOT>(self.stretch, self.votes);
    }
}

impl<V: Lanes, C: Carried<V>, const N: usize> Member<V, C, N> {
    #[inline(always)]
    fn take<A, R, const TV: bool, const SLOT: usize>(
        &mut self,
        average: &mut A,
        leg: &Leg<V>,
        columns: &mut [&mut [Ballot<V>]; N],
    ) where
        A: Average<V, N, TV, Carried = C>,
        R: Rider<V>,
    {
        let mut slots = 0..N;
        let mut seats = columns.each_mut().map(|column| {
            let slot = slots.next().unwrap_or(N);
            Seat::<V, R>::new(&self.cells, slot, leg, column, used::<SLOT>(slot))
        });
        average.ride(&mut self.carried, leg, &mut seats);
        for (slot, seat) in seats.into_iter().enumerate() {
            seat.leave(&mut self.cells, slot);
        }
    }
}

#[inline(always)]
fn used<const SLOT: usize>(slot: usize) -> bool {
    SLOT == ALL || SLOT == slot
}

/// Where the votes of each slot's family go.
#[inline(always)]
fn columns<'a, V: Lanes, const N: usize>(
    votes: &'a mut Votes<V>,
    families: &[Option<usize>; N],
) -> [&'a mut [Ballot<V>]; N] {
    let mut columns: [&mut [Ballot<V>]; N] = std::array::from_fn(|_| Default::default());
    for (family, ballots) in votes.iter_mut().enumerate() {
        if let Some(slot) = families.iter().position(|own| *own == Some(family)) {
            columns[slot] = ballots;
        }
    }
    columns
}
