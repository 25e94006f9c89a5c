//! What following the rules of a backtest does to its capital: fills, equity and trades in one pass.
//!
//! The order of fills and of sums is that of the slow definition in the package, whose bits these are. Time goes by
//! tiles of [`bits::PLACES`] places: what the rules ask of a bar alone becomes one set of symbols per place, and closes lie
//! beside each other per place, so that a place costs what is held and what happens there, not the number of symbols.

mod alarm;
mod bits;
mod book;
mod curves;
mod decide;
mod fills;
mod flags;
mod rules;
mod tile;
mod trade;
mod walk;

use self::walk::Walk;
use crate::error::Error;

pub use rules::{Rules, SizeBy};
pub use trade::TRADE_COLUMNS;

/// Candles and signals of every symbol on one axis of places.
///
/// Symbol `i` is `offsets[i]..offsets[i + 1]` of each column, oldest bar first. `atr`, `key`, `volume` and `funding` may be
/// empty: not known at any bar, no funding.
#[derive(Clone, Copy, Debug)]
pub struct Tape<'a> {
    /// The place from which on no symbol counts as delisted.
    pub alive_from: usize,
    /// Where the symbols begin and end, from 0.
    pub offsets: &'a [i64],
    /// The place of each bar on the axis.
    pub at: &'a [i32],
    /// Opening prices.
    pub open: &'a [f64],
    /// Highest prices.
    pub high: &'a [f64],
    /// Lowest prices.
    pub low: &'a [f64],
    /// Closing prices.
    pub close: &'a [f64],
    /// The signal at the close, NaN: none.
    pub signal: &'a [f64],
    /// Bars since the side of the signal changed, -1: never.
    pub age: &'a [i32],
    /// Average true range at the close, NaN: none.
    pub atr: &'a [f64],
    /// Decides between equal signals, the smaller first.
    pub key: &'a [f64],
    /// Decides after that, the larger first, NaN: not known.
    pub volume: &'a [f64],
    /// What one unit of value held pays at the bar.
    pub funding: &'a [f64],
}

/// The account at the close of every place; every entry is written.
#[derive(Debug)]
pub struct Curves<'a> {
    /// `cash + net`.
    pub equity: &'a mut [f64],
    /// May be below 0.
    pub cash: &'a mut [f64],
    /// The sum of |value| of what is held.
    pub gross: &'a mut [f64],
    /// Its signed sum.
    pub net: &'a mut [f64],
    /// |value| of the fills of the place.
    pub turnover: &'a mut [f64],
    /// The number of positions.
    pub held: &'a mut [i64],
}

/// What is left when the tape is at its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// [`TRADE_COLUMNS`] columns, one after the other, of one entry per trade: symbol, side, decided, entry, exit, entry
    /// price, exit price, quantity, pnl, fees, funding, MAE, MFE, bars held, signal, reason.
    pub trades: Vec<f64>,
    /// Fees and funding paid.
    pub paid: [f64; 2],
    /// Entries without room, orders that no bar followed, and the place at which nothing was left, -1: at none.
    pub counts: [i64; 3],
}

/// Trades along the tape by the rules, from `rules.capital`.
///
/// # Errors
/// [`Error::ColumnLength`], [`Error::TapeOffsets`], [`Error::TapePlaces`] or [`Error::OutputLength`]; then nothing has been
/// written.
pub fn follow(tape: &Tape, rules: &Rules, curves: &mut Curves) -> Result<Outcome, Error> {
    let places = curves.equity.len();
    curves.check()?;
    tape.check(places)?;
    Ok(Walk::new(tape, rules, places).account(curves))
}

impl Tape<'_> {
    fn symbols(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// The bars of a symbol, as numbers in the columns.
    fn bars(&self, symbol: usize) -> std::ops::Range<usize> {
        let [start, end] = [self.offsets[symbol], self.offsets[symbol + 1]];
        usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0)
    }

    fn check(&self, places: usize) -> Result<(), Error> {
        let bars = self.close.len();
        let whole = [
            ("open", self.open.len()),
            ("high", self.high.len()),
            ("low", self.low.len()),
            ("signal", self.signal.len()),
            ("age", self.age.len()),
            ("at", self.at.len()),
        ];
        let maybe = [
            ("atr", self.atr.len()),
            ("key", self.key.len()),
            ("volume", self.volume.len()),
            ("funding", self.funding.len()),
        ];
        let given = maybe.into_iter().filter(|&(_, length)| length > 0);
        match whole
            .into_iter()
            .chain(given)
            .find(|&(_, length)| length != bars)
        {
            Some((column, length)) => Err(Error::ColumnLength {
                column,
                length,
                bars,
            }),
            None => self.check_symbols(places),
        }
    }

    fn check_symbols(&self, places: usize) -> Result<(), Error> {
        let bars = self.close.len();
        let ends = [self.offsets.first(), self.offsets.last()];
        let whole = ends == [Some(&0), i64::try_from(bars).ok().as_ref()];
        if !whole || !self.offsets.is_sorted() {
            return Err(Error::TapeOffsets { bars });
        }
        let rise = |at: &[i32]| {
            let falls = at.windows(2).map(|pair| usize::from(pair[0] >= pair[1]));
            let risen = falls.sum::<usize>() == 0;
            let within = |place: &i32| usize::try_from(*place).is_ok_and(|place| place < places);
            risen && at.first().is_none_or(within) && at.last().is_none_or(within)
        };
        match (0..self.symbols()).find(|symbol| !rise(&self.at[self.bars(*symbol)])) {
            Some(symbol) => Err(Error::TapePlaces { symbol, places }),
            None => Ok(()),
        }
    }
}

impl Curves<'_> {
    fn check(&self) -> Result<(), Error> {
        let needed = self.equity.len();
        let others = [
            ("cash", self.cash.len()),
            ("gross", self.gross.len()),
            ("net", self.net.len()),
            ("turnover", self.turnover.len()),
            ("held", self.held.len()),
        ];
        match others.into_iter().find(|&(_, length)| length != needed) {
            Some((output, length)) => Err(Error::OutputLength {
                output,
                length,
                needed,
            }),
            None => Ok(()),
        }
    }
}
