//! Every operation, lane by lane, as the scalar path does it.

use proptest::prelude::*;

use super::{Lanes, Mask, Simd, Work, portable::Portable, scalar::Scalar};
#[cfg(target_arch = "x86_64")]
use super::{avx2::Avx2, avx512::Avx512};

const WIDTH: usize = 8;
type Row = [f64; WIDTH];
type Truths = [bool; WIDTH];

const SPECIAL: [f64; 26] = [
    0.0,
    -0.0,
    f64::NAN,
    -f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MAX,
    f64::MIN,
    f64::MIN_POSITIVE,
    5e-324,
    -5e-324,
    2.2e-308,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    0.499_999_999_999_999_94,
    4_503_599_627_370_495.5,
    4_503_599_627_370_496.0,
    -4_503_599_627_370_497.0,
    9_007_199_254_740_992.0,
    0.25,
    1.0,
    -1.0,
    1e300,
];

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => prop::sample::select(SPECIAL.to_vec()),
        2 => any::<f64>(),
        2 => (-1000i32..1000).prop_map(|halves| f64::from(halves) / 2.0),
        1 => any::<u64>().prop_map(f64::from_bits),
    ]
}

fn row() -> impl Strategy<Value = Row> {
    prop::array::uniform8(value())
}

fn truths() -> impl Strategy<Value = Truths> {
    prop::array::uniform8(any::<bool>())
}

/// The results of every operation on one set of operands.
#[derive(Debug, PartialEq)]
struct Answers {
    numbers: Vec<[u64; WIDTH]>,
    truths: Vec<Truths>,
    all: Vec<bool>,
}

/// All NaN are one: which of two a sum hands on is left to the instructions.
fn bits(value: f64) -> u64 {
    if value.is_nan() {
        u64::MAX
    } else {
        value.to_bits()
    }
}

/// Operands as one block of eight lanes, or as eight blocks of one.
struct Operations<V> {
    a: Row,
    b: Row,
    m: Truths,
    n: Truths,
    lanes: std::marker::PhantomData<V>,
}

type Of<V> = <V as Lanes>::Mask;
type Operation<V> = fn(V, V, Of<V>) -> V;
type Question<V> = fn(V, V, Of<V>, Of<V>) -> Of<V>;

impl<V: Lanes> Work for Operations<V> {
    type Output = Answers;

    fn run(self) -> Answers {
        let mut answers = Answers {
            numbers: Vec::new(),
            truths: Vec::new(),
            all: Vec::new(),
        };
        let blocks = || (0..WIDTH).step_by(V::WIDTH);
        let number = |row: &Row, first: usize| V::of(|lane| row[first + lane]);
        let truth = |row: &Truths, first: usize| {
            (0..V::WIDTH).fold(V::Mask::NONE, |mask, lane| {
                mask.with(lane, row[first + lane])
            })
        };
        let numbers: [Operation<V>; 9] = [
            |a, b, _| a + b,
            |a, b, _| a - b,
            |a, b, _| a * b,
            |a, b, _| a / b,
            |a, _, _| a.abs(),
            |a, b, _| a.or_larger(b),
            |a, b, mask| V::select(mask, a, b),
            |a, _, _| a.rint(),
            // Only the sign of a zero may differ between the paths.
            |a, _, mask| a.negated(mask) + V::splat(0.0),
        ];
        for operation in numbers {
            let mut result = [0; WIDTH];
            for first in blocks() {
                let (a, b) = (number(&self.a, first), number(&self.b, first));
                let value = operation(a, b, truth(&self.m, first));
                (0..V::WIDTH).for_each(|lane| result[first + lane] = bits(value.get(lane)));
            }
            answers.numbers.push(result);
        }
        let truths: [Question<V>; 10] = [
            |a, b, _, _| a.gt(b),
            |a, b, _, _| a.lt(b),
            |a, b, _, _| a.ge(b),
            |a, b, _, _| a.le(b),
            |a, b, mask, _| a.below(b, mask),
            |_, _, m, n| m & n,
            |_, _, m, n| m | n,
            |_, _, m, _| !m,
            |_, _, m, n| m & !n,
            |a, b, m, n| !(a.lt(b) | m) & n,
        ];
        for operation in truths {
            let (mut result, mut all) = ([false; WIDTH], true);
            for first in blocks() {
                let (a, b) = (number(&self.a, first), number(&self.b, first));
                let mask = operation(a, b, truth(&self.m, first), truth(&self.n, first));
                (0..V::WIDTH).for_each(|lane| result[first + lane] = mask.get(lane));
                all = all && mask.all();
            }
            answers.truths.push(result);
            answers.all.push(all);
        }
        answers
    }
}

#[allow(unsafe_code)]
fn answers<V: Lanes>(a: Row, b: Row, m: Truths, n: Truths) -> Answers {
    // SAFETY: asked for only where the path is available.
    unsafe {
        V::vectorize(Operations::<V> {
            a,
            b,
            m,
            n,
            lanes: std::marker::PhantomData,
        })
    }
}

fn on_path(path: Simd, a: Row, b: Row, m: Truths, n: Truths) -> Answers {
    assert!(Simd::available().contains(&path));
    match path {
        #[cfg(target_arch = "x86_64")]
        Simd::Avx512 => answers::<Avx512>(a, b, m, n),
        #[cfg(target_arch = "x86_64")]
        Simd::Avx2 => answers::<Avx2>(a, b, m, n),
        Simd::Portable => answers::<Portable>(a, b, m, n),
        _ => answers::<Scalar>(a, b, m, n),
    }
}

