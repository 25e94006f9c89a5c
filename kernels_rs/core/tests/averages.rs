//! Signals and equities of every member against a reference that keeps every bar of every value.

mod common;

use std::collections::VecDeque;

use atc_core::{Dialect, FAMILIES, MEMBERS, Params, Source, Want};
use common::strategies::candles;
use common::{Columns, laid, members, params, same_all, slowest_and_fastest};
use proptest::prelude::*;

/// The compensated rolling sum of the published script, after every value.
fn compensated(x: &[f64], n: usize) -> Vec<f64> {
    let (mut sum, mut carry) = (0.0_f64, 0.0_f64);
    let mut stored: VecDeque<f64> = VecDeque::new();
    let step = |t: usize| {
        let (b, r) = (carry.abs(), x[t] + carry.abs());
        if carry != 0.0 && x[t] != 0.0 && r.is_finite() && r != 0.0 && b - (r - x[t]) > 0.0 {
            sum = x[..=t]
                .iter()
                .rev()
                .take(n)
                .fold(0.0, |sum, value| sum + value);
            carry = 0.0;
            stored.push_back(x[t]);
        } else if stored.len() < n {
            let y = x[t] - carry;
            let u = sum + y;
            carry = (u - sum) - y;
            sum = u;
            stored.push_back(y);
        } else {
            let y1 = -stored[stored.len() - n] - carry;
            let u = sum + y1;
            let y2 = x[t] - ((u - sum) - y1);
            let v = u + y2;
            carry = (v - u) - y2;
            sum = v;
            stored.push_back(y2);
        }
        sum
    };
    (0..x.len()).map(step).collect()
}

fn undefined_until(first: usize, value: impl Fn(usize) -> f64, bars: usize) -> Vec<f64> {
    (0..bars)
        .map(|t| if t < first { f64::NAN } else { value(t) })
        .collect()
}

/// An exponential average of `x`, seeded at bar `first`.
fn exponential(x: &[f64], n: usize, first: usize, seed: f64) -> Vec<f64> {
    let mut value = f64::NAN;
    let step = |t: usize| {
        value = if t == first {
            seed
        } else {
            value + 2.0 / (n as f64 + 1.0) * (x[t] - value)
        };
        value
    };
    (0..x.len()).map(step).collect()
}

fn doubled(e1: &[f64], e2: &[f64]) -> Vec<f64> {
    e1.iter().zip(e2).map(|(e1, e2)| 2.0 * e1 - e2).collect()
}

/// The averages of the published script, in family order.
fn published(s: &[f64], n: usize) -> [Vec<f64>; FAMILIES] {
    let (bars, count) = (s.len(), n as f64);
    let rolled = compensated(s, n);
    let simple = undefined_until(n - 1, |t| rolled[t] / count, bars);
    let e1 = exponential(s, n, n - 1, simple.get(n - 1).copied().unwrap_or(f64::NAN));
    let seed = compensated(e1.get(n - 1..).unwrap_or(&[]), n)
        .get(n - 1)
        .map_or(f64::NAN, |sum| sum / count);
    let e2 = exponential(&e1, n, 2 * n - 2, seed);
    let sums = |t: usize| {
        (1..)
            .zip(&s[t + 1 - n..=t])
            .fold((0.0, 0.0), |(sum, weighted), (place, value)| {
                (sum + value, weighted + value * f64::from(place))
            })
    };
    let (places, squares) = (
        count * (count + 1.0) / 2.0,
        count * (count + 1.0) * (2.0 * count + 1.0) / 6.0,
    );
    let line = |t: usize| {
        let (sum, weighted) = sums(t);
        let slope = (count * weighted - places * sum) / (count * squares - places * places);
        let intercept = sum / count - slope * places / count + slope;
        intercept + slope * (count - 1.0)
    };
    let moves: Vec<f64> = s.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    let noise = compensated(&moves, n);
    let mut value = 0.0;
    let kama = |t: usize| {
        let known = t >= n && noise[t - 1] > 1e-10;
        let ratio = if known {
            (s[t] - s[t - n]).abs() / noise[t - 1]
        } else {
            0.0
        };
        let z = ratio * (0.666 - 0.064) + 0.064;
        value += (z * z) * (s[t] - value);
        value
    };
    [
        e1.clone(),
        simple,
        undefined_until(n - 1, |t| sums(t).1 / places, bars),
        doubled(&e1, &e2),
        undefined_until(n - 1, line, bars),
        (0..bars).map(kama).collect(),
    ]
}

/// EMA and DEMA of `lts`; `seed` is the mean of the first n values.
fn tick_exact(s: &[f64], n: usize, seed: f64) -> [Vec<f64>; 2] {
    let e1 = exponential(s, n, n - 1, seed);
    let e2 = exponential(&e1, n, n - 1, seed);
    let double = doubled(&e1, &e2);
    [e1, double]
}

