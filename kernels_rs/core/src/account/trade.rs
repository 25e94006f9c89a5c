//! Positions, and the trades that they become.

/// Figures per trade, see [`super::Outcome`].
pub const TRADE_COLUMNS: usize = 16;
/// Rows that are turned into columns together.
const CHUNK: usize = 64;
/// Lows and highs that are compared at once.
const ABREAST: usize = 8;

/// Why a trade ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reason {
    #[default]
    Flip,
    Neutral,
    Stop,
    Target,
    Bars,
    Rebalance,
    Delisted,
    Ruined,
    Open,
}

/// To enter, or with `resize` to hold so much, at the symbol's next bar.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Order {
    pub symbol: usize,
    pub decided: usize,
    pub side: f64,
    pub value: f64,
    pub atr: f64,
    pub signal: f64,
    pub resize: bool,
}

/// What is held of a symbol but for the quantity, which has the sign of the side.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Position {
    pub order: Order,
    /// Place and bar of the fill.
    pub entry: usize,
    pub entry_bar: usize,
    /// The first bar that was held whole.
    pub whole_from: usize,
    pub price: f64,
    pub stop: f64,
    pub target: f64,
    pub largest: f64,
    /// What it did to the cash.
    pub flow: f64,
    pub fees: f64,
    pub funding: f64,
}

/// How a position ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub place: usize,
    pub price: f64,
    pub pnl: f64,
    pub reason: Reason,
}

impl Position {
    /// The trade that it was; `lows` and `highs` are of the bars that were held whole.
    pub fn ended(&self, end: &End, lows: &[f64], highs: &[f64]) -> [f64; TRADE_COLUMNS] {
        let (entry, price) = (self.price, end.price);
        let low = extreme(lows, if price < entry { price } else { entry }, |a, b| {
            a < b
        });
        let high = extreme(highs, if price > entry { price } else { entry }, |a, b| {
            a > b
        });
        let (down, up) = ((low - entry) / entry, (high - entry) / entry);
        let order = &self.order;
        let [worst, best] = if order.side > 0.0 {
            [down, up]
        } else {
            [-up, -down]
        };
        [
            order.symbol as f64,
            order.side,
            order.decided as f64,
            self.entry as f64,
            end.place as f64,
            entry,
            price,
            self.largest,
            end.pnl,
            self.fees,
            self.funding,
            worst,
            best,
            lows.len() as f64,
            order.signal,
            f64::from(end.reason as u8),
        ]
    }
}

/// The value that is before all others: lanes side by side, because it does not depend on their order.
#[inline]
fn extreme(values: &[f64], first: f64, before: impl Fn(f64, f64) -> bool) -> f64 {
    let pick = |a: f64, b: f64| if before(a, b) { a } else { b };
    let (groups, rest) = values.as_chunks::<ABREAST>();
    let mut lanes = [first; ABREAST];
    for group in groups {
        for lane in 0..ABREAST {
            lanes[lane] = pick(group[lane], lanes[lane]);
        }
    }
    let all = lanes.iter().chain(rest);
    all.fold(first, |best, value| pick(*value, best))
}

/// Rows of trades as columns, one after the other: a few rows at a time, that each is read from memory once.
pub(super) fn columns(trades: &[[f64; TRADE_COLUMNS]]) -> Vec<f64> {
    let count = trades.len();
    let mut columns = vec![0.0; count * TRADE_COLUMNS];
    for (chunk, rows) in trades.chunks(CHUNK).enumerate() {
        for column in 0..TRADE_COLUMNS {
            let target = &mut columns[column * count + chunk * CHUNK..][..rows.len()];
            for (value, row) in target.iter_mut().zip(rows) {
                *value = row[column];
            }
        }
    }
    columns
}
