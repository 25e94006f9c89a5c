//! Prices to ticks, lane by lane.

#![allow(clippy::inline_always)] // Compiled for the instructions of its caller.

use crate::grid::Scale;
use crate::simd::{Lanes, Mask};

/// Integer prices per lane: `x*scale` rounded, where there is a grid.
#[derive(Clone)]
pub(crate) struct Scales<V: Lanes> {
    pub on_grid: V::Mask,
    scale: V,
    /// Columns that the source is the mean of, on grid; else 1.
    pub multiple: V,
    /// What the sum of the source's columns is divided by.
    pub divisor: V,
    /// Ticks per unit of price.
    pub per_unit: V,
}

impl<V: Lanes> Scales<V> {
    pub fn new(scales: &[Scale], columns: usize) -> Self {
        let on_grid = (0..V::WIDTH).fold(V::Mask::NONE, |mask, lane| {
            mask.with(lane, scales[lane].on_grid())
        });
        let scale = V::of(|lane| scales[lane].ticks_per_unit());
        let (one, count) = (V::splat(1.0), V::splat(columns as f64));
        let per_unit = V::select(on_grid, scale * count, one);
        Self {
            on_grid,
            scale,
            multiple: V::select(on_grid, count, one),
            divisor: V::select(on_grid, per_unit, count),
            per_unit,
        }
    }

    #[inline(always)]
    pub fn ticks(&self, price: V) -> V {
        V::select(self.on_grid, (price * self.scale).rint(), price)
    }
}
