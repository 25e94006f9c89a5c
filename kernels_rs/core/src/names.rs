//! Values that a caller gives by their names.

use crate::error::Error;

/// Names and what they stand for.
pub(crate) type Names<T> = [(&'static str, T)];

pub(crate) fn pick<T: Copy>(what: &'static str, name: &str, table: &Names<T>) -> Result<T, Error> {
    let found = table.iter().find(|(known, _)| *known == name);
    found
        .map(|(_, value)| *value)
        .ok_or_else(|| Error::UnknownName {
            what,
            value: name.to_owned(),
            allowed: listed(table),
        })
}

pub(crate) fn listed<T>(table: &Names<T>) -> String {
    let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}
