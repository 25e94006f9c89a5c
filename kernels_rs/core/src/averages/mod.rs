//! The moving averages: the table of the families, and the kinds of average that compute them.
//!
//! A family is a row, in the file of a kind that computes it. A kind may compute several families, which then share its
//! sums wherever their lengths are the same. A new family is a file here, its row in [`CATALOG`] and its kind in the
//! list below it.

#![allow(clippy::inline_always)] // Compiled for the instructions of its caller.

mod abreast;
mod compensated;
mod exponential;
mod family;
mod fresh;
mod kama;
mod members;
mod regression;
mod ride;
mod roster;
mod simple;
mod windows;

use crate::simd::Lanes;
use crate::vote::Cell;
use family::Family;
use members::{Average, Carried, Members};

pub use family::{LONGEST, MEMBERS};
pub(crate) use members::Votes;
pub(crate) use ride::{Conditions, RENEWAL, Stretch};
pub use roster::Lengths;
pub(crate) use roster::{Roster, largest_factor, members, rosters};

/// All families, in family order.
pub(crate) const CATALOG: &[Family] = &[
    exponential::EMA,
    windows::HMA,
    windows::WMA,
    exponential::DEMA,
    windows::LSMA,
    kama::KAMA,
];

/// Families of moving averages.
pub const FAMILIES: usize = CATALOG.len();

/// From the list of the kinds everything that must tell them apart.
macro_rules! kinds {
    ($($(#[$about:meta])* $kind:ident: $members:ty,)*) => {
        /// A kind of average.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kind {
            $($(#[$about])* $kind,)*
        }

        impl Kind {
            /// In the order in which groups go through a stretch.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];
        }

        /// The members of one kind and set of lengths.
        #[derive(Clone)]
        pub(crate) enum Group<V: Lanes> {
            $($kind($members),)*
        }

        impl<V: Lanes> Group<V> {
            pub fn new(roster: &Roster, room: usize) -> Self {
                match roster.kind {
                    $(Kind::$kind => Self::$kind(Members::new(roster, room)),)*
                }
            }

            /// Takes all members through the stretch and adds their votes.
            pub fn advance(&mut self, stretch: &Stretch<V>, votes: &mut Votes<V>) {
                match self {
                    $(Self::$kind(members) => Average::advance(members, stretch, votes),)*
                }
            }

            /// Shows every member in use with its family and its place there; what becomes of the cell is kept.
            pub fn each_cell(&mut self, mut show: impl FnMut(usize, usize, &mut Cell<V>)) {
                match self {
                    $(Self::$kind(members) => members.each_cell(&mut show),)*
                }
            }

            /// Shows every value that members carry from bar to bar, beside their cells, always in the same order.
            pub fn each_row(&mut self, show: &mut impl FnMut(&mut V)) {
                match self {
                    $(Self::$kind(members) => {
                        members.each_carried().for_each(|carried| carried.each_row(show));
                    })*
                }
            }

            /// Shows what members carry that are sums of integers on a grid.
            pub fn each_tick(&mut self, show: &mut impl FnMut(&mut V)) {
                match self {
                    $(Self::$kind(members) => {
                        members.each_carried().for_each(|carried| carried.each_tick(show));
                    })*
                }
            }
        }
    };
}

kinds! {
    /// EMA and DEMA of `lts`.
    ExponentialLts: exponential::Group<V, false>,
    /// EMA and DEMA of `tradingview`.
    ExponentialTradingview: exponential::Group<V, true>,
    /// WMA, LSMA and HMA of `lts`.
    Windows: windows::Group<V>,
    /// What `tradingview` calls HMA.
    Simple: simple::Group<V>,
    /// WMA and LSMA of `tradingview`.
    Regression: regression::Group<V>,
    /// KAMA of `lts`.
    KamaLts: kama::Group<V, false>,
    /// KAMA of `tradingview`.
    KamaTradingview: kama::Group<V, true>,
}
