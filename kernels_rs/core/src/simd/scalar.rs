//! One lane at a time, with the instructions of any processor or with those that a wider path has.

use std::marker::PhantomData;
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Not, Sub};

use super::{Lanes, Mask, Work};
use crate::round::rint;

/// Whose instructions one lane is computed with.
#[allow(unsafe_code)]
pub(crate) trait Instructions: Copy + Send + Sync {
    /// The lanes in which one series can have its members side by side.
    type Wide: Lanes;

    /// Runs work compiled for these instructions.
    ///
    /// # Safety
    /// The processor must have them.
    unsafe fn vectorize<W: Work>(work: W) -> W::Output;
}

/// Those that every processor has.
#[derive(Clone, Copy)]
pub(crate) struct Common;

#[allow(unsafe_code)]
impl Instructions for Common {
    type Wide = Scalar;

    unsafe fn vectorize<W: Work>(work: W) -> W::Output {
        work.run()
    }
}

#[allow(unsafe_code)]
impl<L: Lanes> Instructions for L {
    type Wide = L;

    #[inline(always)]
    unsafe fn vectorize<W: Work>(work: W) -> W::Output {
        // SAFETY: the caller answers for the processor.
        unsafe { L::vectorize(work) }
    }
}

/// A lane group of one.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct One<I>(f64, PhantomData<I>);

pub(crate) type Scalar = One<Common>;

impl<I> One<I> {
    #[inline(always)]
    fn new(value: f64) -> Self {
        Self(value, PhantomData)
    }
}

/// All bits set, or none: choices made with bit operations leave nothing for a branch predictor to miss.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Bits(u64);

impl Bits {
    #[inline(always)]
    fn of(condition: bool) -> Self {
        Self(u64::from(condition).wrapping_neg())
    }
}

impl BitAnd for Bits {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Bits {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Not for Bits {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        Self(!self.0)
    }
}

impl Mask for Bits {
    const NONE: Self = Self(0);

    #[inline(always)]
    fn all(self) -> bool {
        self.0 != 0
    }

    #[inline(always)]
    fn get(self, _lane: usize) -> bool {
        self.0 != 0
    }

    #[inline(always)]
    fn with(self, _lane: usize, value: bool) -> Self {
        Self::of(value)
    }
}

macro_rules! operator {
    ($trait:ident, $name:ident, $op:tt) => {
        impl<I> $trait for One<I> {
            type Output = Self;
            #[inline(always)]
            fn $name(self, other: Self) -> Self {
                Self::new(self.0 $op other.0)
            }
        }
    };
}

operator!(Add, add, +);
operator!(Sub, sub, -);
operator!(Mul, mul, *);
operator!(Div, div, /);

// SAFETY: a transparent wrapper of one float64.
#[allow(unsafe_code)]
unsafe impl<I: Instructions> Lanes for One<I> {
    type Mask = Bits;
    type Narrow = Self;
    type Wide = I::Wide;
    const WIDTH: usize = 1;

    #[inline(always)]
    unsafe fn vectorize<W: Work>(work: W) -> W::Output {
        // SAFETY: the caller answers for the processor.
        unsafe { I::vectorize(work) }
    }

    #[inline(always)]
    fn splat(value: f64) -> Self {
        Self::new(value)
    }

    #[inline(always)]
    fn gt(self, other: Self) -> Bits {
        Bits::of(self.0 > other.0)
    }

    #[inline(always)]
    fn lt(self, other: Self) -> Bits {
        Bits::of(self.0 < other.0)
    }

    #[inline(always)]
    fn ge(self, other: Self) -> Bits {
        Bits::of(self.0 >= other.0)
    }

    #[inline(always)]
    fn le(self, other: Self) -> Bits {
        Bits::of(self.0 <= other.0)
    }

    #[inline(always)]
    fn select(mask: Bits, yes: Self, no: Self) -> Self {
        Self::new(f64::from_bits(
            (yes.0.to_bits() & mask.0) | (no.0.to_bits() & !mask.0),
        ))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self::new(self.0.abs())
    }

    #[inline(always)]
    fn or_larger(self, other: Self) -> Self {
        Self::new(if self.0 > other.0 { self.0 } else { other.0 })
    }

    #[inline(always)]
    fn negated(self, mask: Bits) -> Self {
        Self::new(f64::from_bits(self.0.to_bits() ^ (mask.0 & (1 << 63))))
    }

    #[inline(always)]
    fn rint(self) -> Self {
        Self::new(rint(self.0))
    }
}
