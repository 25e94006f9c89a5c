//! The prices of one series as the averages want them: floats, and integers where there is a grid.

use crate::batch::Candles;
use crate::grid;
use crate::params::{Dialect, Params, Source};
use crate::round::rint;

/// One series ready to be averaged. Off grid, and in `tradingview`, the ticks are the raw prices.
#[derive(Clone, Copy)]
pub(crate) struct Bars<'a> {
    pub close: &'a [f64],
    pub source: &'a [f64],
    pub close_ticks: &'a [f64],
    pub source_ticks: &'a [f64],
    pub ticks_per_unit: f64,
}

/// Working memory that is reused from series to series.
#[derive(Default)]
pub(crate) struct Prices {
    source: Vec<f64>,
    close_ticks: Vec<f64>,
    source_ticks: Vec<f64>,
}

impl Prices {
    /// Prepares one series; also its grid, -1 for none.
    pub fn load<'a>(&'a mut self, candles: &Candles<'a>, params: &Params) -> (Bars<'a>, i8) {
        let (columns, used) = columns(params.source, candles);
        let columns = &columns[..used];
        let found = match params.dialect {
            Dialect::Lts => self.fill_ticks(candles.close, columns, params),
            Dialect::Tradingview => None,
        };
        match found {
            Some(k) => (self.on_grid(candles.close, columns, k), k),
            None => (self.off_grid(candles.close, columns), -1),
        }
    }

    /// Fills the integer prices and returns their grid, if the window sums over them are exact.
    fn fill_ticks(&mut self, close: &[f64], columns: &[&[f64]], params: &Params) -> Option<i8> {
        let k = grid::search(&[&[close], columns].concat())?;
        let scale = grid::power_of_ten(k);
        let multiple = columns.len() as f64;
        self.close_ticks.clear();
        self.close_ticks
            .extend(close.iter().map(|price| rint(price * scale) * multiple));
        sum_columns(&mut self.source_ticks, columns, |price| rint(price * scale));
        let ticks = self.close_ticks.iter().chain(&self.source_ticks);
        let largest = ticks.fold(0.0_f64, |largest, tick| largest.max(tick.abs()));
        grid::fits(largest, params).then_some(k)
    }

    fn on_grid<'a>(&'a mut self, close: &'a [f64], columns: &[&'a [f64]], k: i8) -> Bars<'a> {
        let ticks_per_unit = columns.len() as f64 * grid::power_of_ten(k);
        let source = if let [column] = columns {
            *column
        } else {
            self.source.clear();
            self.source
                .extend(self.source_ticks.iter().map(|tick| tick / ticks_per_unit));
            &self.source
        };
        let (close_ticks, source_ticks) = (&self.close_ticks, &self.source_ticks);
        Bars {
            close,
            source,
            close_ticks,
            source_ticks,
            ticks_per_unit,
        }
    }

    fn off_grid<'a>(&'a mut self, close: &'a [f64], columns: &[&'a [f64]]) -> Bars<'a> {
        let source = if let [column] = columns {
            *column
        } else {
            sum_columns(&mut self.source, columns, |price| price);
            self.source
                .iter_mut()
                .for_each(|sum| *sum /= columns.len() as f64);
            &self.source
        };
        Bars {
            close,
            source,
            close_ticks: close,
            source_ticks: source,
            ticks_per_unit: 1.0,
        }
    }
}

/// The columns whose mean is the source, in the order they are added, and how many there are.
fn columns<'a>(source: Source, candles: &Candles<'a>) -> ([&'a [f64]; 4], usize) {
    let Candles {
        open,
        high,
        low,
        close,
    } = *candles;
    let none: &[f64] = &[];
    match source {
        Source::Close => ([close, none, none, none], 1),
        Source::Open => ([open, none, none, none], 1),
        Source::High => ([high, none, none, none], 1),
        Source::Low => ([low, none, none, none], 1),
        Source::Hl2 => ([high, low, none, none], 2),
        Source::Hlc3 => ([high, low, close, none], 3),
        Source::Ohlc4 => ([open, high, low, close], 4),
    }
}

/// Per bar, the sum of the mapped columns, left to right.
fn sum_columns(sums: &mut Vec<f64>, columns: &[&[f64]], map: impl Fn(f64) -> f64) {
    sums.clear();
    sums.extend(columns[0].iter().map(|&price| map(price)));
    for column in &columns[1..] {
        sums.iter_mut()
            .zip(*column)
            .for_each(|(sum, &price)| *sum += map(price));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(source: Source, price: [f64; 4], check: impl Fn(&Bars, i8)) {
        let [open, high, low, close] = price.map(|value| [value]);
        let candles = Candles {
            open: &open,
            high: &high,
            low: &low,
            close: &close,
        };
        let params = Params {
            dialect: Dialect::Lts,
            lengths: [Some([4; 9]); 6],
            weights: [1.0; 6],
            decay: 0.03,
            cutout: 0,
            long_threshold: 0.1,
            short_threshold: -0.1,
            source,
            strategy: false,
        };
        let mut prices = Prices::default();
        let (bars, grid) = prices.load(&candles, &params);
        check(&bars, grid);
    }

    #[test]
    fn a_mean_source_is_an_integer_sum_over_one_division() {
        load(Source::Hlc3, [9.0, 1.5, 1.1, 1.3], |bars, grid| {
            assert_eq!(
                (bars.close_ticks[0], bars.source_ticks[0], grid),
                (39.0, 39.0, 1)
            );
            assert_eq!((bars.ticks_per_unit, bars.source[0]), (30.0, 1.3));
        });
    }

    #[test]
    fn columns_outside_the_source_have_no_say_in_the_grid() {
        load(
            Source::Open,
            [2.0, 1.0 / 3.0, 1.0 / 7.0, 1.5],
            |bars, grid| {
                assert_eq!(
                    (bars.close_ticks[0], bars.source_ticks[0], grid),
                    (15.0, 20.0, 1)
                );
            },
        );
    }

    #[test]
    fn off_grid_the_ticks_are_the_raw_prices() {
        let third = 1.0 / 3.0;
        load(Source::Ohlc4, [1.0, 2.0, third, 1.5], |bars, grid| {
            assert_eq!(
                (bars.close_ticks[0], bars.ticks_per_unit, grid),
                (1.5, 1.0, -1)
            );
            assert_eq!(bars.source_ticks[0], (((1.0 + 2.0) + third) + 1.5) / 4.0);
        });
    }
}
