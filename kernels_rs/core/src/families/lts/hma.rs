//! HMA: `WMA(q)` of `2*WMA(h) - WMA(n)`, h = floor(n/2), q = floor(sqrt(n)), over a common denominator.

use super::super::{Averages, Sides};
use super::triangle;
use crate::params::MEMBERS;
use crate::prices::Bars;
use crate::window::{Lanes, Windows};

pub(crate) fn factor(n: usize) -> u128 {
    2 * common(n) * triangle(n.isqrt())
}

pub(super) fn first_defined(n: usize) -> usize {
    (n - 1) + (n.isqrt() - 1)
}

/// Least common multiple of the weight sums of the half and the full window.
fn common(n: usize) -> u128 {
    let (half, full) = (triangle(n / 2), triangle(n));
    half / divisor(half, full) * full
}

fn divisor(a: u128, b: u128) -> u128 {
    if b == 0 { a.max(1) } else { divisor(b, a % b) }
}

struct Hma {
    half: Windows,
    full: Windows,
    smooth: Windows,
    half_factor: Lanes,
    full_factor: Lanes,
    scale: Lanes,
    raw: History,
}

pub(super) fn build(lengths: &[usize; MEMBERS], _bars: &Bars) -> Box<dyn Averages> {
    let roots = lengths.map(usize::isqrt);
    Box::new(Hma {
        half: Windows::new([0; MEMBERS], lengths.map(|n| n / 2)),
        full: Windows::new([0; MEMBERS], *lengths),
        smooth: Windows::new(lengths.map(|n| n - 1), roots),
        half_factor: lengths.map(|n| (2 * common(n) / triangle(n / 2)) as f64),
        full_factor: lengths.map(|n| (common(n) / triangle(n)) as f64),
        scale: lengths.map(|n| (triangle(n.isqrt()) * common(n)) as f64),
        raw: History::new(roots.into_iter().max().unwrap_or(0)),
    })
}

impl Averages for Hma {
    fn step(&mut self, bars: &Bars, t: usize, sides: &mut Sides) {
        self.half.step(t, |_, u| bars.source_ticks[u]);
        self.full.step(t, |_, u| bars.source_ticks[u]);
        let raw = self.raw.at_mut(t);
        for i in 0..MEMBERS {
            raw[i] = self.half_factor[i] * self.half.weighted[i]
                - self.full_factor[i] * self.full.weighted[i];
        }
        self.smooth.step(t, |i, u| self.raw.at(u)[i]);
        sides.close = self.scale.map(|scale| bars.close_ticks[t] * scale);
        sides.average = self.smooth.weighted;
    }
}

/// The raw values of the last bars, in a ring a power of two long.
struct History {
    ring: Vec<Lanes>,
}

impl History {
    /// Reaches back `bars` bars from the newest.
    fn new(bars: usize) -> Self {
        Self {
            ring: vec![[f64::NAN; MEMBERS]; (bars + 1).next_power_of_two()],
        }
    }

    fn at(&self, t: usize) -> &Lanes {
        &self.ring[t & (self.ring.len() - 1)]
    }

    fn at_mut(&mut self, t: usize) -> &mut Lanes {
        let place = t & (self.ring.len() - 1);
        &mut self.ring[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_of_length_28_and_of_the_smallest() {
        assert_eq!((triangle(14), triangle(28), common(28)), (105, 406, 6090));
        assert_eq!(factor(28), 2 * 6090 * 15);
        assert_eq!((common(4), factor(4), first_defined(4)), (30, 180, 4));
        assert_eq!(first_defined(28), 31);
    }

    #[test]
    fn the_longest_length_overflows_nothing() {
        assert!(factor(crate::params::LONGEST) > 0);
    }
}
