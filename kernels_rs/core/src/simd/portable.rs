//! Eight series in a plain array, written so that the compiler vectorises it for any processor.

use std::ops::{Add, BitAnd, BitOr, Div, Mul, Not, Sub};

use super::{Lanes, Mask, Work, scalar::One};
use crate::round::rint;

const WIDTH: usize = 8;
const SIGN: u64 = 1 << 63;

/// Aligned to a cache line, so that memory operands need no load of their own.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Portable([f64; WIDTH]);

/// All bits of a lane set, or none: choices made with bit operations need no instruction that selects.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Words([u64; WIDTH]);

/// Spelt out, because code that is not optimized takes ten times as long over a loop.
#[inline(always)]
fn each<T>(value: impl Fn(usize) -> T) -> [T; WIDTH] {
    [
        value(0),
        value(1),
        value(2),
        value(3),
        value(4),
        value(5),
        value(6),
        value(7),
    ]
}

impl Words {
    #[inline(always)]
    fn of(condition: impl Fn(usize) -> bool) -> Self {
        Self(each(|lane| u64::from(condition(lane)).wrapping_neg()))
    }
}

impl BitAnd for Words {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self(each(|lane| self.0[lane] & other.0[lane]))
    }
}

impl BitOr for Words {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Self(each(|lane| self.0[lane] | other.0[lane]))
    }
}

impl Not for Words {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        Self(each(|lane| !self.0[lane]))
    }
}

impl Mask for Words {
    const NONE: Self = Self([0; WIDTH]);

    #[inline(always)]
    fn all(self) -> bool {
        self.0.iter().fold(u64::MAX, |all, lane| all & lane) != 0
    }

    #[inline(always)]
    fn get(self, lane: usize) -> bool {
        self.0[lane] != 0
    }

    #[inline(always)]
    fn with(mut self, lane: usize, value: bool) -> Self {
        self.0[lane] = u64::from(value).wrapping_neg();
        self
    }
}

macro_rules! operator {
    ($trait:ident, $name:ident, $op:tt) => {
        impl $trait for Portable {
            type Output = Self;
            #[inline(always)]
            fn $name(self, other: Self) -> Self {
                Self(each(|lane| self.0[lane] $op other.0[lane]))
            }
        }
    };
}

operator!(Add, add, +);
operator!(Sub, sub, -);
operator!(Mul, mul, *);
operator!(Div, div, /);

macro_rules! comparison {
    ($name:ident, $op:tt) => {
        #[inline(always)]
        fn $name(self, other: Self) -> Words {
            Words::of(|lane| self.0[lane] $op other.0[lane])
        }
    };
}

// SAFETY: eight float64 in lane order; their size is that of the alignment, so that nothing pads them.
#[allow(unsafe_code)]
unsafe impl Lanes for Portable {
    type Mask = Words;
    type Narrow = One<Self>;
    type Wide = Self;
    const WIDTH: usize = WIDTH;

    unsafe fn vectorize<W: Work>(work: W) -> W::Output {
        work.run()
    }

    #[inline(always)]
    fn splat(value: f64) -> Self {
        Self([value; WIDTH])
    }

    comparison!(gt, >);
    comparison!(lt, <);
    comparison!(ge, >=);
    comparison!(le, <=);

    #[inline(always)]
    fn select(mask: Words, yes: Self, no: Self) -> Self {
        Self(each(|lane| {
            let (yes, no, mask) = (yes.0[lane].to_bits(), no.0[lane].to_bits(), mask.0[lane]);
            f64::from_bits((yes & mask) | (no & !mask))
        }))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(each(|lane| self.0[lane].abs()))
    }

    #[inline(always)]
    fn or_larger(self, other: Self) -> Self {
        Self(each(|lane| {
            let (a, b) = (self.0[lane], other.0[lane]);
            if a > b { a } else { b }
        }))
    }

    #[inline(always)]
    fn negated(self, mask: Words) -> Self {
        Self(each(|lane| {
            f64::from_bits(self.0[lane].to_bits() ^ (mask.0[lane] & SIGN))
        }))
    }

    #[inline(always)]
    fn rint(self) -> Self {
        Self(each(|lane| rint(self.0[lane])))
    }
}
