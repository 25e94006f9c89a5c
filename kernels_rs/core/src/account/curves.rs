//! The account at the close of every place, as it is written.

use super::Curves;
use super::book::Book;

pub(super) fn count_of(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The account at the close of a place.
#[derive(Clone, Copy, Default)]
pub(super) struct Row {
    equity: f64,
    cash: f64,
    gross: f64,
    net: f64,
    turnover: f64,
    held: usize,
}

impl Row {
    pub fn of(book: &Book) -> Self {
        Self {
            equity: book.equity,
            cash: book.cash,
            gross: book.gross,
            net: book.net,
            turnover: book.turnover,
            held: book.count(),
        }
    }
}

impl Curves<'_> {
    pub(super) fn write(&mut self, first: usize, rows: &[Row]) {
        let column = |curve: &mut [f64], value: fn(&Row) -> f64| {
            let places = curve[first..].iter_mut().zip(rows);
            places.for_each(|(entry, row)| *entry = value(row));
        };
        column(self.equity, |row| row.equity);
        column(self.cash, |row| row.cash);
        column(self.gross, |row| row.gross);
        column(self.net, |row| row.net);
        column(self.turnover, |row| row.turnover);
        for (entry, row) in self.held[first..].iter_mut().zip(rows) {
            *entry = count_of(row.held);
        }
    }

    /// Nothing happens after that place.
    pub(super) fn stay(&mut self, place: usize) {
        for curve in [&mut *self.equity, self.cash] {
            let last = curve[place];
            curve[place..].fill(last);
        }
        for curve in [&mut *self.gross, self.net, self.turnover] {
            curve[place + 1..].fill(0.0);
        }
        self.held[place + 1..].fill(0);
    }
}
