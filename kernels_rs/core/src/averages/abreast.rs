//! The settled members of one series side by side: eight in the lanes of a row, the ninth by itself.
//!
//! Every member does what it would do alone, and the votes of a bar are added in member order, so the bits are the same.

use super::MEMBERS;
use super::members::{Average, Member};
use super::ride::Leg;
use crate::simd::{Lanes, Mask};
use crate::tile::BARS;
use crate::vote::{Ballot, Gain, Settled};

/// What a bar shows a member: the close, and the average that it is compared with.
pub(crate) type Sight<L> = [L; 2];

/// Bars whose votes are counted together, so that what was written has settled when it is read back.
const COUNTED: usize = 8;

/// Whether a series is alone in lanes so narrow that its members fill the wide ones.
#[inline(always)]
pub(super) fn possible<V: Lanes>() -> bool {
    V::WIDTH == 1 && V::Wide::WIDTH + 1 == MEMBERS
}

/// What the members of a group need of memory on their way through a stretch.
#[derive(Clone)]
pub(super) struct Rooms<V: Lanes, const N: usize> {
    eight: Room<V::Wide, N>,
    ninth: Room<V, N>,
}

impl<V: Lanes, const N: usize> Rooms<V, N> {
    /// `None` where members never go side by side: stretches of a few bars are not worth the way there and back.
    pub fn new(room: usize) -> Option<Box<Self>> {
        (possible::<V>() && room >= COUNTED).then(|| {
            Box::new(Self {
                eight: Room::new(),
                ninth: Room::new(),
            })
        })
    }

    /// Takes all members through a leg, and adds the votes of the slots that are used.
    #[inline(always)]
    pub fn advance<A: Average<V, N, TV>, const TV: bool>(
        &mut self,
        average: &mut A,
        nine: &mut [Member<V, A::Carried, N>; MEMBERS],
        leg: &Leg<V>,
        columns: &mut [&mut [Ballot<V>]; N],
        used: [bool; N],
    ) {
        let (eight, ninth) = nine.split_at_mut(V::Wide::WIDTH);
        let mut row =
            Party::<V, V::Wide, A, N, TV>::board(average, eight, leg, &mut self.eight, used);
        let mut last = Party::<V, V, A, N, TV>::board(average, ninth, leg, &mut self.ninth, used);
        for from in (0..leg.len).step_by(COUNTED) {
            let bars = COUNTED.min(leg.len - from);
            for place in 0..bars {
                row.step(from + place, place, leg, used);
                last.step(from + place, place, leg, used);
            }
            for slot in (0..N).filter(|&slot| used[slot]) {
                let ballots = &mut columns[slot][leg.at + from..][..bars];
                for (place, ballot) in ballots.iter_mut().enumerate() {
                    row.count(slot, place, ballot);
                    last.count(slot, place, ballot);
                }
            }
        }
        row.leave(eight, leg, used);
        last.leave(ninth, leg, used);
    }
}

/// Votes, and what an average puts down for itself.
#[derive(Clone)]
struct Room<L: Lanes, const N: usize> {
    votes: [[Ballot<L>; COUNTED]; N],
    notes: Notes<L>,
}

/// Rows of values that members will see.
#[derive(Clone)]
pub(crate) struct Notes<L: Lanes> {
    pub one: [L; BARS],
    pub two: [L; BARS],
    pub past: Past<L>,
}

impl<L: Lanes, const N: usize> Room<L, N> {
    fn new() -> Self {
        let none = L::splat(0.0);
        Self {
            votes: [[[none; 2]; COUNTED]; N],
            notes: Notes {
                one: [none; BARS],
                two: [none; BARS],
                past: Past {
                    rows: [none; 2 * BARS],
                    back: [(0, L::Mask::NONE); MEMBERS],
                    unlike: 0,
                },
            },
        }
    }
}

/// Members in the lanes of L on their way through a leg.
struct Party<'a, V: Lanes, L: Lanes, A: Average<V, N, TV>, const N: usize, const TV: bool> {
    course: A::Course<L>,
    settled: [Settled<L>; N],
    room: &'a mut Room<L, N>,
}

