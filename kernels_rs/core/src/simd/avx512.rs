//! Eight series in one 512-bit register; a mask is a byte.
#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m512d, __mmask8, _CMP_GE_OQ, _CMP_GT_OQ, _CMP_LE_OQ, _CMP_LT_OQ, _CMP_NGT_UQ, _mm512_abs_pd,
    _mm512_add_pd, _mm512_cmp_pd_mask, _mm512_div_pd, _mm512_mask_blend_pd,
    _mm512_mask_cmp_pd_mask, _mm512_mask_sub_pd, _mm512_max_pd, _mm512_mul_pd,
    _mm512_roundscale_pd, _mm512_set1_pd, _mm512_setzero_pd, _mm512_sub_pd,
};
use std::ops::{Add, Div, Mul, Sub};

use super::{Lanes, Mask, Work, scalar::One};

const NEAREST: i32 = 0;

#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Avx512(__m512d);

impl Mask for __mmask8 {
    const NONE: Self = 0;

    #[inline(always)]
    fn all(self) -> bool {
        self == Self::MAX
    }

    #[inline(always)]
    fn get(self, lane: usize) -> bool {
        self >> lane & 1 == 1
    }

    #[inline(always)]
    fn with(self, lane: usize, value: bool) -> Self {
        (self & !(1 << lane)) | (Self::from(value) << lane)
    }
}

// SAFETY of every block below: values of this type are made and used only on the path that `Simd::check` has let
// pass, so the processor has AVX-512 F and DQ.
macro_rules! operator {
    ($trait:ident, $name:ident, $instruction:ident) => {
        impl $trait for Avx512 {
            type Output = Self;
            #[inline(always)]
            fn $name(self, other: Self) -> Self {
                // SAFETY: see above.
                Self(unsafe { $instruction(self.0, other.0) })
            }
        }
    };
}

operator!(Add, add, _mm512_add_pd);
operator!(Sub, sub, _mm512_sub_pd);
operator!(Mul, mul, _mm512_mul_pd);
operator!(Div, div, _mm512_div_pd);

#[target_feature(enable = "avx512f,avx512dq")]
fn with_feature<W: Work>(work: W) -> W::Output {
    work.run()
}

// SAFETY: a transparent wrapper of eight float64.
unsafe impl Lanes for Avx512 {
    type Mask = __mmask8;
    type Narrow = One<Self>;
    type Wide = Self;
    const WIDTH: usize = 8;

    #[inline(always)]
    unsafe fn vectorize<W: Work>(work: W) -> W::Output {
        // SAFETY: the caller answers for the processor.
        unsafe { with_feature(work) }
    }

    #[inline(always)]
    fn splat(value: f64) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_set1_pd(value) })
    }

    #[inline(always)]
    fn gt(self, other: Self) -> __mmask8 {
        // SAFETY: see above.
        unsafe { _mm512_cmp_pd_mask::<_CMP_GT_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn lt(self, other: Self) -> __mmask8 {
        // SAFETY: see above.
        unsafe { _mm512_cmp_pd_mask::<_CMP_LT_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn ge(self, other: Self) -> __mmask8 {
        // SAFETY: see above.
        unsafe { _mm512_cmp_pd_mask::<_CMP_GE_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn le(self, other: Self) -> __mmask8 {
        // SAFETY: see above.
        unsafe { _mm512_cmp_pd_mask::<_CMP_LE_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn below(self, other: Self, before: __mmask8) -> __mmask8 {
        // SAFETY: see above.
        let kept = unsafe { _mm512_mask_cmp_pd_mask::<_CMP_NGT_UQ>(before, self.0, other.0) };
        self.lt(other) | kept
    }

    #[inline(always)]
    fn select(mask: __mmask8, yes: Self, no: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_mask_blend_pd(mask, no.0, yes.0) })
    }

    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_abs_pd(self.0) })
    }

    #[inline(always)]
    fn or_larger(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_max_pd(self.0, other.0) })
    }

    #[inline(always)]
    fn negated(self, mask: __mmask8) -> Self {
        // Zero less a number is the number with its sign changed, but for zeros, whose sign no result shows.
        // SAFETY: see above.
        Self(unsafe { _mm512_mask_sub_pd(self.0, mask, _mm512_setzero_pd(), self.0) })
    }

    #[inline(always)]
    fn rint(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_roundscale_pd::<NEAREST>(self.0) })
    }
}