/// What the operations mean, in plain numbers.
fn expected(a: Row, b: Row, m: Truths, n: Truths) -> Answers {
    let numbers = |operation: &dyn Fn(f64, f64, bool) -> f64| -> [u64; WIDTH] {
        std::array::from_fn(|lane| bits(operation(a[lane], b[lane], m[lane])))
    };
    let truths = |operation: &dyn Fn(f64, f64, bool, bool) -> bool| -> Truths {
        std::array::from_fn(|lane| operation(a[lane], b[lane], m[lane], n[lane]))
    };
    let truths = vec![
        truths(&|a, b, _, _| a > b),
        truths(&|a, b, _, _| a < b),
        truths(&|a, b, _, _| a >= b),
        truths(&|a, b, _, _| a <= b),
        truths(&|a, b, m, _| a < b || (m && (a.is_nan() || b.is_nan() || a == b))),
        truths(&|_, _, m, n| m && n),
        truths(&|_, _, m, n| m || n),
        truths(&|_, _, m, _| !m),
        truths(&|_, _, m, n| m && !n),
        truths(&|a, b, m, n| n && !m && (a >= b || a.is_nan() || b.is_nan())),
    ];
    Answers {
        numbers: vec![
            numbers(&|a, b, _| a + b),
            numbers(&|a, b, _| a - b),
            numbers(&|a, b, _| a * b),
            numbers(&|a, b, _| a / b),
            numbers(&|a, _, _| a.abs()),
            numbers(&|a, b, _| if a > b { a } else { b }),
            numbers(&|a, b, m| if m { a } else { b }),
            numbers(&|a, _, _| a.round_ties_even()),
            numbers(&|a, _, m| if m { 0.0 - a } else { a + 0.0 }),
        ],
        all: truths
            .iter()
            .map(|row| row.iter().all(|&truth| truth))
            .collect(),
        truths,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_path_answers_as_plain_numbers_do(a in row(), b in row(), m in truths(), n in truths()) {
        let wanted = expected(a, b, m, n);
        for path in Simd::available() {
            prop_assert_eq!(&on_path(path, a, b, m, n), &wanted, "{}", path);
        }
    }

    #[test]
    fn equal_and_opposite_operands_answer_alike_too(a in row(), m in truths(), n in truths()) {
        for b in [a, a.map(|value| -value)] {
            let wanted = expected(a, b, m, n);
            for path in Simd::available() {
                prop_assert_eq!(&on_path(path, a, b, m, n), &wanted, "{}", path);
            }
        }
    }

    #[test]
    fn rows_show_their_lanes_in_order(values in prop::collection::vec(row(), 0..5)) {
        fn check<V: Lanes>(values: &[Row]) -> Result<(), TestCaseError> {
            let flat: Vec<f64> = values.concat();
            let mut rows: Vec<V> = flat.chunks(V::WIDTH).map(|lanes| V::of(|lane| lanes[lane])).collect();
            let bits = |values: &[f64]| -> Vec<u64> { values.iter().map(|value| value.to_bits()).collect() };
            prop_assert_eq!(bits(V::floats(&rows)), bits(&flat));
            for value in V::floats_mut(&mut rows) {
                *value = value.abs();
            }
            let sizes: Vec<f64> = flat.iter().map(|value| value.abs()).collect();
            prop_assert_eq!(bits(V::floats(&rows)), bits(&sizes));
            Ok(())
        }
        for path in Simd::available() {
            match path {
                #[cfg(target_arch = "x86_64")]
                Simd::Avx512 => check::<Avx512>(&values)?,
                #[cfg(target_arch = "x86_64")]
                Simd::Avx2 => check::<Avx2>(&values)?,
                Simd::Portable => check::<Portable>(&values)?,
                _ => check::<Scalar>(&values)?,
            }
        }
    }
}

#[test]
fn masks_set_and_tell_each_lane_alone() {
    fn check<V: Lanes>() {
        for lane in 0..V::WIDTH {
            let one = V::Mask::NONE.with(lane, true);
            let others = (!V::Mask::NONE).with(lane, false);
            for other in 0..V::WIDTH {
                assert_eq!(
                    (one.get(other), others.get(other)),
                    (other == lane, other != lane)
                );
            }
            assert_eq!((one.all(), others.all()), (V::WIDTH == 1, false));
            assert!((one | others).all() && (!V::Mask::NONE).all() && !V::Mask::NONE.all());
            assert!(!(one & others).get(lane) && !one.with(lane, false).get(lane));
        }
    }
    for path in Simd::available() {
        match path {
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512 => check::<Avx512>(),
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 => check::<Avx2>(),
            Simd::Portable => check::<Portable>(),
            _ => check::<Scalar>(),
        }
    }
}

#[test]
fn the_scalar_path_is_always_there_and_the_best_is_the_last() {
    let available = Simd::available();
    assert_eq!(available.first(), Some(&Simd::Scalar));
    assert_eq!(available.last(), Some(&Simd::best()));
    assert!(available.iter().all(|path| path.check().is_ok()));
}