impl<'a, V, L, A, const N: usize, const TV: bool> Party<'a, V, L, A, N, TV>
where
    V: Lanes,
    L: Lanes,
    A: Average<V, N, TV>,
{
    #[inline(always)]
    fn board(
        average: &mut A,
        members: &[Member<V, A::Carried, N>],
        leg: &Leg<V>,
        room: &'a mut Room<L, N>,
        used: [bool; N],
    ) -> Self {
        let mut settled = [Settled {
            equity: L::splat(0.0),
            down: L::Mask::NONE,
        }; N];
        for slot in 0..N {
            settled[slot] = Settled::side_by_side(|lane| Settled::of(&members[lane].cells, slot));
        }
        Self {
            course: average.board::<L>(members, leg, &mut room.notes, used),
            settled,
            room,
        }
    }

    #[inline(always)]
    fn step(&mut self, j: usize, place: usize, leg: &Leg<V>, used: [bool; N]) {
        let Gain { keep, rise, fall } = leg.gain(j);
        let gain = Gain {
            keep: L::splat(keep.get(0)),
            rise: L::splat(rise.get(0)),
            fall: L::splat(fall.get(0)),
        };
        let sights = A::step(&mut self.course, j, leg, &mut self.room.notes);
        for slot in (0..N).filter(|&slot| used[slot]) {
            let [close, average] = sights[slot];
            self.room.votes[slot][place] = self.settled[slot].vote::<TV>(&gain, close, average);
        }
    }

    /// Adds the votes of one bar, one member after the other.
    #[inline(always)]
    fn count(&self, slot: usize, place: usize, ballot: &mut Ballot<V>) {
        let [signed, equities] = &self.room.votes[slot][place];
        for lane in 0..L::WIDTH {
            ballot[0] = ballot[0] + V::splat(signed.get(lane));
            ballot[1] = ballot[1] + V::splat(equities.get(lane));
        }
    }

    #[inline(always)]
    fn leave(self, members: &mut [Member<V, A::Carried, N>], leg: &Leg<V>, used: [bool; N]) {
        for slot in (0..N).filter(|&slot| used[slot]) {
            for (lane, member) in members.iter_mut().enumerate() {
                member.cells.resume(slot, &self.settled[slot].lane(lane));
            }
        }
        A::leave(self.course, members, leg, &self.room.notes);
    }
}

/// Writes down what every member sees: the value of its own number of bars ago.
#[inline(always)]
pub(super) fn ago<V: Lanes, L: Lanes>(
    rows: &mut [L; BARS],
    column: &[V],
    leg: &Leg<V>,
    back: impl Fn(usize) -> usize,
) {
    set(rows, leg.len, |lane| leg.part(column, back(lane)));
}

/// Writes down values of every lane, bar by bar.
#[inline(always)]
pub(super) fn set<'a, V: Lanes + 'a, L: Lanes>(
    rows: &mut [L; BARS],
    len: usize,
    values: impl Fn(usize) -> &'a [V],
) {
    let mut columns: [&[f64]; MEMBERS] = [&[]; MEMBERS];
    for lane in 0..L::WIDTH {
        columns[lane] = &V::floats(values(lane))[..len];
    }
    for (j, row) in rows[..len].iter_mut().enumerate() {
        *row = L::of(|lane| columns[lane][j]);
    }
}

/// The last values of windows of unequal lengths, one window in each lane.
#[derive(Clone)]
pub(crate) struct Past<L: Lanes> {
    /// Row `BARS + j` is that of the leg's j-th bar.
    rows: [L; 2 * BARS],
    /// How many rows before that some lanes find what leaves their windows, and which lanes; so many there are.
    back: [(usize, L::Mask); MEMBERS],
    unlike: usize,
}

impl<L: Lanes> Past<L> {
    /// `ring` holds the values of a lane's window, the t-th at place t % length; `first` is the first to come, of `len`.
    #[inline(always)]
    pub fn begin<'a, V: Lanes + 'a>(
        &mut self,
        (first, len): (usize, usize),
        ring: impl Fn(usize) -> &'a [V],
    ) {
        self.unlike = 0;
        for lane in 0..L::WIDTH {
            let ring = V::floats(ring(lane));
            let back = ring.len().min(BARS);
            self.see(lane, back);
            let rows = L::floats_mut(&mut self.rows[BARS - back..]).chunks_exact_mut(L::WIDTH);
            let mut slot = first % ring.len();
            for row in rows.take(back.min(len)) {
                row[lane] = ring[slot];
                slot = if slot + 1 == ring.len() { 0 } else { slot + 1 };
            }
        }
    }

    /// What leaves the windows at the j-th bar.
    #[inline(always)]
    pub fn leaving(&self, j: usize) -> L {
        let [(first, _), others @ ..] = &self.back[..self.unlike] else {
            return self.rows[j];
        };
        let row = |back: usize| self.rows[BARS + j - back];
        let mut leaving = row(*first);
        for &(back, lanes) in others {
            leaving = L::select(lanes, row(back), leaving);
        }
        leaving
    }

    #[inline(always)]
    fn see(&mut self, lane: usize, back: usize) {
        let known = (0..self.unlike).find(|&place| self.back[place].0 == back);
        let place = known.unwrap_or(self.unlike);
        if known.is_none() {
            self.back[place] = (back, L::Mask::NONE);
            self.unlike += 1;
        }
        let lanes = &mut self.back[place].1;
        *lanes = lanes.with(lane, true);
    }

    #[inline(always)]
    pub fn enter(&mut self, j: usize, row: L) {
        self.rows[BARS + j] = row;
    }

    /// Puts the values that entered into the ring of a lane.
    #[inline(always)]
    pub fn keep<V: Lanes>(&self, lane: usize, (first, len): (usize, usize), ring: &mut [V]) {
        let fresh = len.min(ring.len());
        let floats = L::floats(&self.rows[BARS + len - fresh..][..fresh]);
        let mut slot = (first + len - fresh) % ring.len();
        for row in floats.chunks_exact(L::WIDTH) {
            ring[slot] = V::splat(row[lane]);
            slot = if slot + 1 == ring.len() { 0 } else { slot + 1 };
        }
    }
}
