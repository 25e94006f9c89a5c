//! What property tests draw from.

use atc_core::{Dialect, FAMILIES, Params, Simd, Source, Want};
use proptest::prelude::*;

use super::{Columns, SOURCES, WANTS, members, params, paths};

pub fn dialect() -> impl Strategy<Value = Dialect> {
    prop_oneof![Just(Dialect::Lts), Just(Dialect::Tradingview)]
}

pub fn source() -> impl Strategy<Value = Source> {
    prop::sample::select(SOURCES.to_vec())
}

pub fn want() -> impl Strategy<Value = Want> {
    prop::sample::select(WANTS.to_vec())
}

pub fn path() -> impl Strategy<Value = Simd> {
    prop::sample::select(paths())
}

/// A walk in ticks of a unit that is a decimal, or is not.
pub fn candles(bars: std::ops::Range<usize>) -> impl Strategy<Value = Columns> {
    let unit = prop_oneof![Just(100.0), Just(1e4), Just(1.0), Just(7.0), Just(3e5)];
    (
        prop::collection::vec((-9..=9i32, 0..5i32, 0..5i32), bars),
        unit,
    )
        .prop_map(|(steps, unit)| {
            let mut columns = Columns::default();
            let mut close = 900;
            for (step, above, below) in steps {
                let open = close;
                close = (close + step).max(20);
                let prices = [
                    open,
                    open.max(close) + above,
                    open.min(close) - below,
                    close,
                ];
                columns
                    .iter_mut()
                    .zip(prices)
                    .for_each(|(column, ticks)| column.push(f64::from(ticks) / unit));
            }
            columns
        })
}

pub fn settings() -> impl Strategy<Value = Params> {
    let used = prop::array::uniform::<_, FAMILIES>(prop::bool::weighted(0.8));
    let weights = prop::array::uniform(0.1..3.0);
    (dialect(), 10usize..32, 0usize..90, source(), used, weights).prop_map(
        |(dialect, base, cutout, source, used, weights)| {
            let mut params = Params {
                cutout,
                source,
                weights,
                ..params(dialect, base)
            };
            (0..FAMILIES)
                .filter(|&family| !used[family] && used != [false; FAMILIES])
                .for_each(|family| params.lengths[family] = None);
            params
        },
    )
}

/// Families of unequal lengths beside those of equal ones, and the delay.
pub fn any_settings() -> impl Strategy<Value = Params> {
    let lengths = prop::array::uniform::<_, FAMILIES>(10usize..24);
    (settings(), any::<bool>(), lengths, any::<bool>()).prop_map(
        |(mut params, unequal, bases, strategy)| {
            params.strategy = strategy;
            let families = params.lengths.iter_mut().zip(bases).filter(|_| unequal);
            families.for_each(|(own, base)| *own = own.map(|_| members(base)));
            params
        },
    )
}

/// Numbers no exchange would send.
pub fn hostile() -> impl Strategy<Value = Columns> {
    let special = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        0.0,
        -0.0,
        1e-300,
        1e300,
        f64::MAX,
        -1.0,
        5e-324,
    ];
    let price =
        prop_oneof![3 => prop::sample::select(special.to_vec()), 3 => 0.5..2.0, 1 => any::<f64>()];
    prop::collection::vec(prop::array::uniform4(price), 0..300)
        .prop_map(|rows| std::array::from_fn(|column| rows.iter().map(|row| row[column]).collect()))
}
