//! Figures of a series that a scan shows beside its signal and a backtest trades by.
//!
//! One pass from the first bar on: a value at a bar is of that bar and those before, so that the values of a longer
//! history begin with the same bits.

mod walk;

use std::array::from_fn;

use self::walk::{Averages, Jump};
use crate::error::Error;

/// Figures per bar, see [`features`].
pub const FEATURES: usize = 5;

/// Of a series: high, low, close, volume.
const COLUMNS: usize = 4;
/// Series that go through time together.
const ABREAST: usize = 8;

/// Lengths in bars, each at least 1 but for `day`, which is 0 where no volumes are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeatureLengths {
    /// Of the exponential average of the close.
    pub ema: usize,
    /// Of Wilder's average true range.
    pub atr: usize,
    /// The newest bars whose volume is compared.
    pub burst: usize,
    /// The bars that their volume is compared with.
    pub day: usize,
}

impl From<[usize; 4]> for FeatureLengths {
    fn from([ema, atr, burst, day]: [usize; 4]) -> Self {
        Self {
            ema,
            atr,
            burst,
            day,
        }
    }
}

/// The candles of one series.
#[derive(Clone, Copy)]
struct Bars<'a> {
    high: &'a [f64],
    low: &'a [f64],
    close: &'a [f64],
    volume: &'a [f64],
}

