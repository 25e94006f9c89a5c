//! Eight series side by side: the operations that the kernel is written in, and the instructions that carry them out.
//!
//! Thin intrinsics rather than a crate: the kernel needs some fifteen operations, among them blends by a mask that is
//! kept from bar to bar, which `wide` has no type for; `pulp` has one, but no division by name and no way to hold a
//! mask in memory as one byte per lane group. What it costs is the files beside this one.
//!
//! Every operation acts on each lane alone and rounds once, so the width never changes a bit.
#![allow(clippy::inline_always)] // Only what is inlined into a function with the feature is compiled for it.

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
mod choice;
pub(crate) mod portable;
pub(crate) mod scalar;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Not, Sub};

pub use self::choice::ForStreams;
use self::choice::Task;
use crate::cpu::is_intel;
use crate::error::Error;
use crate::names::{listed, pick};

/// The instructions that a run uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Simd {
    /// One series at a time, on any processor.
    Scalar,
    /// Eight series in plain arrays, on any processor.
    Portable,
    /// Eight series as twice four.
    Avx2,
    /// Eight series at once.
    Avx512,
}

impl Simd {
    const TABLE: [(&'static str, Self); 4] = [
        ("scalar", Self::Scalar),
        ("portable", Self::Portable),
        ("avx2", Self::Avx2),
        ("avx512", Self::Avx512),
    ];

    /// Every path that this processor can take, the slowest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let paths = Self::TABLE.map(|(_, path)| path);
        paths.into_iter().filter(|path| path.is_here()).collect()
    }

    /// The fastest path of this processor for whole histories.
    #[must_use]
    pub fn best() -> Self {
        Self::best_for(Task::Batch)
    }

    fn best_for(task: Task) -> Self {
        choice::best(task, &Self::available(), is_intel())
    }

    /// By name, "auto" being the fastest for the task.
    fn named(name: &str, task: Task) -> Result<Self, Error> {
        let auto = [("auto", Self::best_for(task))];
        pick("simd", name, &[&auto, &Self::TABLE[..]].concat())
    }

    #[cfg(target_arch = "x86_64")]
    fn is_here(self) -> bool {
        match self {
            Self::Scalar | Self::Portable => true,
            Self::Avx2 => is_x86_feature_detected!("avx2"),
            Self::Avx512 => {
                is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq")
            }
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn is_here(self) -> bool {
        matches!(self, Self::Scalar | Self::Portable)
    }

    pub(crate) fn check(self) -> Result<(), Error> {
        if self.is_here() {
            Ok(())
        } else {
            let here = Self::TABLE.into_iter().filter(|(_, path)| path.is_here());
            Err(Error::SimdMissing {
                simd: self.to_string(),
                here: listed(&here.collect::<Vec<_>>()),
            })
        }
    }
}

impl fmt::Display for Simd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Self::TABLE.iter().find(|(_, path)| path == self);
        f.write_str(known.map_or("", |(name, _)| name))
    }
}

impl std::str::FromStr for Simd {
    type Err = Error;

    /// By name, or "auto" for the fastest for whole histories.
    fn from_str(name: &str) -> Result<Self, Error> {
        Self::named(name, Task::Batch)
    }
}

/// One truth value per lane.
pub(crate) trait Mask:
    Copy + Send + BitAnd<Output = Self> + BitOr<Output = Self> + Not<Output = Self>
{
    /// False in every lane.
    const NONE: Self;
    /// Whether it is true in every lane.
    fn all(self) -> bool;
    fn get(self, lane: usize) -> bool;
    fn with(self, lane: usize, value: bool) -> Self;
}

/// One float64 per lane.
///
/// # Safety
/// A value consists of exactly `WIDTH` float64 in lane order and nothing else; every bit pattern is valid.
#[allow(unsafe_code)]
pub(crate) unsafe trait Lanes:
    Copy
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    type Mask: Mask;
    /// One lane, computed with these instructions.
    type Narrow: Lanes;
    /// The lanes in which one series can have its members side by side; `Self` where it cannot.
    type Wide: Lanes;
    const WIDTH: usize;

    /// Runs work compiled for these instructions.
    ///
    /// # Safety
    /// The processor must have them.
    unsafe fn vectorize<W: Work>(work: W) -> W::Output;

    fn splat(value: f64) -> Self;
    fn gt(self, other: Self) -> Self::Mask;
    fn lt(self, other: Self) -> Self::Mask;
    fn ge(self, other: Self) -> Self::Mask;
    fn le(self, other: Self) -> Self::Mask;
    /// Where it is less than the other; where neither is less, as `before`.
    #[inline(always)]
    fn below(self, other: Self, before: Self::Mask) -> Self::Mask {
        self.lt(other) | (before & !self.gt(other))
    }
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    fn abs(self) -> Self;
    /// `self` where it is larger, else `other`, also where one of them is undefined.
    fn or_larger(self, other: Self) -> Self;
    /// With its sign changed where the mask is true.
    fn negated(self, mask: Self::Mask) -> Self;
    /// The nearest integer, ties to even, sign kept.
    fn rint(self) -> Self;

    /// The lanes of some rows, row by row.
    #[inline(always)]
    fn floats(rows: &[Self]) -> &[f64] {
        // SAFETY: each row is WIDTH float64 and nothing else (the contract of this trait), the lifetime is kept.
        unsafe { std::slice::from_raw_parts(rows.as_ptr().cast(), rows.len() * Self::WIDTH) }
    }

    /// The lanes of some rows, row by row.
    #[inline(always)]
    fn floats_mut(rows: &mut [Self]) -> &mut [f64] {
        // SAFETY: as in `floats`, and the borrow is exclusive.
        unsafe {
            std::slice::from_raw_parts_mut(rows.as_mut_ptr().cast(), rows.len() * Self::WIDTH)
        }
    }

    #[inline(always)]
    fn get(self, lane: usize) -> f64 {
        Self::floats(&[self])[lane]
    }

    #[inline(always)]
    fn with(self, lane: usize, value: f64) -> Self {
        let mut rows = [self];
        Self::floats_mut(&mut rows)[lane] = value;
        rows[0]
    }

    /// One value per lane.
    #[inline(always)]
    fn of(value: impl Fn(usize) -> f64) -> Self {
        (0..Self::WIDTH).fold(Self::splat(0.0), |lanes, lane| {
            lanes.with(lane, value(lane))
        })
    }
}

/// Something that [`Lanes::vectorize`] runs; `run` must be inlined to be compiled for the instructions.
pub(crate) trait Work {
    type Output;
    fn run(self) -> Self::Output;
}
