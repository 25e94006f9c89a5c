//! Adaptive Trend Classification: families of nine moving averages each vote on the trend of a price series.
//!
//! A batch of series goes in, values come out. Two dialects exist: `lts`, which decides crossings on exact
//! integer prices, and `tradingview`, which imitates the published script to the last bit.
//!
//! Numbers are IEEE float64 and every operation rounds once, in the written order; nothing is contracted
//! into a fused multiply-add. The output bits depend on this, so `mul_add` has no place in this crate. A lane is one
//! series, so neither the width of the instructions nor the number of threads changes the order of operations.
#![warn(missing_docs)]

mod account;
mod averages;
mod batch;
mod block;
mod choices;
mod cpu;
mod error;
mod extract;
mod features;
mod grid;
mod layers;
mod names;
mod outputs;
mod params;
mod plan;
mod round;
mod run;
mod scales;
mod simd;
mod stream;
mod terms;
mod tile;
mod vote;

pub use account::{Curves, Outcome, Rules, SizeBy, TRADE_COLUMNS, Tape, follow};
pub use averages::{FAMILIES, LONGEST, Lengths, MEMBERS};
pub use batch::Batch;
pub use choices::{Dialect, Source, Want};
pub use cpu::cpu_features;
pub use error::Error;
pub use features::{FEATURES, FeatureLengths, features};
pub use outputs::Outputs;
pub use params::{Params, warmup};
pub use run::compute;
pub use simd::{ForStreams, Simd};
pub use stream::State;
