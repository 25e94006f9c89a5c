//! From votes to the signal: layer 1, layer 2, `Average_Signal` and its last change of side.

#![allow(clippy::inline_always)] // Compiled for the instructions of its caller.

use crate::averages::{FAMILIES, Votes};
use crate::plan::Plan;
use crate::simd::Lanes;
use crate::tile::{BARS, Tile};
use crate::vote::{Ballot, FLOOR, TOLERATED, floored};

/// The most lanes that there are.
const LANES: usize = 8;
const TIE: f64 = 0.5 - 1e-10;

/// What the layers carry from bar to bar.
#[derive(Clone)]
pub(crate) struct Layers<V: Lanes> {
    equity: [V; FAMILIES],
    /// X of the bar before, in hundredths.
    hundredths: [V; FAMILIES],
    /// `tradingview` goes on with its last gain while X is 0.
    idle: [V; FAMILIES],
    /// `Average_Signal` of the bar before, for `strategy`.
    before: V,
    side: V,
    /// The last bar whose side is not that of the bar before, -1 for none.
    pub flipped: V,
}

impl<V: Lanes> Layers<V> {
    pub fn new(plan: &Plan) -> Self {
        let floor = if plan.terms.tradingview {
            TOLERATED
        } else {
            FLOOR
        };
        let start = |weight: f64| V::splat(if weight < floor { FLOOR } else { weight });
        let zero = V::splat(0.0);
        Self {
            equity: plan.weights.map(start),
            hundredths: [zero; FAMILIES],
            idle: [zero; FAMILIES],
            before: zero,
            side: zero,
            flipped: V::splat(-1.0),
        }
    }

    /// Turns each ballot into (X in hundredths, `X_S`) and writes `Average_Signal`; a stretch lies wholly before the
    /// cutout or wholly behind.
    #[inline(always)]
    pub fn advance(
        &mut self,
        tile: &Tile<V>,
        plan: &Plan,
        votes: &mut Votes<V>,
        averages: &mut [V],
    ) {
        if tile.first < plan.terms.cutout {
            averages.fill(V::splat(if plan.terms.tradingview {
                f64::NAN
            } else {
                0.0
            }));
        } else if plan.terms.tradingview {
            first_layer::<V, true>(plan, votes, tile.len);
            self.second_layer::<true>(tile, plan, votes, averages);
        } else {
            first_layer::<V, false>(plan, votes, tile.len);
            self.second_layer::<false>(tile, plan, votes, averages);
        }
        self.show(tile.first, plan, averages);
    }

    #[inline(always)]
    fn second_layer<const TV: bool>(
        &mut self,
        tile: &Tile<V>,
        plan: &Plan,
        votes: &mut Votes<V>,
        averages: &mut [V],
    ) {
        if V::WIDTH < V::Wide::WIDTH {
            return self.abreast::<TV>(tile, plan, votes, averages);
        }
        let gains = tile.gains(0, tile.len);
        for (j, average) in averages.iter_mut().enumerate() {
            let (keep, r) = (gains.keep, tile.gain()[j]);
            let (mut sum, mut total) = (V::splat(0.0), V::splat(0.0));
            for &family in &plan.used {
                let mut own = self.standing(family);
                let ballot = &mut votes[family][j];
                let cut = own.step::<TV>(keep, r, ballot[0], plan.cut_hundredths);
                self.keep(family, own);
                ballot[1] = own.equity;
                sum = sum + cut * own.equity;
                total = total + own.equity;
            }
            *average = sum / total;
        }
    }

    /// The same for a series by itself, with the families in use side by side.
    #[inline(always)]
    fn abreast<const TV: bool>(
        &mut self,
        tile: &Tile<V>,
        plan: &Plan,
        votes: &mut Votes<V>,
        averages: &mut [V],
    ) {
        // Lanes beyond the families in use go along with the first, and count for nothing.
        let family = |lane: usize| *plan.used.get(lane).unwrap_or(&plan.used[0]);
        let mut row = Standing::<V::Wide> {
            equity: V::Wide::of(|lane| self.equity[family(lane)].get(0)),
            hundredths: V::Wide::of(|lane| self.hundredths[family(lane)].get(0)),
            idle: V::Wide::of(|lane| self.idle[family(lane)].get(0)),
        };
        let keep = V::Wide::splat(tile.gains(0, 0).keep.get(0));
        let mut parts = [[V::Wide::splat(0.0); 2]; BARS];
        let ballots: [&[Ballot<V>]; LANES] =
            std::array::from_fn(|lane| &votes[family(lane)][..tile.len]);
        for (j, part) in parts[..tile.len].iter_mut().enumerate() {
            let r = V::Wide::splat(tile.gain()[j].get(0));
            let x = V::Wide::of(|lane| ballots[lane][j][0].get(0));
            let cut = row.step::<TV>(keep, r, x, plan.cut_hundredths);
            *part = [cut * row.equity, row.equity];
        }
        for (j, (average, part)) in averages.iter_mut().zip(&parts).enumerate() {
            let (mut sum, mut total) = (V::splat(0.0), V::splat(0.0));
            for (lane, &family) in plan.used.iter().enumerate() {
                let [part, equity] = part.map(|row| V::splat(row.get(lane)));
                votes[family][j][1] = equity;
                sum = sum + part;
                total = total + equity;
            }
            *average = sum / total;
        }
        for (lane, &family) in plan.used.iter().enumerate() {
            let [equity, hundredths, idle] =
                [row.equity, row.hundredths, row.idle].map(|row| V::splat(row.get(lane)));
            self.keep(
                family,
                Standing {
                    equity,
                    hundredths,
                    idle,
                },
            );
        }
    }

