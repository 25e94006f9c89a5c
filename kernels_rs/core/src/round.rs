//! Rounding, spelt out.

const WHOLE: f64 = 4_503_599_627_370_496.0; // 2^52: from here on every float64 is an integer
const TOLERANCE: f64 = 1e-10;

/// The nearest integer, ties to even, sign kept.
///
/// Adding 2^52 leaves no fraction bits, so the addition itself rounds; the library call is not inlined on
/// processors without SSE4.1.
#[inline(always)]
pub(crate) fn rint(x: f64) -> f64 {
    let size = x.abs();
    if size < WHOLE {
        ((size + WHOLE) - WHOLE).copysign(x)
    } else {
        x
    }
}

/// The largest integer not above `x`.
fn floor(x: f64) -> f64 {
    let nearest = rint(x);
    nearest - one_if(nearest > x)
}

/// Votes are as good as random to a branch predictor; this keeps rounding free of branches.
fn one_if(condition: bool) -> f64 {
    f64::from(u8::from(condition))
}

/// Distance to the next float64 away from zero; not finite beyond the largest one.
#[inline(always)]
pub(crate) fn spacing(x: f64) -> f64 {
    let size = x.abs();
    f64::from_bits(size.to_bits() + 1) - size
}

/// Two decimals, ties to even.
pub(crate) fn hundredths_even(x: f64) -> f64 {
    rint(100.0 * x) / 100.0
}

/// Two decimals, ties (within 1e-10) away from zero; zero is +0.0.
pub(crate) fn hundredths_away(x: f64) -> f64 {
    let size = x.abs();
    let fraction = size - floor(size);
    let down = floor(100.0 * fraction);
    let up = one_if(100.0 * fraction - down >= 0.5 - TOLERANCE);
    let value = (size - fraction) + (down + up) / 100.0;
    // Adding 0.0 turns -0.0 into 0.0 and nothing else into anything else.
    value.copysign(x) + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rint_sends_ties_to_even_and_keeps_the_sign() {
        let cases = [
            (0.5, 0.0),
            (1.5, 2.0),
            (2.5, 2.0),
            (-2.5, -2.0),
            (3.49, 3.0),
            (1e300, 1e300),
        ];
        for (x, expected) in cases {
            assert_eq!(rint(x).to_bits(), f64::to_bits(expected), "{x}");
        }
        assert_eq!(rint(-0.3).to_bits(), (-0.0f64).to_bits());
        assert!(rint(f64::NAN).is_nan());
        assert_eq!(rint(f64::NEG_INFINITY), f64::NEG_INFINITY);
    }

    #[test]
    fn rint_agrees_with_the_library() {
        for step in -40_000_i32..40_000 {
            let x = f64::from(step) / 16.0 * 1.000_000_1;
            assert_eq!(rint(x).to_bits(), x.round_ties_even().to_bits(), "{x}");
        }
    }

    #[test]
    fn spacing_is_the_gap_above() {
        assert_eq!(spacing(1.0), f64::EPSILON);
        assert_eq!(spacing(-1.0), f64::EPSILON);
        assert_eq!(spacing(0.0), f64::from_bits(1));
        assert!(spacing(f64::INFINITY).is_nan());
    }

    #[test]
    fn hundredths_go_to_even_in_one_dialect_and_away_in_the_other() {
        assert_eq!(hundredths_even(0.125), 0.12);
        assert_eq!(hundredths_away(0.125), 0.13);
        assert_eq!(hundredths_away(-0.125), -0.13);
        assert_eq!(hundredths_even(0.135), 0.14);
        assert_eq!(hundredths_away(0.999), 1.0);
        assert_eq!(hundredths_away(-1.0), -1.0);
    }

    #[test]
    fn a_tie_missed_by_less_than_the_tolerance_still_goes_away() {
        assert_eq!(hundredths_away(0.125 - 1e-13), 0.13);
        assert_eq!(hundredths_away(0.125 - 1e-11), 0.12);
    }

    #[test]
    fn zeros_are_negative_only_in_the_even_rounding() {
        assert!(hundredths_even(-0.001).is_sign_negative());
        assert!(hundredths_away(-0.001).is_sign_positive());
        assert!(hundredths_away(-0.0).is_sign_positive());
    }
}
