//! Which members go together.

use super::{CATALOG, FAMILIES, Kind, MEMBERS, family::Definition};
use crate::choices::Dialect;

/// The nine member lengths of each family, in bars; `None` takes the family out of the run.
pub type Lengths = [Option<[usize; MEMBERS]>; FAMILIES];

/// Members that share work: nine lengths, and the families that have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Roster {
    pub kind: Kind,
    pub lengths: [usize; MEMBERS],
    /// By slot; a slot that is missing, or `None`, takes no part.
    families: Vec<Option<usize>>,
    /// The last bar at which something of a member is defined for the first time.
    pub last_event: usize,
}

impl Roster {
    fn new(dialect: Dialect, kind: Kind, lengths: [usize; MEMBERS], families: &[usize]) -> Self {
        let definitions = || families.iter().map(|&own| CATALOG[own].definition(dialect));
        let firsts = definitions().flat_map(|own| lengths.map(own.first_defined));
        // KAMA is defined from the start, but its window is full only at bar n.
        let full = lengths.into_iter().max().unwrap_or(0);
        let slots = definitions().map(|own| own.slot + 1).max().unwrap_or(0);
        let of_slot = |slot| {
            let mut pairs = families.iter().zip(definitions());
            pairs
                .find(|(_, own)| own.slot == slot)
                .map(|(&family, _)| family)
        };
        Self {
            kind,
            lengths,
            families: (0..slots).map(of_slot).collect(),
            last_event: firsts.max().unwrap_or(0).max(full),
        }
    }

    /// The family that votes from a slot.
    pub fn family(&self, slot: usize) -> Option<usize> {
        self.families.get(slot).copied().flatten()
    }
}

/// The groups of a run.
pub(crate) fn rosters(dialect: Dialect, lengths: &Lengths) -> Vec<Roster> {
    let kinds = Kind::ALL.iter();
    kinds
        .flat_map(|&kind| of_kind(dialect, kind, lengths))
        .collect()
}

/// One group for families whose lengths are all alike, else one for each.
fn of_kind(dialect: Dialect, kind: Kind, lengths: &Lengths) -> Vec<Roster> {
    let families = families(dialect, kind);
    let Some(&first) = families.first() else {
        return Vec::new();
    };
    let alike = families.iter().all(|&own| lengths[own] == lengths[first]);
    match lengths[first].filter(|_| alike) {
        Some(shared) => vec![Roster::new(dialect, kind, shared, &families)],
        None => families
            .iter()
            .filter_map(|&own| Some(Roster::new(dialect, kind, lengths[own]?, &[own])))
            .collect(),
    }
}

/// The families that a kind computes, in the order of its slots.
fn families(dialect: Dialect, kind: Kind) -> Vec<usize> {
    let definition = |family: usize| CATALOG[family].definition(dialect);
    let mut families: Vec<usize> = (0..FAMILIES)
        .filter(|&family| definition(family).kind == kind)
        .collect();
    families.sort_by_key(|&family| definition(family).slot);
    families
}

/// Every member in use: its family's definition, its length.
pub(crate) fn members(
    dialect: Dialect,
    lengths: &Lengths,
) -> impl Iterator<Item = (&'static Definition, usize)> {
    let used = CATALOG
        .iter()
        .zip(lengths)
        .filter_map(|(row, members)| Some((row, (*members)?)));
    used.flat_map(move |(row, members)| members.map(|length| (row.definition(dialect), length)))
}

/// How many times the largest integer price the members in use can reach on the way to a decision.
pub(crate) fn largest_factor(lengths: &Lengths) -> u128 {
    let used = CATALOG
        .iter()
        .zip(lengths)
        .filter_map(|(row, members)| Some((row, (*members)?)));
    used.flat_map(|(row, members)| members.map(row.factor))
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Dialect; 2] = [Dialect::Lts, Dialect::Tradingview];

    /// The families of every group.
    fn grouped(dialect: Dialect, lengths: &Lengths) -> Vec<Vec<&'static str>> {
        let names = |roster: Roster| {
            let slots = roster.families.into_iter().flatten();
            slots.map(|family| CATALOG[family].name).collect()
        };
        rosters(dialect, lengths).into_iter().map(names).collect()
    }

    #[test]
    fn slots_of_a_kind_are_counted_from_zero_and_each_is_taken_once() {
        for (dialect, &kind) in BOTH
            .iter()
            .flat_map(|&each| Kind::ALL.iter().map(move |kind| (each, kind)))
        {
            let slots = families(dialect, kind)
                .into_iter()
                .map(|own| CATALOG[own].definition(dialect).slot);
            assert!(
                slots.enumerate().all(|(place, slot)| place == slot),
                "{kind:?} in {dialect:?}"
            );
        }
    }

    #[test]
    fn every_family_is_in_one_group_of_either_dialect() {
        for dialect in BOTH {
            let mut names = grouped(dialect, &[Some([9; MEMBERS]); FAMILIES]).concat();
            let mut all: Vec<&str> = CATALOG.iter().map(|row| row.name).collect();
            names.sort_unstable();
            all.sort_unstable();
            assert_eq!(names, all, "{dialect:?}");
        }
    }

    #[test]
    fn families_share_a_group_where_all_of_its_kind_have_the_same_lengths() {
        let mut lengths = [Some([9; MEMBERS]); FAMILIES];
        assert!(grouped(Dialect::Lts, &lengths).contains(&vec!["WMA", "LSMA", "HMA"]));
        let wma = CATALOG.iter().position(|row| row.name == "WMA").unwrap();
        for other in [Some([10; MEMBERS]), None] {
            lengths[wma] = other;
            let groups = grouped(Dialect::Lts, &lengths);
            assert!(groups.contains(&vec!["LSMA"]) && groups.contains(&vec!["HMA"]));
            assert_eq!(groups.contains(&vec!["WMA"]), other.is_some());
        }
    }
}
