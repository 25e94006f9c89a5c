//! Figures of a series that a scan shows beside its signal and a backtest trades by.
//!
//! One pass from the first bar on: a value at a bar is of that bar and those before, so that the values of a longer
//! history begin with the same bits.

mod every;
mod last;
mod lengths;
mod newest;
mod walk;
mod wilder;

pub use self::lengths::FeatureLengths;
use self::walk::Bar;
use crate::error::Error;
use crate::simd::Simd;

/// Figures per bar, see [`features`].
pub const FEATURES: usize = Figure::ALL.len();

/// Of a series: high, low, close, volume.
const COLUMNS: usize = 4;

/// What [`features`] computes, in the order of its figures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Figure {
    Ema,
    Atr,
    Jump,
    Jumped,
    Burst,
    Rsi,
    Adx,
    Bollinger,
    Volatility,
    Hurst,
}

impl Figure {
    const ALL: [Self; 10] = [
        Self::Ema,
        Self::Atr,
        Self::Jump,
        Self::Jumped,
        Self::Burst,
        Self::Rsi,
        Self::Adx,
        Self::Bollinger,
        Self::Volatility,
        Self::Hurst,
    ];

    fn at(place: usize) -> Result<Self, Error> {
        let (known, figures) = (Self::ALL.get(place), FEATURES);
        known.copied().ok_or(Error::FeaturePlace { place, figures })
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

    fn at(&self, t: usize) -> Bar<1> {
        Bar {
            high: [self.high[t]],
            low: [self.low[t]],
            close: [self.close[t]],
        }
    }

    fn before(&self, t: usize) -> Bar<1> {
        if t == 0 { Bar::none() } else { self.at(t - 1) }
    }
}

/// Computes all figures of every series at its last bar or, with `every`, those of these places at each bar.
///
/// `columns` holds per series its highs, lows, closes and volumes; `before` is the value one bar earlier. The figures, in
/// this order, each NaN before there are enough bars:
/// 0. EMA of the close: `e = e + alpha*(c - e)`, `alpha = 2/(ema+1)`, `e = c` at the first bar; from `ema` bars on.
/// 1. ATR: the true range is `max(high, c[-1]) - min(low, c[-1])`, at the first bar `high - low`; the mean of the first
///    `atr` true ranges, then `((atr-1)*before + true range) / atr`.
/// 2. Jump: `c / c[-1]` where `max(c, c[-1]) / min(c, c[-1])` is largest so far, the first of equals.
/// 3. The bar of that jump, counted from the first.
/// 4. Burst: the mean volume of the last `burst` bars / that of the last `day`; NaN where a volume is, or all are 0.
/// 5. RSI: `100 * gain/(gain + loss)`, Wilder's averages over `rsi` of `max(c - c[-1], 0)` and `max(c[-1] - c, 0)`: the
///    mean of the first `rsi`, then `before + (x - before)/rsi`; NaN where all closes so far are equal.
/// 6. ADX: 100 x the Wilder average of `|up - down| / (up + down)`, 0 where that is 0/0, of Wilder's averages of the
///    directional movements, all over `adx`: up is `h - h[-1]` where that is above 0 and above `l[-1] - l`, else 0; down
///    the other way round. From `2*adx` bars on.
/// 7. %B: `(c - lower) / (upper - lower)`, the bands twice the population's standard deviation from the mean of the last
///    `bollinger` closes; NaN where these are equal.
/// 8. Volatility: the sample's standard deviation of the last `volatility` returns `2*(c - c[-1]) / (c + c[-1])`, per bar.
/// 9. Hurst exponent: half the slope, by least squares, of `log2` of the mean square of the sums of k returns, all that
///    lie within the last `hurst`, over `log2 k`, k = 1, 2, 4, 8, 16; NaN where that of 1, 2, 8 or 16 is 0.
///
/// Shapes: `out` holds [`FEATURES`] values per series, with `every` a row of its bars per place, one series after the
/// other.
///
/// # Errors
/// [`Error::FeatureLength`], [`Error::FeaturePlace`], [`Error::CandleColumns`], [`Error::ColumnLength`] or
/// [`Error::OutputLength`]; then nothing has been written.
pub fn features(
    columns: &[&[f64]],
    lengths: FeatureLengths,
    every: Option<&[usize]>,
    out: &mut [f64],
) -> Result<(), Error> {
    lengths.check()?;
    let (candles, rest) = columns.as_chunks::<COLUMNS>();
    if !rest.is_empty() {
        let columns = columns.len();
        return Err(Error::CandleColumns { columns });
    }
    let series: Vec<Bars> = candles.iter().map(Bars::of).collect::<Result<_, _>>()?;
    let Some(places) = every else {
        check_output(out.len(), series.len() * FEATURES)?;
        last::figures(&series, lengths, Simd::best(), out);
        return Ok(());
    };
    let asked: Vec<Figure> = places
        .iter()
        .copied()
        .map(Figure::at)
        .collect::<Result<_, _>>()?;
    let bars: usize = series.iter().map(|bars| bars.close.len()).sum();
    check_output(out.len(), bars * asked.len())?;
    every::figures(&series, lengths, &asked, out);
    Ok(())
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
