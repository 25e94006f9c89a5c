//! Few series, whose members go side by side once they have crossed, against one lane at a time: to the bit.

mod common;

use atc_core::{Dialect, FAMILIES, Params, Simd, Want};
use common::strategies::{any_settings, candles, want};
use common::{Columns, DIALECTS, SOURCES, flat_candles, laid, members, params, paths, prices};
use proptest::prelude::*;

/// Candles around a walk in ticks of 1/unit, `bars` long.
fn walk(seed: u32, bars: usize, unit: f64) -> Columns {
    let closes = prices(seed).into_iter().cycle().take(bars);
    let close: Vec<f64> = closes.map(|price| (price * 100.0).round() / unit).collect();
    let around = |by: f64| close.iter().map(|price| price + by / unit).collect();
    [around(1.0), around(3.0), around(-2.0), close.clone()]
}

fn assert_alike(series: &[Columns], params: &Params, want: Want, what: &str) {
    let laid = laid(series, params);
    let scalar = laid.compute(params, want, Simd::Scalar, 1);
    for (path, threads) in paths()
        .into_iter()
        .flat_map(|path| [1, 4].map(|threads| (path, threads)))
    {
        let other = laid.compute(params, want, path, threads);
        let difference = scalar.difference(&other);
        assert_eq!(
            difference, None,
            "{what}: {path}, {threads} threads, {want:?}, {params:?}"
        );
    }
}

#[test]
fn one_to_nine_series_of_unequal_lengths_agree() {
    let series: Vec<Columns> = (0u32..9)
        .map(|seed| {
            walk(
                seed,
                110 + 47 * seed as usize % 290,
                [100.0, 300.0][seed as usize % 2],
            )
        })
        .collect();
    for (count, dialect) in (1..=9).flat_map(|count| DIALECTS.map(|dialect| (count, dialect))) {
        for want in [Want::Last, Want::Average, Want::Layers] {
            let what = format!("{count} series");
            assert_alike(&series[..count], &params(dialect, 28), want, &what);
        }
    }
    for dialect in DIALECTS {
        assert_alike(&series[..2], &params(dialect, 20), Want::All, "all");
    }
}

#[test]
fn every_source_and_every_family_by_itself_agree() {
    for dialect in DIALECTS {
        for source in SOURCES {
            let params = Params {
                source,
                ..params(dialect, 20)
            };
            assert_alike(&[walk(3, 300, 100.0)], &params, Want::Layers, "source");
        }
        for family in 0..FAMILIES {
            let (mut alone, mut without) = (params(dialect, 20), params(dialect, 20));
            (0..FAMILIES).for_each(|other| {
                alone.lengths[other] = alone.lengths[other].filter(|_| other == family);
            });
            without.lengths[family] = None;
            for params in [alone, without] {
                assert_alike(&[walk(5, 300, 700.0)], &params, Want::Layers, "family");
            }
        }
    }
}

/// Rings of windows shorter and longer than a stretch; families of unlike lengths; members in no order.
#[test]
fn windows_of_all_lengths_agree() {
    for dialect in DIALECTS {
        for base in [10, 64, 70, 150] {
            assert_alike(
                &[walk(7, 700, 300.0)],
                &params(dialect, base),
                Want::Layers,
                "base",
            );
        }
        let mut unlike = params(dialect, 10);
        (0..FAMILIES).for_each(|family| unlike.lengths[family] = Some(members(10 + 9 * family)));
        unlike.lengths[1] = Some([90, 4, 33, 8, 121, 16, 64, 9, 50]);
        unlike.lengths[5] = Some([2, 70, 3, 65, 64, 63, 32, 31, 5]);
        assert_alike(&[walk(8, 900, 100.0)], &unlike, Want::All, "unlike");
    }
}

/// The longest Hull average smooths over more bars than a stretch has.
#[test]
fn a_root_beyond_a_stretch_agrees() {
    let mut params = params(Dialect::Lts, 4300);
    (2..FAMILIES).for_each(|family| params.lengths[family] = None);
    assert_alike(&[walk(1, 4900, 300.0)], &params, Want::Average, "long");
}

#[test]
fn extreme_and_still_prices_agree() {
    let scaled =
        |by: f64| walk(2, 400, 100.0).map(|column| column.iter().map(|x| x * by).collect());
    let mut undefined = walk(4, 400, 100.0);
    for column in &mut undefined {
        column[250] = f64::NAN;
    }
    let mut late = vec![10.0; 333];
    late.extend(&walk(6, 400, 100.0)[3]);
    for dialect in DIALECTS {
        for (what, series) in [
            ("huge", scaled(1e304)),
            ("tiny", scaled(1e-300)),
            ("undefined", undefined.clone()),
            ("still", flat_candles(&[12.5; 400])),
            ("crosses late", flat_candles(&late)),
        ] {
            for want in [Want::Last, Want::Layers] {
                assert_alike(
                    std::slice::from_ref(&series),
                    &params(dialect, 28),
                    want,
                    what,
                );
            }
        }
    }
}

#[test]
fn cutouts_and_the_delay_agree() {
    for (dialect, cutout) in DIALECTS
        .into_iter()
        .flat_map(|dialect| [0, 1, 63, 64, 65, 127, 300].map(|cutout| (dialect, cutout)))
    {
        let params = Params {
            cutout,
            strategy: cutout % 2 == 1,
            ..params(dialect, 14)
        };
        assert_alike(&[walk(9, 290, 100.0)], &params, Want::Layers, "cutout");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_few_series_agree(batch in prop::collection::vec(candles(90..420), 1..4), params in any_settings(), want in want()) {
        let laid = laid(&batch, &params);
        let scalar = laid.compute(&params, want, Simd::Scalar, 1);
        for path in paths() {
            prop_assert_eq!(scalar.difference(&laid.compute(&params, want, path, 2)), None, "{}", path);
        }
    }
}
