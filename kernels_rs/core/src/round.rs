//! Rounding, spelt out.

#![allow(clippy::inline_always)] // Compiled for the instructions of its caller.

const WHOLE: f64 = 4_503_599_627_370_496.0; // 2^52: from here on every float64 is an integer

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

/// Distance to the next float64 away from zero; not finite beyond the largest one.
#[inline(always)]
pub(crate) fn spacing(x: f64) -> f64 {
    let size = x.abs();
    f64::from_bits(size.to_bits() + 1) - size
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
}
