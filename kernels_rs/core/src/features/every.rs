//! Some figures at each bar: what none of them is made of costs nothing.

use super::newest::{Returns, bollinger, burst};
use super::walk::{Averages, Jump, Walker};
use super::wilder::{Adx, Rsi};
use super::{Bars, FeatureLengths, Figure};

/// A figure, and where its value at each bar goes.
type Row<'a> = (Figure, &'a mut [f64]);

pub(super) fn figures(series: &[Bars], lengths: FeatureLengths, asked: &[Figure], out: &mut [f64]) {
    let mut rest = out;
    for bars in series.iter().filter(|bars| !bars.close.is_empty()) {
        let count = bars.close.len();
        let (of_series, after) = rest.split_at_mut(count * asked.len());
        rest = after;
        let rows = of_series.chunks_exact_mut(count);
        let mut rows: Vec<Row> = asked.iter().copied().zip(rows).collect();
        walked(bars, lengths, &mut rows);
        of_the_newest(bars, lengths, &mut rows);
    }
}

/// Those that go along from the first bar.
fn walked(bars: &Bars, lengths: FeatureLengths, rows: &mut [Row]) {
    let mut averages = Averages::new(lengths);
    fill(rows, [Figure::Ema, Figure::Atr], |t| {
        averages.step(t, &bars.before(t), &bars.at(t));
        [averages.ema(t + 1), averages.atr(t + 1)]
    });
    let mut jump = Jump::none();
    fill(rows, [Figure::Jump, Figure::Jumped], |t| {
        if t > 0 {
            jump.step(bars.close, t);
        }
        jump.values()
    });
    let mut rsi = Rsi::new(lengths);
    fill(rows, [Figure::Rsi], |t| {
        rsi.step(t, &bars.before(t), &bars.at(t));
        [rsi.value(t + 1)]
    });
    let mut adx = Adx::new(lengths);
    fill(rows, [Figure::Adx], |t| {
        adx.step(t, &bars.before(t), &bars.at(t));
        [adx.value(t + 1)]
    });
}

/// Those that are made anew at each bar.
fn of_the_newest(bars: &Bars, lengths: FeatureLengths, rows: &mut [Row]) {
    let Bars { close, volume, .. } = *bars;
    fill(rows, [Figure::Burst], |t| {
        [burst(&volume[..=t], lengths.burst, lengths.day)]
    });
    fill(rows, [Figure::Bollinger], |t| {
        [bollinger(&close[..=t], lengths.bollinger)]
    });
    let of_returns = [Figure::Volatility, Figure::Hurst];
    if rows.iter().any(|(figure, _)| of_returns.contains(figure)) {
        let returns = Returns::of(close);
        fill(rows, [Figure::Volatility], |t| {
            [returns.volatility(t, lengths.volatility)]
        });
        fill(rows, [Figure::Hurst], |t| [returns.hurst(t, lengths.hurst)]);
    }
}

/// Writes figures that become known together, bar by bar, into their rows if there are any.
#[allow(clippy::inline_always)] // What goes along stays in registers only where nothing is called.
#[inline(always)]
fn fill<const K: usize>(
    rows: &mut [Row],
    figures: [Figure; K],
    mut known: impl FnMut(usize) -> [f64; K],
) {
    let place = |figure: Figure| figures.iter().position(|&each| each == figure);
    let mut own: Vec<(usize, &mut [f64])> = rows
        .iter_mut()
        .filter_map(|(figure, row)| Some((place(*figure)?, &mut **row)))
        .collect();
    let bars = own.first().map_or(0, |(_, row)| row.len());
    for t in 0..bars {
        let values = known(t);
        for (place, row) in &mut own {
            row[t] = values[*place];
        }
    }
}
