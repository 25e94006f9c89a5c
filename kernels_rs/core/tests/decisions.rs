//! Crossing decisions against slow references: integers on grid, the written order of operations off grid.

mod common;

use atc_core::{Dialect, Want};
use common::{flat_candles, laid, members, params, paths, run};
use proptest::prelude::*;

/// The signal of a member at every bar from the sign of close minus average; `None` where undefined.
fn signals(differences: &[Option<i32>]) -> Vec<i8> {
    let mut signals = vec![0; differences.len().min(1)];
    for (t, pair) in differences.windows(2).enumerate() {
        signals.push(match (pair[0], pair[1]) {
            (Some(..=0), Some(1..)) => 1,
            (Some(0..), Some(..=-1)) => -1,
            _ => signals[t],
        });
    }
    signals
}

fn sign(difference: i128) -> i32 {
    i32::try_from(difference.signum()).unwrap()
}

fn weighted(p: &[i128], t: usize, n: usize) -> i128 {
    (1..)
        .zip(&p[t + 1 - n..=t])
        .map(|(weight, price)| weight * price)
        .sum()
}

fn triangle(n: usize) -> i128 {
    let n = i128::try_from(n).unwrap();
    n * (n + 1) / 2
}

fn wma(p: &[i128], t: usize, n: usize) -> Option<i32> {
    (t + 1 >= n).then(|| sign(p[t] * triangle(n) - weighted(p, t, n)))
}

fn lsma(p: &[i128], t: usize, n: usize) -> Option<i32> {
    let count = i128::try_from(n).unwrap();
    (t + 1 >= n).then(|| {
        let sum: i128 = p[t + 1 - n..=t].iter().sum();
        sign(p[t] * count * (count + 1) - (6 * weighted(p, t, n) - 2 * (count + 1) * sum))
    })
}

/// Over the denominator `Dh * Dn * Dq` instead of the least common one.
fn hma(p: &[i128], t: usize, n: usize) -> Option<i32> {
    let (h, q) = (n / 2, n.isqrt());
    (t + 2 >= n + q).then(|| {
        let raw = |u: usize| 2 * triangle(n) * weighted(p, u, h) - triangle(h) * weighted(p, u, n);
        let smooth: i128 = (1..)
            .zip(t + 1 - q..=t)
            .map(|(weight, u)| weight * raw(u))
            .sum();
        sign(p[t] * triangle(q) * triangle(h) * triangle(n) - smooth)
    })
}

fn kama(p: &[i128], prices: &[f64], n: usize) -> Vec<Option<i32>> {
    let mut value = prices[0];
    let step = |t: usize| {
        if t >= n {
            let noise: i128 = (t + 1 - n..=t).map(|u| (p[u] - p[u - 1]).abs()).sum();
            let net = (p[t] - p[t - n]).abs();
            let ratio = if noise == 0 {
                0.0
            } else {
                net as f64 / noise as f64
            };
            let z = ratio * (0.666 - 0.064) + 0.064;
            value += (z * z) * (prices[t] - value);
        }
        prices[t].partial_cmp(&value).map(|order| order as i32)
    };
    (0..p.len()).map(step).collect()
}

/// Window sums of `x`, defined from bar `from` on, as the definition writes them: (S, W) per bar.
fn sums(x: &[f64], from: usize, width: usize) -> Vec<Option<(f64, f64)>> {
    let first = from + width - 1;
    let mut state = None;
    let step = |t: usize| {
        if t == first || (t > first && t.is_multiple_of(256)) {
            let window = &x[t + 1 - width..=t];
            let sum = window[1..].iter().fold(window[0], |sum, value| sum + value);
            let terms = window
                .iter()
                .enumerate()
                .map(|(place, value)| (place + 1) as f64 * value);
            state = terms
                .reduce(|sum, term| sum + term)
                .map(|weighted| (sum, weighted));
        } else if let Some((sum, weighted)) = state {
            let moved = weighted + (width as f64 * x[t] - sum);
            state = Some((sum + (x[t] - x[t - width]), moved));
        }
        state
    };
    (0..x.len()).map(step).collect()
}

fn compare(close: f64, average: f64) -> Option<i32> {
    close.partial_cmp(&average).map(|order| order as i32)
}

/// Signs of HMA, WMA, LSMA and KAMA in float64, off grid.
fn off_grid(x: &[f64], n: usize) -> [Vec<Option<i32>>; 4] {
    let (h, q, bars) = (n / 2, n.isqrt(), 0..x.len());
    let (dh, dn, dq) = (triangle(h), triangle(n), triangle(q));
    let lcm = (1..=dh)
        .map(|factor| factor * dn)
        .find(|multiple| multiple % dh == 0)
        .unwrap();
    let (half, full) = (sums(x, 0, h), sums(x, 0, n));
    let raw = |t: usize| {
        let (wh, wn) = (half[t].map_or(0.0, |s| s.1), full[t].map_or(0.0, |s| s.1));
        ((2 * lcm / dh) as f64) * wh - ((lcm / dn) as f64) * wn
    };
    let raw: Vec<f64> = bars.clone().map(raw).collect();
    let smooth = sums(&raw, n - 1, q);
    let moves: Vec<f64> = bars
        .clone()
        .map(|t| if t == 0 { 0.0 } else { (x[t] - x[t - 1]).abs() })
        .collect();
    let noise = sums(&moves, 1, n);
    let mut value = x[0];
    let kama = |t: usize| {
        if let Some((noise, _)) = noise[t] {
            let ratio = if noise <= 0.0 {
                0.0
            } else {
                (x[t] - x[t - n]).abs() / noise
            };
            let z = ratio * (0.666 - 0.064) + 0.064;
            value += (z * z) * (x[t] - value);
        }
        compare(x[t], value)
    };
    let line = |(sum, weighted): (f64, f64)| 6.0 * weighted - (2.0 * (n as f64 + 1.0)) * sum;
    [
        bars.clone()
            .map(|t| compare(x[t] * (dq * lcm) as f64, smooth[t]?.1))
            .collect(),
        bars.clone()
            .map(|t| compare(x[t] * dn as f64, full[t]?.1))
            .collect(),
        bars.clone()
            .map(|t| compare(x[t] * (2 * dn) as f64, line(full[t]?)))
            .collect(),
        bars.map(kama).collect(),
    ]
}

