//! Eight series in two 256-bit registers; a mask has all bits of a lane set, or none.
#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m256d, _CMP_GE_OQ, _CMP_GT_OQ, _CMP_LE_OQ, _CMP_LT_OQ, _MM_FROUND_NO_EXC,
    _MM_FROUND_TO_NEAREST_INT, _mm256_add_pd, _mm256_and_pd, _mm256_andnot_pd, _mm256_blendv_pd,
    _mm256_cmp_pd, _mm256_div_pd, _mm256_max_pd, _mm256_movemask_pd, _mm256_mul_pd, _mm256_or_pd,
    _mm256_round_pd, _mm256_set1_pd, _mm256_sub_pd, _mm256_xor_pd,
};
use std::mem::transmute;
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Not, Sub};

use super::{Lanes, Mask, Work, scalar::One};

const NEAREST: i32 = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
const HALF: usize = 4;

#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Avx2(__m256d, __m256d);

#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Wide(Half, Half);

type Half = [u64; HALF];

impl Wide {
    #[inline(always)]
    fn halves(self) -> (__m256d, __m256d) {
        // SAFETY: both types are 32 bytes and every bit pattern is valid.
        unsafe {
            (
                transmute::<Half, __m256d>(self.0),
                transmute::<Half, __m256d>(self.1),
            )
        }
    }

    #[inline(always)]
    fn of(low: __m256d, high: __m256d) -> Self {
        // SAFETY: both types are 32 bytes and every bit pattern is valid.
        unsafe {
            Self(
                transmute::<__m256d, Half>(low),
                transmute::<__m256d, Half>(high),
            )
        }
    }
}

// SAFETY of every block below: values of these types are made and used only on the path that `Simd::check` has let
// pass, so the processor has AVX2.
macro_rules! pairwise {
    ($trait:ident, $name:ident, $instruction:ident) => {
        impl $trait for Avx2 {
            type Output = Self;
            #[inline(always)]
            fn $name(self, other: Self) -> Self {
                // SAFETY: see above.
                unsafe { Self($instruction(self.0, other.0), $instruction(self.1, other.1)) }
            }
        }
    };
}

pairwise!(Add, add, _mm256_add_pd);
pairwise!(Sub, sub, _mm256_sub_pd);
pairwise!(Mul, mul, _mm256_mul_pd);
pairwise!(Div, div, _mm256_div_pd);

macro_rules! logic {
    ($trait:ident, $name:ident, $instruction:ident) => {
        impl $trait for Wide {
            type Output = Self;
            #[inline(always)]
            fn $name(self, other: Self) -> Self {
                let (a, b) = (self.halves(), other.halves());
                // SAFETY: see above.
                unsafe { Self::of($instruction(a.0, b.0), $instruction(a.1, b.1)) }
            }
        }
    };
}

logic!(BitAnd, bitand, _mm256_and_pd);
logic!(BitOr, bitor, _mm256_or_pd);

impl Not for Wide {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        Self(self.0.map(|lane| !lane), self.1.map(|lane| !lane))
    }
}

impl Mask for Wide {
    const NONE: Self = Self([0; HALF], [0; HALF]);

    #[inline(always)]
    fn all(self) -> bool {
        let (low, high) = self.halves();
        // SAFETY: see above.
        unsafe { _mm256_movemask_pd(_mm256_and_pd(low, high)) == 0b1111 }
    }

    #[inline(always)]
    fn get(self, lane: usize) -> bool {
        [self.0, self.1][lane / HALF][lane % HALF] != 0
    }

    #[inline(always)]
    fn with(self, lane: usize, value: bool) -> Self {
        let mut halves = [self.0, self.1];
        halves[lane / HALF][lane % HALF] = u64::from(value).wrapping_neg();
        Self(halves[0], halves[1])
    }
}

macro_rules! comparison {
    ($name:ident, $predicate:ident) => {
        #[inline(always)]
        fn $name(self, other: Self) -> Wide {
            // SAFETY: see above.
            unsafe {
                Wide::of(
                    _mm256_cmp_pd::<$predicate>(self.0, other.0),
                    _mm256_cmp_pd::<$predicate>(self.1, other.1),
                )
            }
        }
    };
}

#[target_feature(enable = "avx2")]
fn with_feature<W: Work>(work: W) -> W::Output {
    work.run()
}

// SAFETY: two registers of four float64 in lane order, without padding.
unsafe impl Lanes for Avx2 {
    type Mask = Wide;
    type Narrow = One<Self>;
    type Wide = Self;
    const WIDTH: usize = 2 * HALF;

    #[inline(always)]
    unsafe fn vectorize<W: Work>(work: W) -> W::Output {
        // SAFETY: the caller answers for the processor.
        unsafe { with_feature(work) }
    }

    #[inline(always)]
    fn splat(value: f64) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_set1_pd(value), _mm256_set1_pd(value)) }
    }

    comparison!(gt, _CMP_GT_OQ);
    comparison!(lt, _CMP_LT_OQ);
    comparison!(ge, _CMP_GE_OQ);
    comparison!(le, _CMP_LE_OQ);

    #[inline(always)]
    fn select(mask: Wide, yes: Self, no: Self) -> Self {
        let (low, high) = mask.halves();
        // SAFETY: see above.
        unsafe {
            Self(
                _mm256_blendv_pd(no.0, yes.0, low),
                _mm256_blendv_pd(no.1, yes.1, high),
            )
        }
    }

    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: see above.
        unsafe {
            let sign = _mm256_set1_pd(-0.0);
            Self(
                _mm256_andnot_pd(sign, self.0),
                _mm256_andnot_pd(sign, self.1),
            )
        }
    }

    #[inline(always)]
    fn or_larger(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            Self(
                _mm256_max_pd(self.0, other.0),
                _mm256_max_pd(self.1, other.1),
            )
        }
    }

    #[inline(always)]
    fn negated(self, mask: Wide) -> Self {
        let (low, high) = mask.halves();
        // SAFETY: see above.
        unsafe {
            let sign = _mm256_set1_pd(-0.0);
            Self(
                _mm256_xor_pd(self.0, _mm256_and_pd(low, sign)),
                _mm256_xor_pd(self.1, _mm256_and_pd(high, sign)),
            )
        }
    }

    #[inline(always)]
    fn rint(self) -> Self {
        // SAFETY: see above.
        unsafe {
            Self(
                _mm256_round_pd::<NEAREST>(self.0),
                _mm256_round_pd::<NEAREST>(self.1),
            )
        }
    }
}
