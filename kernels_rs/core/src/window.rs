//! Plain and weighted sums over moving windows.

use crate::params::MEMBERS;

/// One value per member of a family.
pub(crate) type Lanes = [f64; MEMBERS];

/// Off grid a running sum gathers rounding errors; a fresh one every so many bars bounds them.
const RENEWAL: usize = 256;

/// Nine running window sums S and W (newest weight = width), NaN until the first window is full.
///
/// On integers every step is exact, so the order of operations matters off grid only; there it is binding.
pub(crate) struct Windows {
    widths: [usize; MEMBERS],
    firsts: [usize; MEMBERS],
    last_first: usize,
    factors: Lanes,
    pub sum: Lanes,
    pub weighted: Lanes,
}

impl Windows {
    /// Windows over series that start at bar `origins`.
    pub fn new(origins: [usize; MEMBERS], widths: [usize; MEMBERS]) -> Self {
        let firsts: [usize; MEMBERS] = std::array::from_fn(|i| origins[i] + widths[i] - 1);
        Self {
            widths,
            firsts,
            last_first: firsts.into_iter().max().unwrap_or(0),
            factors: widths.map(|width| width as f64),
            sum: [f64::NAN; MEMBERS],
            weighted: [f64::NAN; MEMBERS],
        }
    }

    /// Moves every window to bar `t`; `at(i, u)` is the value of member i's series at bar u.
    #[inline]
    pub fn step(&mut self, t: usize, at: impl Fn(usize, usize) -> f64) {
        if t <= self.last_first || t.is_multiple_of(RENEWAL) {
            return self.step_slow(t, at);
        }
        for i in 0..MEMBERS {
            self.slide(i, at(i, t), at(i, t - self.widths[i]));
        }
    }

    fn step_slow(&mut self, t: usize, at: impl Fn(usize, usize) -> f64) {
        for i in 0..MEMBERS {
            let first = self.firsts[i];
            if t == first || (t > first && t.is_multiple_of(RENEWAL)) {
                self.renew(i, t, |u| at(i, u));
            } else if t > first {
                self.slide(i, at(i, t), at(i, t - self.widths[i]));
            }
        }
    }

    #[inline]
    fn slide(&mut self, i: usize, newest: f64, leaving: f64) {
        self.weighted[i] += self.factors[i] * newest - self.sum[i];
        self.sum[i] += newest - leaving;
    }

    fn renew(&mut self, i: usize, t: usize, at: impl Fn(usize) -> f64) {
        let (mut sum, mut weighted) = (0.0, 0.0);
        for (place, u) in (t + 1 - self.widths[i]..=t).enumerate() {
            sum += at(u);
            weighted += (place + 1) as f64 * at(u);
        }
        (self.sum[i], self.weighted[i]) = (sum, weighted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(bars: usize) -> Vec<f64> {
        (0..bars)
            .map(|t| 1.0 + (t as f64 * 0.7).sin() / 3.0)
            .collect()
    }

    fn fresh(x: &[f64], t: usize, width: usize) -> (f64, f64) {
        let window = &x[t + 1 - width..=t];
        let mut sum = window[0];
        let mut weighted = window[0];
        for (i, value) in window.iter().enumerate().skip(1) {
            sum += value;
            weighted += (i + 1) as f64 * value;
        }
        (sum, weighted)
    }

    #[test]
    fn sums_of_one_two_three_by_hand() {
        let x = [1.0, 2.0, 3.0, 4.0];
        let mut windows = Windows::new([0; MEMBERS], [3; MEMBERS]);
        (0..2).for_each(|t| windows.step(t, |_, u| x[u]));
        assert!(windows.sum[0].is_nan() && windows.weighted[0].is_nan());
        windows.step(2, |_, u| x[u]);
        assert_eq!((windows.sum[0], windows.weighted[0]), (6.0, 14.0));
        windows.step(3, |_, u| x[u]);
        assert_eq!((windows.sum[0], windows.weighted[0]), (9.0, 20.0));
    }

    #[test]
    fn every_256_bars_the_sums_are_fresh_and_between_they_run() {
        let x = wave(600);
        let widths = std::array::from_fn(|i| 2 + 5 * i);
        let origins = std::array::from_fn(|i| 3 * i);
        let mut windows = Windows::new(origins, widths);
        let mut ran = [(0.0, 0.0); MEMBERS];
        for t in 0..x.len() {
            windows.step(t, |_, u| x[u]);
            for i in 0..MEMBERS {
                let first = origins[i] + widths[i] - 1;
                if t < first {
                    assert!(windows.sum[i].is_nan());
                    continue;
                }
                let (sum, weighted) = ran[i];
                ran[i] = if t == first || t % 256 == 0 {
                    fresh(&x, t, widths[i])
                } else {
                    (
                        sum + (x[t] - x[t - widths[i]]),
                        weighted + (widths[i] as f64 * x[t] - sum),
                    )
                };
                assert_eq!((windows.sum[i], windows.weighted[i]), ran[i]);
            }
        }
        let drifted = (257..600).any(|t| ran_differs(&x, t));
        assert!(
            drifted,
            "the series must round somewhere, or this test proves nothing"
        );
    }

    fn ran_differs(x: &[f64], t: usize) -> bool {
        let before = fresh(x, t - 1, 12);
        before.0 + (x[t] - x[t - 12]) != fresh(x, t, 12).0
    }
}
