//! What the rules ask of a bar alone, for the bars of one symbol in a tile.

use std::ops::Range;

use super::Tape;
use super::bits::PLACES;
use super::rules::Rules;

/// What is told of a bar.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// There is a bar.
    Here,
    /// Its side is long.
    Up,
    /// Its side is short.
    Down,
    /// Its signal is a number.
    Known,
    /// It may be traded.
    Passes,
    /// It may be entered.
    Fresh,
    /// It has a rate of funding.
    Pays,
    /// It is the symbol's last.
    Ends,
}

pub(super) const KINDS: usize = 8;

const BITS: [u64; PLACES] = {
    let mut bits = [1; PLACES];
    let mut bar = 1;
    while bar < PLACES {
        bits[bar] = bits[bar - 1] << 1;
        bar += 1;
    }
    bits
};

/// Of at most [`PLACES`] bars, one bit each, the oldest first, by kind.
pub(super) fn told(tape: &Tape, rules: &Rules, bars: Range<usize>) -> [u64; KINDS] {
    let signal = &tape.signal[bars.clone()];
    let above = whether(signal, |signal| signal > rules.long_threshold);
    let below = whether(signal, |signal| signal < rules.short_threshold);
    let (up, down) = (above & !below, below & !above);
    let mut passes = if rules.long { up } else { 0 } | if rules.short { down } else { 0 };
    if rules.min_signal > 0.0 {
        passes &= whether(signal, |signal| signal.abs() >= rules.min_signal);
    }
    if let Some(most) = rules.max_age_bars {
        passes &= whether(&tape.age[bars.clone()], |age| age >= 0 && age <= most);
    }
    if let Some(least) = rules.min_volume {
        passes &= whether_known(tape.volume, bars.clone(), |volume| volume >= least);
    }
    if rules.need_atr() {
        passes &= whether_known(tape.atr, bars.clone(), |atr| atr > 0.0);
    }
    let mut told = [0; KINDS];
    told[Kind::Here as usize] = whether(signal, |_| true);
    told[Kind::Up as usize] = up;
    told[Kind::Down as usize] = down;
    told[Kind::Known as usize] = whether(signal, |signal| !signal.is_nan());
    told[Kind::Passes as usize] = passes;
    told[Kind::Fresh as usize] = if rules.hold {
        passes
    } else {
        passes & whether(&tape.age[bars.clone()], |age| age == 0)
    };
    told[Kind::Pays as usize] = whether_known(tape.funding, bars, |rate| rate != 0.0);
    told
}

/// Of a column that may be empty: unknown at every bar.
fn whether_known(column: &[f64], bars: Range<usize>, test: impl Fn(f64) -> bool) -> u64 {
    if column.is_empty() {
        0
    } else {
        whether(&column[bars], test)
    }
}

/// The bits of the values that pass a test: written so that compilers compare several at once.
#[inline]
fn whether<T: Copy>(values: &[T], test: impl Fn(T) -> bool) -> u64 {
    let bits = values.iter().zip(&BITS);
    bits.fold(0, |word, (value, bit)| {
        word | if test(*value) { *bit } else { 0 }
    })
}
