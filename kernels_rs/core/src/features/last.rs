//! All figures at the last bar of each series.
#![allow(clippy::inline_always)] // Compiled for the instructions of its caller.

use super::newest::{Returns, bollinger, burst};
use super::walk::{Averages, Bar, Jump, Walker};
use super::wilder::{Adx, Rsi};
use super::{Bars, FEATURES, FeatureLengths};
#[cfg(target_arch = "x86_64")]
use crate::simd::{Lanes, avx2::Avx2, avx512::Avx512};
use crate::simd::{Simd, Work};

/// Series that go through time together.
const ABREAST: usize = 8;
/// Bars that lie side by side before the averages go through them, one after the other: all of them need more registers
/// than there are. A cache line of each column, so that all columns wait for memory at once.
const TILE: usize = 8;

/// One row per series; the instructions change no bit.
pub(super) fn figures(series: &[Bars], lengths: FeatureLengths, simd: Simd, out: &mut [f64]) {
    let work = Last {
        series,
        lengths,
        out,
    };
    match simd {
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        // SAFETY: a path is taken where the processor has its instructions.
        Simd::Avx512 => unsafe { Avx512::vectorize(work) },
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        // SAFETY: see above.
        Simd::Avx2 => unsafe { Avx2::vectorize(work) },
        _ => work.run(),
    }
}

struct Last<'a> {
    series: &'a [Bars<'a>],
    lengths: FeatureLengths,
    out: &'a mut [f64],
}

impl Work for Last<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self {
            series,
            lengths,
            out,
        } = self;
        let (groups, rest) = series.as_chunks::<ABREAST>();
        let (of_groups, of_rest) = out.split_at_mut(groups.len() * ABREAST * FEATURES);
        let rows = of_groups.chunks_exact_mut(ABREAST * FEATURES);
        for (group, rows) in groups.iter().zip(rows) {
            let (together, bars) = Walk::abreast(group, lengths);
            let rows = rows.chunks_exact_mut(FEATURES);
            for ((lane, series), row) in group.iter().enumerate().zip(rows) {
                row.copy_from_slice(&together.alone(lane).known(series, bars, lengths));
            }
        }
        for (series, row) in rest.iter().zip(of_rest.chunks_exact_mut(FEATURES)) {
            row.copy_from_slice(&Walk::new(lengths).known(series, 0, lengths));
        }
    }
}

/// What goes through N series.
struct Walk<const N: usize> {
    averages: Averages<N>,
    rsi: Rsi<N>,
    adx: Adx<N>,
}

impl<const N: usize> Walk<N> {
    fn new(lengths: FeatureLengths) -> Self {
        Self {
            averages: Averages::new(lengths),
            rsi: Rsi::new(lengths),
            adx: Adx::new(lengths),
        }
    }

    /// Through the bars that every series has, and how many these are.
    #[inline(always)]
    fn abreast(series: &[Bars; N], lengths: FeatureLengths) -> (Self, usize) {
        let mut walk = Self::new(lengths);
        let bars = series.iter().map(|each| each.close.len()).min();
        let bars = bars.unwrap_or(0);
        let mut tile = [Bar::none(); TILE + 1];
        for first in (0..bars).step_by(TILE) {
            let end = bars.min(first + TILE);
            tile[0] = tile[TILE];
            for (lane, each) in series.iter().enumerate() {
                let prices = each.high[first..end].iter().zip(&each.low[first..end]);
                let prices = prices.zip(&each.close[first..end]);
                for (bar, ((&high, &low), &close)) in tile[1..].iter_mut().zip(prices) {
                    bar.high[lane] = high;
                    bar.low[lane] = low;
                    bar.close[lane] = close;
                }
            }
            walk.advance(first, &tile[..=end - first]);
        }
        (walk, bars)
    }

    #[inline(always)]
    fn advance(&mut self, bars: usize, row: &[Bar<N>]) {
        self.averages.advance(bars, row);
        self.rsi.advance(bars, row);
        self.adx.advance(bars, row);
    }

    fn alone(&self, lane: usize) -> Walk<1> {
        Walk {
            averages: self.averages.alone(lane),
            rsi: self.rsi.alone(lane),
            adx: self.adx.alone(lane),
        }
    }
}

impl Walk<1> {
    /// The figures of a series at its end, from the bar on to which the walk has come.
    #[inline(always)]
    fn known(mut self, series: &Bars, come: usize, lengths: FeatureLengths) -> [f64; FEATURES] {
        let (close, bars) = (series.close, series.close.len());
        for t in come..bars {
            self.advance(t, &[series.before(t), series.at(t)]);
        }
        let mut jump = Jump::none();
        for t in 1..bars {
            jump.step(close, t);
        }
        let [ratio, bar] = jump.values();
        let returns = Returns::of(&close[bars.saturating_sub(lengths.returns() + 1)..]);
        [
            self.averages.ema(bars),
            self.averages.atr(bars),
            ratio,
            bar,
            burst(series.volume, lengths.burst, lengths.day),
            self.rsi.value(bars),
            self.adx.value(bars),
            bollinger(close, lengths.bollinger),
            returns.volatility(returns.count(), lengths.volatility),
            returns.hurst(returns.count(), lengths.hurst),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_gives_the_same_bits() {
        let lengths = [3, 4, 2, 3, 5, 6, 7, 9, 16];
        let column = |lane: usize, bars: usize| -> Vec<f64> {
            let mut price = 50.0;
            let steps = (0..bars).map(|t| ((t * t + 7 * lane) as f64).sin());
            steps
                .map(|step| {
                    price += step;
                    price
                })
                .collect()
        };
        let columns: Vec<Vec<f64>> = (0..11).map(|lane| column(lane, 30 + lane % 4)).collect();
        let bars = |of: &'_ Vec<f64>| -> [Vec<f64>; 2] {
            [
                of.iter().map(|x| x + 0.3).collect(),
                of.iter().map(|x| x - 0.2).collect(),
            ]
        };
        let ranges: Vec<[Vec<f64>; 2]> = columns.iter().map(bars).collect();
        let series: Vec<Bars> = columns
            .iter()
            .zip(&ranges)
            .map(|(close, [high, low])| Bars {
                high,
                low,
                close,
                volume: close,
            })
            .collect();
        let on = |simd: Simd| {
            let mut out = vec![0.0; series.len() * FEATURES];
            figures(&series, lengths.into(), simd, &mut out);
            out.into_iter().map(f64::to_bits).collect::<Vec<_>>()
        };
        let scalar = on(Simd::Scalar);
        assert!(scalar.iter().all(|&bits| f64::from_bits(bits).is_finite()));
        for path in Simd::available() {
            assert_eq!(on(path), scalar, "{path}");
        }
    }
}