    #[inline(always)]
    fn standing(&self, family: usize) -> Standing<V> {
        Standing {
            equity: self.equity[family],
            hundredths: self.hundredths[family],
            idle: self.idle[family],
        }
    }

    #[inline(always)]
    fn keep(&mut self, family: usize, own: Standing<V>) {
        self.equity[family] = own.equity;
        self.hundredths[family] = own.hundredths;
        self.idle[family] = own.idle;
    }

    /// `strategy` delays what is shown by a bar; sides are those of what is shown.
    #[inline(always)]
    fn show(&mut self, first: usize, plan: &Plan, averages: &mut [V]) {
        let (long, short) = (V::splat(plan.thresholds.0), V::splat(plan.thresholds.1));
        for (j, average) in averages.iter_mut().enumerate() {
            if plan.delayed {
                std::mem::swap(&mut self.before, average);
            }
            let side = V::select(
                average.gt(long),
                V::splat(1.0),
                V::splat(0.0).or_if(average.lt(short)),
            );
            let t = first + j;
            if t > 0 {
                let same = side.le(self.side) & side.ge(self.side);
                self.flipped = V::select(same, self.flipped, V::splat(t as f64));
            }
            self.side = side;
        }
    }

    /// Shows every value that is carried from bar to bar, always in the same order.
    pub fn each_row(&mut self, show: &mut impl FnMut(&mut V)) {
        let families = [&mut self.equity, &mut self.hundredths, &mut self.idle];
        families.into_iter().flatten().for_each(&mut *show);
        [&mut self.before, &mut self.side, &mut self.flipped]
            .into_iter()
            .for_each(show);
    }
}

/// A family in layer 2 between two bars.
#[derive(Clone, Copy)]
struct Standing<L> {
    equity: L,
    hundredths: L,
    idle: L,
}

impl<L: Lanes> Standing<L> {
    /// Goes on to a bar of signal x, in hundredths; returns the signal cut to +1, 0 or -1.
    #[inline(always)]
    fn step<const TV: bool>(&mut self, keep: L, r: L, x: L, (over, under): (f64, f64)) -> L {
        let (one, none) = (L::splat(1.0), L::splat(0.0));
        let (up, down) = (self.hundredths.gt(none), self.hundredths.lt(none));
        let idle = if TV { self.idle } else { none };
        let a = L::select(up | down, r.negated(down), idle);
        self.idle = a;
        self.equity = floored::<L, TV>((self.equity * keep) * (one + a));
        self.hundredths = x;
        let (over, under) = (L::splat(over), L::splat(under));
        L::select(x.gt(over), one, none.or_if(x.lt(under)))
    }
}

/// Minus one where the mask is true.
trait OrIf<V: Lanes> {
    fn or_if(self, short: V::Mask) -> V;
}

impl<V: Lanes> OrIf<V> for V {
    #[inline(always)]
    fn or_if(self, short: V::Mask) -> V {
        V::select(short, V::splat(-1.0), self)
    }
}

/// X = N/D in whole hundredths, in place of N.
#[inline(always)]
fn first_layer<V: Lanes, const TV: bool>(plan: &Plan, votes: &mut Votes<V>, len: usize) {
    for &family in &plan.used {
        for ballot in &mut votes[family][..len] {
            let x = ballot[0] / ballot[1];
            ballot[0] = if TV { away_from_zero(x) } else { to_even(x) };
        }
    }
}

/// Hundredths of x, ties to even.
#[inline(always)]
fn to_even<V: Lanes>(x: V) -> V {
    (V::splat(100.0) * x).rint()
}

/// Hundredths of x, ties (within 1e-10) away from zero; zero is +0.0.
#[inline(always)]
fn away_from_zero<V: Lanes>(x: V) -> V {
    let (hundred, zero) = (V::splat(100.0), V::splat(0.0));
    let size = x.abs();
    let fraction = size - floor(size);
    let down = floor(hundred * fraction);
    let tie = (hundred * fraction - down).ge(V::splat(TIE));
    let up = V::select(tie, V::splat(1.0), zero);
    // |x| is at most 1, so (whole + hundredths/100) is one division of a whole number by 100.
    let hundredths = hundred * (size - fraction) + (down + up);
    hundredths.negated(x.lt(zero)) + zero
}

#[inline(always)]
fn floor<V: Lanes>(x: V) -> V {
    let nearest = x.rint();
    nearest - V::select(nearest.gt(x), V::splat(1.0), V::splat(0.0))
}

#[cfg(test)]
mod tests;