impl<'a> Bars<'a> {
    fn of([high, low, close, volume]: &[&'a [f64]; COLUMNS]) -> Result<Self, Error> {
        let bars = close.len();
        for (column, values) in [("high", high), ("low", low), ("volume", volume)] {
            let length = values.len();
            if length != bars {
                return Err(Error::ColumnLength {
                    column,
                    length,
                    bars,
                });
            }
        }
        Ok(Self {
            high,
            low,
            close,
            volume,
        })
    }

    fn step(&self, averages: &mut Averages<1>, t: usize) {
        averages.step([self.high[t]], [self.low[t]], [self.close[t]]);
    }

    /// The first `bars` bars.
    fn upto(&self, bars: usize) -> Self {
        Self {
            high: &self.high[..bars],
            low: &self.low[..bars],
            close: &self.close[..bars],
            volume: &self.volume[..bars],
        }
    }

    /// The figures at the last bar, which the averages and the jump have come to.
    fn figures(&self, averages: &Averages<1>, jump: &Jump) -> [f64; FEATURES] {
        let ([ema, atr], [ratio, bar]) = (averages.values(), jump.values());
        [ema, atr, ratio, bar, self.burst(averages.lengths())]
    }

    /// Each mean is summed anew, oldest bar first: a sum that goes along would carry the rounding of earlier bars.
    fn burst(&self, lengths: FeatureLengths) -> f64 {
        let end = self.volume.len();
        if lengths.day == 0 || end < lengths.day.max(lengths.burst) {
            return f64::NAN;
        }
        let mean = |bars: usize| {
            let newest = self.volume[end - bars..].iter();
            newest.fold(0.0, |sum, volume| sum + volume) / bars as f64
        };
        mean(lengths.burst) / mean(lengths.day)
    }
}

/// Computes the figures of every series, at its last bar or, with `every`, at each.
///
/// `columns` holds per series its highs, lows, closes and volumes. The figures, in this order, each NaN before there are
/// enough bars:
/// 1. EMA of the close: `e = e + alpha*(c - e)`, `alpha = 2/(ema+1)`, `e = c` at the first bar; from `ema` bars on.
/// 2. ATR: the true range is `max(high, c[-1]) - min(low, c[-1])`, at the first bar `high - low`; the mean of the first
///    `atr` true ranges, then `((atr-1)*before + true range) / atr`.
/// 3. Jump: `c / c[-1]` where `max(c, c[-1]) / min(c, c[-1])` is largest so far, the first of equals.
/// 4. The bar of that jump, counted from the first.
/// 5. Burst: the mean volume of the last `burst` bars / that of the last `day`; NaN where a volume is, or all are 0.
///
/// Shapes: `out` holds [`FEATURES`] values per series, with `every` as many rows of its bars, one series after the other.
///
/// # Errors
/// [`Error::FeatureLength`], [`Error::CandleColumns`], [`Error::ColumnLength`] or [`Error::OutputLength`]; then nothing
/// has been written.
pub fn features(
    columns: &[&[f64]],
    lengths: FeatureLengths,
    every: bool,
    out: &mut [f64],
) -> Result<(), Error> {
    check_lengths(lengths)?;
    let (candles, rest) = columns.as_chunks::<COLUMNS>();
    if !rest.is_empty() {
        let columns = columns.len();
        return Err(Error::CandleColumns { columns });
    }
    let series: Vec<Bars> = candles.iter().map(Bars::of).collect::<Result<_, _>>()?;
    let rows = if every {
        series.iter().map(|bars| bars.close.len()).sum()
    } else {
        series.len()
    };
    check_output(out.len(), rows * FEATURES)?;
    if every {
        every_bar(&series, lengths, out);
    } else {
        last_bar(&series, lengths, out);
    }
    Ok(())
}

fn check_lengths(lengths: FeatureLengths) -> Result<(), Error> {
    let named = [
        ("ema", lengths.ema),
        ("atr", lengths.atr),
        ("burst", lengths.burst),
    ];
    match named.into_iter().find(|&(_, bars)| bars == 0) {
        Some((name, _)) => Err(Error::FeatureLength { name }),
        None => Ok(()),
    }
}

fn check_output(length: usize, needed: usize) -> Result<(), Error> {
    let output = "features";
    if length == needed {
        Ok(())
    } else {
        Err(Error::OutputLength {
            output,
            length,
            needed,
        })
    }
}

fn last_bar(series: &[Bars], lengths: FeatureLengths, out: &mut [f64]) {
    let (groups, rest) = series.as_chunks::<ABREAST>();
    let (of_groups, of_rest) = out.split_at_mut(groups.len() * ABREAST * FEATURES);
    for (group, rows) in groups
        .iter()
        .zip(of_groups.chunks_exact_mut(ABREAST * FEATURES))
    {
        last_of(group, lengths, rows);
    }
    for (bars, row) in rest.iter().zip(of_rest.chunks_exact_mut(FEATURES)) {
        last_of(&[*bars], lengths, row);
    }
}

fn last_of<const N: usize>(series: &[Bars; N], lengths: FeatureLengths, rows: &mut [f64]) {
    let (together, shortest) = abreast(series, lengths);
    for ((lane, bars), row) in series
        .iter()
        .enumerate()
        .zip(rows.chunks_exact_mut(FEATURES))
    {
        let mut averages = together.alone(lane);
        for t in shortest..bars.close.len() {
            bars.step(&mut averages, t);
        }
        let mut jump = Jump::none();
        for t in 1..bars.close.len() {
            jump.step(bars.close, t);
        }
        row.copy_from_slice(&bars.figures(&averages, &jump));
    }
}

/// Averages of series at the end of the shortest of them, which is told too.
fn abreast<const N: usize>(series: &[Bars; N], lengths: FeatureLengths) -> (Averages<N>, usize) {
    let shortest = series
        .iter()
        .map(|bars| bars.close.len())
        .min()
        .unwrap_or(0);
    let high = series.map(|bars| &bars.high[..shortest]);
    let low = series.map(|bars| &bars.low[..shortest]);
    let close = series.map(|bars| &bars.close[..shortest]);
    let mut averages = Averages::new(lengths);
    let warm = shortest.min(lengths.atr);
    for t in 0..warm {
        averages.step(high.map(|x| x[t]), low.map(|x| x[t]), close.map(|x| x[t]));
    }
    for t in warm..shortest {
        averages.step_on(
            from_fn(|i| high[i][t]),
            from_fn(|i| low[i][t]),
            from_fn(|i| close[i][t]),
        );
    }
    (averages, shortest)
}

fn every_bar(series: &[Bars], lengths: FeatureLengths, out: &mut [f64]) {
    let mut rest = out;
    for bars in series {
        let count = bars.close.len();
        let (rows, after) = rest.split_at_mut(count * FEATURES);
        rest = after;
        let (mut averages, mut jump) = (Averages::new(lengths), Jump::none());
        for t in 0..count {
            bars.step(&mut averages, t);
            if t > 0 {
                jump.step(bars.close, t);
            }
            let figures = bars.upto(t + 1).figures(&averages, &jump);
            for (place, figure) in figures.into_iter().enumerate() {
                rows[place * count + t] = figure;
            }
        }
    }
}
