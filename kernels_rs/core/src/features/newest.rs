//! What is known of the newest bars alone. Each sum is made anew, oldest first: one that goes along would carry the
//! rounding of earlier bars.

use std::f64::consts::{FRAC_1_SQRT_2, LOG2_E};

/// Bars over which the Hurst exponent sums returns: each twice the one before.
const LAGS: [usize; 5] = [1, 2, 4, 8, 16];
pub(super) const LONGEST_LAG: usize = LAGS[LAGS.len() - 1];
/// The bands lie this many standard deviations from the mean.
const DEVIATIONS: f64 = 2.0;

fn newest(values: &[f64], bars: usize) -> Option<&[f64]> {
    values.len().checked_sub(bars).map(|first| &values[first..])
}

fn mean(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |sum, value| sum + value) / values.len() as f64
}

/// The sum of the squares of what is left without the mean, which is told first.
fn spread(values: &[f64]) -> (f64, f64) {
    let mean = mean(values);
    let squares = values.iter().map(|value| (value - mean) * (value - mean));
    (mean, squares.fold(0.0, |sum, square| sum + square))
}

/// The mean volume of the last `few` bars / that of the last `day`.
pub(super) fn burst(volume: &[f64], few: usize, day: usize) -> f64 {
    match (newest(volume, few), newest(volume, day)) {
        (Some(few), Some(whole)) if day > 0 => mean(few) / mean(whole),
        _ => f64::NAN,
    }
}

/// %B, from the distances to the last close: these are 0 where the price is flat, and so is their spread.
pub(super) fn bollinger(close: &[f64], bars: usize) -> f64 {
    let Some(closes @ [.., last]) = newest(close, bars) else {
        return f64::NAN;
    };
    let away: Vec<f64> = closes.iter().map(|each| each - last).collect();
    let (mean, squares) = spread(&away);
    let deviation = (squares / bars as f64).sqrt();
    if deviation > 0.0 && deviation < f64::INFINITY {
        0.5 - mean / (2.0 * DEVIATIONS * deviation)
    } else {
        f64::NAN
    }
}

/// Per bar but the first the return of the close, and the sums of so many of the last as the lags say.
pub(super) struct Returns([Vec<f64>; LAGS.len()]);

impl Returns {
    pub fn of(close: &[f64]) -> Self {
        let single: Vec<f64> = close
            .windows(2)
            .map(|pair| 2.0 * (pair[1] - pair[0]) / (pair[1] + pair[0]))
            .collect();
        let mut sums = [const { Vec::new() }; LAGS.len()];
        sums[0] = single;
        for place in 1..LAGS.len() {
            let (halves, back) = (&sums[place - 1], LAGS[place - 1]);
            let mut wholes = halves.clone();
            for (whole, older) in wholes.iter_mut().skip(back).zip(halves) {
                *whole += older;
            }
            sums[place] = wholes;
        }
        Self(sums)
    }

    pub fn count(&self) -> usize {
        self.0[0].len()
    }

    /// The standard deviation of the `count` returns before `end`.
    pub fn volatility(&self, end: usize, count: usize) -> f64 {
        newest(&self.0[0][..end], count).map_or(f64::NAN, |returns| {
            (spread(returns).1 / (count - 1) as f64).sqrt()
        })
    }

    /// Half the slope of log2 of the mean squares over log2 of the lags, of the `count` returns before `end`.
    pub fn hurst(&self, end: usize, count: usize) -> f64 {
        let Some(first) = end.checked_sub(count) else {
            return f64::NAN;
        };
        let [one, two, _, eight, sixteen] = self.squares(first, end);
        let mean = |squares: f64, place: usize| squares / (count + 1 - LAGS[place]) as f64;
        let longest = mean(sixteen, 4) / mean(one, 0);
        log2(longest * longest * (mean(eight, 3) / mean(two, 1))) / 20.0
    }

    /// The sums of the squares of those that lie within `first..end`, all lags going along together.
    fn squares(&self, first: usize, end: usize) -> [f64; LAGS.len()] {
        let rows = self.0.each_ref().map(|sums| &sums[first..end]);
        let mut squares = [0.0; LAGS.len()];
        for (place, lag) in LAGS.into_iter().enumerate() {
            for t in lag - 1..LONGEST_LAG - 1 {
                squares[place] += rows[place][t] * rows[place][t];
            }
        }
        for t in LONGEST_LAG - 1..end - first {
            for place in 0..LAGS.len() {
                squares[place] += rows[place][t] * rows[place][t];
            }
        }
        squares
    }
}

/// The logarithm to base 2 of the same bits on every platform; NaN of what is not a normal number above 0.
///
/// 2 atanh((m-1)/(m+1)) / ln 2 of the mantissa, the series of atanh up to the 21st power.
fn log2(x: f64) -> f64 {
    if !x.is_normal() || x < 0.0 {
        return f64::NAN;
    }
    let bits = x.to_bits();
    let mut power = (bits >> 52) as f64 - 1022.0;
    let mut mantissa = f64::from_bits(bits & (u64::MAX >> 12) | 1022 << 52);
    if mantissa < FRAC_1_SQRT_2 {
        (mantissa, power) = (2.0 * mantissa, power - 1.0);
    }
    let part = (mantissa - 1.0) / (mantissa + 1.0);
    let series = (0..=10).rev().fold(0.0, |sum, term| {
        sum * (part * part) + 1.0 / f64::from(2 * term + 1)
    });
    power + 2.0 * LOG2_E * (part * series)
}