/// Signals of the closes over an average; the bar to compare with is the last defined one, or the one before.
fn signals(close: &[f64], average: &[f64], last_defined: bool) -> Vec<i8> {
    let (mut before, mut signal) = ((f64::NAN, f64::NAN), 0);
    let step = |(&close, &average): (&f64, &f64)| {
        if close > average && before.0 <= before.1 {
            signal = 1;
        } else if close < average && before.0 >= before.1 {
            signal = -1;
        }
        if !last_defined || !average.is_nan() {
            before = (close, average);
        }
        signal
    };
    close.iter().zip(average).map(step).collect()
}

/// Equities from 1 after the signals, with the returns of `p` from the cutout on.
fn equities(p: &[f64], signals: &[i8], params: &Params) -> Vec<f64> {
    let (cutout, growth) = (params.cutout, common::growth(p.len()));
    let mut value = 1.0;
    let step = |t: usize| {
        if t > cutout {
            let r = (p[t] - p[t - 1]) / p[t - 1] * growth[t - cutout];
            value = (value * (1.0 - params.decay / 100.0)) * (1.0 + f64::from(signals[t - 1]) * r);
            let slack = if params.dialect == Dialect::Lts {
                0.0
            } else {
                1e-10
            };
            value = if value - 0.25 < -slack { 0.25 } else { value };
        }
        if t < cutout { f64::NAN } else { value }
    };
    (0..p.len()).map(step).collect()
}

fn check(
    columns: &Columns,
    params: &Params,
    family: usize,
    p: &[f64],
    averages: &[Vec<f64>],
) -> Result<(), TestCaseError> {
    let (close, bars) = (&columns[3], columns[3].len());
    for path in slowest_and_fastest() {
        let all = laid(std::slice::from_ref(columns), params).compute(params, Want::All, path, 1);
        for (member, average) in averages.iter().enumerate() {
            let row = (family * MEMBERS + member) * bars..(family * MEMBERS + member + 1) * bars;
            let signals = signals(close, average, params.dialect == Dialect::Tradingview);
            prop_assert_eq!(
                &all.member_sign[row.clone()],
                &signals[..],
                "family {}, {}, {}",
                family,
                member,
                path
            );
            let equities = equities(p, &signals, params);
            prop_assert_eq!(
                same_all(&all.member_equity[row]),
                same_all(&equities),
                "family {}, {}, {}",
                family,
                member,
                path
            );
        }
    }
    Ok(())
}

/// The source's values as the definition writes them.
#[allow(clippy::manual_midpoint)] // Which order of operations is the point.
fn values([open, high, low, close]: &Columns, source: Source) -> Vec<f64> {
    let at = |t: usize| match source {
        Source::Hl2 => (high[t] + low[t]) / 2.0,
        Source::Hlc3 => ((high[t] + low[t]) + close[t]) / 3.0,
        Source::Ohlc4 => (((open[t] + high[t]) + low[t]) + close[t]) / 4.0,
        Source::Open => open[t],
        Source::High => high[t],
        Source::Low => low[t],
        Source::Close => close[t],
    };
    (0..close.len()).map(at).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_member_of_the_published_script_signals_as_its_definition(
        columns in candles(1..330), base in 10usize..34, cutout in 0usize..80, source in common::strategies::source(),
    ) {
        let params = Params { cutout, source, ..params(Dialect::Tradingview, base) };
        let values = values(&columns, source);
        let by_member = members(base).map(|n| published(&values, n));
        for family in 0..FAMILIES {
            let averages: Vec<Vec<f64>> = by_member.iter().map(|averages| averages[family].clone()).collect();
            check(&columns, &params, family, &columns[3], &averages)?;
        }
    }

    #[test]
    fn ema_and_dema_start_from_whole_ticks(columns in candles(1..330), base in 10usize..34, cutout in 0usize..80) {
        let params = Params { cutout, ..params(Dialect::Lts, base) };
        let close = &columns[3];
        let k = common::run(std::slice::from_ref(&columns), &params, Want::Last).grid[0];
        let unit = if k < 0 { 1.0 } else { 10_f64.powi(i32::from(k)) };
        let p: Vec<f64> = close.iter().map(|price| if k < 0 { *price } else { (price * unit).round() }).collect();
        let by_member = members(base).map(|n| {
            let seed = p.get(..n).map_or(f64::NAN, |first| first.iter().fold(0.0, |sum, value| sum + value) / (n as f64 * unit));
            tick_exact(close, n, seed)
        });
        for (place, family) in [(0, 0), (1, 3)] {
            let averages: Vec<Vec<f64>> = by_member.iter().map(|averages| averages[place].clone()).collect();
            check(&columns, &params, family, &p, &averages)?;
        }
    }
}