/// The signs of HMA, WMA, LSMA and KAMA in the kernel's order of families.
const WINDOWED: [usize; 4] = [1, 2, 4, 5];

fn check(
    prices: &[f64],
    base: usize,
    on_grid: bool,
    expected: impl Fn(usize) -> [Vec<Option<i32>>; 4],
) {
    let (expected, params) = (members(base).map(expected), params(Dialect::Lts, base));
    for path in paths() {
        let all = laid(&[flat_candles(prices)], &params).compute(&params, Want::All, path, 1);
        assert_eq!(all.grid[0] >= 0, on_grid);
        let rows: Vec<&[i8]> = all.member_sign.chunks(prices.len()).collect();
        for (family, place) in WINDOWED.into_iter().enumerate() {
            for (member, signs) in expected.iter().enumerate() {
                let wanted = signals(&signs[family]);
                assert_eq!(
                    rows[place * 9 + member],
                    wanted,
                    "family {place}, {member}, {path}"
                );
            }
        }
    }
}

fn walk(steps: &[i128]) -> Vec<i128> {
    let path = steps.iter().scan(500, |price, step| {
        *price = (*price + step).max(1);
        Some(*price)
    });
    path.collect()
}

fn ticks() -> impl Strategy<Value = Vec<i128>> {
    prop::collection::vec(
        prop_oneof![3 => Just(0i128), 5 => -2..=2i128, 1 => -40..=40i128],
        40..620,
    )
    .prop_map(|steps| walk(&steps))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_grid_decisions_are_those_of_integers(p in ticks(), decimals in 0..5, base in 10usize..50) {
        let unit = 10_f64.powi(decimals);
        let prices: Vec<f64> = p.iter().map(|&ticks| ticks as f64 / unit).collect();
        let bars = 0..p.len();
        check(&prices, base, true, |n| [
            bars.clone().map(|t| hma(&p, t, n)).collect(),
            bars.clone().map(|t| wma(&p, t, n)).collect(),
            bars.clone().map(|t| lsma(&p, t, n)).collect(),
            kama(&p, &prices, n),
        ]);
    }

    #[test]
    fn off_grid_decisions_follow_the_written_order(p in ticks(), base in 10usize..50) {
        let mut prices: Vec<f64> = p.iter().map(|&ticks| ticks as f64 / 7.0).collect();
        // A first price that is no decimal keeps every prefix off grid.
        prices[0] = 500.0 / 7.0;
        check(&prices, base, false, |n| off_grid(&prices, n));
    }
}

#[test]
fn renewals_rid_the_sums_of_what_a_huge_move_left_in_them() {
    // A straight way after the spike leads KAMA back to the prices.
    let price = |t: u32| match t {
        100 => 3e15,
        0..180 => 1.0 + f64::from(t) / 7.0,
        _ => 25.0 + f64::from(t * t % 97) / 7.0,
    };
    let prices: Vec<f64> = (0..600).map(price).collect();
    for base in [10, 14, 28] {
        check(&prices, base, false, |n| off_grid(&prices, n));
    }
}

#[test]
fn averages_that_overflow_are_undefined_until_their_sums_are_renewed() {
    let price = |t: u32| {
        if (150..170).contains(&t) {
            1e307
        } else {
            1.0 + f64::from(t * t % 97) / 96.0
        }
    };
    let prices: Vec<f64> = (0..600).map(price).collect();
    let [hma, wma, ..] = off_grid(&prices, 20);
    // At bar 256 the sum over raw values still takes in those from before the renewal.
    for (signs, back) in [(hma, 512), (wma, 256)] {
        let undefined = |t: usize| signs[t].is_none();
        assert!(!undefined(149) && (200..back).all(undefined) && !(back..600).any(undefined));
    }
    check(&prices, 20, false, |n| off_grid(&prices, n));
}

#[test]
fn a_touch_of_the_average_is_seen_exactly() {
    // A line with one dent: LSMA equals the close on the line, whatever the decimals.
    let p: Vec<i128> = (0..120)
        .map(|t| 1000 + 3 * t - i128::from(t == 60))
        .collect();
    let prices: Vec<f64> = p.iter().map(|&ticks| ticks as f64 / 100.0).collect();
    let signs: Vec<_> = (0..p.len()).map(|t| lsma(&p, t, 28)).collect();
    assert!(signs.iter().filter(|sign| **sign == Some(0)).count() > 50);
    let last = run(
        &[flat_candles(&prices)],
        &params(Dialect::Lts, 28),
        Want::Last,
    );
    assert_eq!(last.member_sign[4 * 9], *signals(&signs).last().unwrap());
}
