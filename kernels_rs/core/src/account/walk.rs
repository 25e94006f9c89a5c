//! The walk along the tape, place after place.

use super::alarm::Alarm;
use super::bits::{Ones, PLACES, words};
use super::book::Book;
use super::curves::{Row, count_of};
use super::decide::Candidate;
use super::rules::Rules;
use super::tile::Tile;
use super::trade::{Order, Reason, columns};
use super::{Curves, Outcome, Tape};

/// A walk along the tape. Places are counted within the tile.
pub(super) struct Walk<'a> {
    pub tape: &'a Tape<'a>,
    pub rules: &'a Rules,
    pub places: usize,
    pub tile: Tile,
    pub book: Book<'a>,
    /// Where a bar touches stop or target, and where the bars of a position are over.
    pub touched: Alarm,
    pub due: Alarm,
    /// What is to be closed, and why.
    pub leaving: Vec<u64>,
    /// Whether anything leaves or is ordered.
    pub pending: bool,
    pub reasons: Vec<Reason>,
    pub orders: Vec<Order>,
    pub filling: Vec<Order>,
    pub candidates: Vec<Candidate>,
    pub unfilled: usize,
    pub rebalance_from: Option<usize>,
    /// Symbols between their first signal and last bar.
    pub universe: usize,
}

impl<'a> Walk<'a> {
    pub fn new(tape: &'a Tape<'a>, rules: &'a Rules, places: usize) -> Self {
        let symbols = tape.symbols();
        Self {
            tape,
            rules,
            places,
            tile: Tile::new(tape),
            book: Book::new(rules, symbols),
            touched: Alarm::new(symbols),
            due: Alarm::new(symbols),
            leaving: vec![0; words(symbols)],
            pending: false,
            reasons: vec![Reason::default(); symbols],
            orders: Vec::new(),
            filling: Vec::new(),
            candidates: Vec::new(),
            unfilled: 0,
            rebalance_from: None,
            universe: 0,
        }
    }

    pub fn account(mut self, curves: &mut Curves) -> Outcome {
        let mut firsts = (0..self.places).step_by(PLACES);
        let ruined_at = firsts.find_map(|first| self.pass(first, curves));
        for symbol in self.book.symbols() {
            self.book.leave_open(self.tape, symbol, self.places - 1);
        }
        let counts = [Some(self.book.rejected), Some(self.unfilled), ruined_at];
        Outcome {
            trades: columns(&self.book.trades),
            paid: [self.book.fees, self.book.funding],
            counts: counts.map(|count| count.map_or(-1, count_of)),
        }
    }

    /// The places of a tile; that of the ruin, up to which curves are written, and from there on as it left them.
    fn pass(&mut self, first: usize, curves: &mut Curves) -> Option<usize> {
        self.load(first);
        let mut rows = [Row::default(); PLACES];
        let rows = &mut rows[..PLACES.min(self.places - first)];
        let mut ruined = None;
        for (place, row) in rows.iter_mut().enumerate() {
            self.step(place);
            if self.book.equity <= 0.0 {
                self.ruin(place);
                ruined = Some(first + place);
            } else {
                self.decide(place);
            }
            *row = Row::of(&self.book);
            if ruined.is_some() {
                break;
            }
        }
        curves.write(first, rows);
        if let Some(place) = ruined {
            curves.stay(place);
        }
        ruined
    }

    /// Up to the close of a place.
    #[inline]
    fn step(&mut self, place: usize) {
        self.universe += self.tile.joins[place];
        self.book.turnover = 0.0;
        let quiet = (self.tile.busy | self.touched.any) >> place & 1 == 0;
        if !quiet || self.pending {
            self.trade(place);
        }
        self.book.mark(self.tile.closes(place));
    }

    fn load(&mut self, first: usize) {
        self.tile.load(self.tape, self.rules, first);
        self.touched.clear();
        self.due.clear();
        if self.rules.bars.is_none() && !self.rules.are_stopped() {
            return;
        }
        for word in 0..self.leaving.len() {
            for symbol in Ones(self.book.held(word)).map(|bit| word * PLACES + bit) {
                self.watch(symbol, 0);
            }
        }
    }
}
