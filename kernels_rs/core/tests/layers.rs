//! Signals, equities and both layers against a reference that keeps every bar of every value.

mod common;

use atc_core::{Dialect, FAMILIES, Params, Want};
use common::{Laid, flat_candles, members, params, paths, prices, same_all};

const EMA_ONLY: usize = 0;

fn ema(prices: &[f64], n: usize, seed: f64) -> Vec<f64> {
    let mut values = vec![f64::NAN; n - 1];
    values.push(seed);
    for t in n..prices.len() {
        values.push(values[t - 1] + 2.0 / (n as f64 + 1.0) * (prices[t] - values[t - 1]));
    }
    values
}

fn signal(prices: &[f64], average: &[f64]) -> Vec<f64> {
    let mut signals = vec![0.0];
    for t in 1..prices.len() {
        let up = prices[t] > average[t] && prices[t - 1] <= average[t - 1];
        let down = prices[t] < average[t] && prices[t - 1] >= average[t - 1];
        signals.push(if up {
            1.0
        } else if down {
            -1.0
        } else {
            signals[t - 1]
        });
    }
    signals
}

struct Reference<'a> {
    params: &'a Params,
    returns: Vec<f64>,
}

impl Reference<'_> {
    fn floor(&self, e: f64) -> f64 {
        let low = if self.params.dialect == Dialect::Lts {
            e < 0.25
        } else {
            e - 0.25 < -1e-10
        };
        if low { 0.25 } else { e }
    }

    fn equity(&self, start: f64, signal: &[f64]) -> Vec<f64> {
        let cutout = self.params.cutout;
        let mut values = vec![f64::NAN; cutout];
        values.push(self.floor(start));
        let mut a = 0.0;
        for t in cutout + 1..self.returns.len() {
            let (r, before) = (self.returns[t], signal[t - 1]);
            let idle = if self.params.dialect == Dialect::Lts {
                0.0
            } else {
                a
            };
            a = if before > 0.0 {
                r
            } else if before < 0.0 {
                -r
            } else {
                idle
            };
            let e = (values[t - 1] * (1.0 - self.params.decay / 100.0)) * (1.0 + a);
            values.push(self.floor(e));
        }
        values
    }

    fn round(&self, x: f64) -> f64 {
        let hundred = 100.0 * x.abs();
        match self.params.dialect {
            Dialect::Lts => (100.0 * x).round_ties_even() / 100.0,
            // No tie occurs in this test, so the written order of the rounding does not show.
            Dialect::Tradingview => ((hundred + 0.5).floor() / 100.0).copysign(x) + 0.0,
        }
    }

    fn family(&self, signals: &[Vec<f64>]) -> Vec<f64> {
        let equities: Vec<Vec<f64>> = signals
            .iter()
            .map(|signal| self.equity(1.0, signal))
            .collect();
        let at = |t: usize| {
            let pairs = signals.iter().zip(&equities);
            let (sum, total) = pairs.fold((0.0, 0.0), |(sum, total), (s, e)| {
                (sum + s[t] * e[t], total + e[t])
            });
            self.round(sum / total)
        };
        (0..self.returns.len()).map(at).collect()
    }
}

/// Checks one series; says which cases it reached.
fn check(dialect: Dialect, cut: (f64, f64), seed: u32) -> [bool; 4] {
    let prices = prices(seed);
    let mut params = Params {
        cutout: 40,
        decay: 0.4,
        long_threshold: 0.3,
        short_threshold: -0.2,
        ..params(dialect, 14)
    };
    params.weights[EMA_ONLY] = 0.7;
    (1..FAMILIES).for_each(|family| params.lengths[family] = None);
    let growth: Vec<f64> = (0..prices.len()).map(|j| (2e-3 * j as f64).exp()).collect();
    let gain = |t: usize| (prices[t] - prices[t - 1]) / prices[t - 1] * growth[t - 40];
    let ticks_gain = |t: usize| {
        let [now, before] = [t, t - 1].map(|u| (prices[u] * 100.0).round());
        (now - before) / before * growth[t - 40]
    };
    let exact = dialect == Dialect::Lts;
    let returns = (0..prices.len()).map(|t| {
        if t <= 40 {
            0.0
        } else if exact {
            ticks_gain(t)
        } else {
            gain(t)
        }
    });
    let reference = Reference {
        params: &params,
        returns: returns.collect(),
    };

    let signals = members(14).map(|n| {
        let ticks: f64 = prices[..n]
            .iter()
            .map(|price| (price * 100.0).round())
            .sum();
        let plain: f64 = prices[..n].iter().sum();
        let seed = if exact {
            ticks / (n as f64 * 100.0)
        } else {
            plain / n as f64
        };
        signal(&prices, &ema(&prices, n, seed))
    });
    let x = reference.family(&signals);
    let weight = reference.equity(0.7, &x);
    let vote = |t: usize| {
        let side = if x[t] > cut.0 {
            1.0
        } else if x[t] < cut.1 {
            -1.0
        } else {
            0.0
        };
        side * weight[t] / weight[t]
    };
    let average: Vec<f64> = (0..prices.len())
        .map(|t| if t < 40 && exact { 0.0 } else { vote(t) })
        .collect();

    let laid = Laid::new(&[flat_candles(&prices)], growth);
    for path in paths() {
        let results = laid.compute(&params, Want::Layers, path, 1);
        assert_eq!(
            same_all(&results.families[..prices.len()]),
            same_all(&x),
            "{path}"
        );
        assert_eq!(
            same_all(&results.weights[..prices.len()]),
            same_all(&weight),
            "{path}"
        );
        assert_eq!(same_all(&results.average), same_all(&average), "{path}");
    }
    let near = |bound: f64, other: f64| x.iter().any(|&x| x.abs() > bound && x.abs() < other);
    // Undirected after a direction: there the dialects' idle gains differ.
    let idle = (41..x.len()).any(|t| x[t] == 0.0 && x[t - 1] != 0.0);
    [
        near(0.0, 0.2),
        near(0.3, 0.49),
        weight.contains(&0.25),
        idle,
    ]
}

fn check_all(dialect: Dialect, cut: (f64, f64)) {
    let reached = (7..27).map(|seed| check(dialect, cut, seed));
    let together = reached.reduce(|one, two| std::array::from_fn(|case| one[case] || two[case]));
    assert_eq!(
        together,
        Some([true; 4]),
        "the series must reach every case"
    );
}

#[test]
fn lts_cuts_at_the_thresholds() {
    check_all(Dialect::Lts, (0.3, -0.2));
}

#[test]
fn tradingview_cuts_at_49_hundredths() {
    check_all(Dialect::Tradingview, (0.49, -0.49));
}
