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

/// One byte per bar with a bit per kind.
pub(super) struct Flags([u8; PLACES]);

impl Flags {
    /// Of at most [`PLACES`] bars.
    pub fn of(tape: &Tape, rules: &Rules, bars: Range<usize>) -> Self {
        let mut flags = Self([0; PLACES]);
        flags.sides(&tape.signal[bars.clone()], rules);
        if let Some(most) = rules.max_age_bars {
            let young = |age: i32| age >= 0 && age <= most;
            flags.demand(&tape.age[bars.clone()], young);
        }
        if let Some(least) = rules.min_volume {
            flags.demand_known(tape.volume, bars.clone(), |volume| volume >= least);
        }
        if rules.need_atr() {
            flags.demand_known(tape.atr, bars.clone(), |atr| atr > 0.0);
        }
        for (flag, age) in flags.0.iter_mut().zip(&tape.age[bars.clone()]) {
            let fresh = u8::from(*age == 0) | u8::from(rules.hold);
            *flag |= (bit(*flag, Kind::Passes) & fresh) << Kind::Fresh as u8;
        }
        if !tape.funding.is_empty() {
            for (flag, rate) in flags.0.iter_mut().zip(&tape.funding[bars]) {
                *flag |= u8::from(*rate != 0.0) << Kind::Pays as u8;
            }
        }
        flags
    }

    /// The bits of a kind, the oldest bar first.
    pub fn word(&self, kind: Kind) -> u64 {
        let (groups, _) = self.0.as_chunks::<8>();
        groups.iter().rev().fold(0, |word, group| {
            let bits = u64::from_le_bytes(*group) >> kind as u8 & 0x0101_0101_0101_0101;
            word << 8 | bits.wrapping_mul(0x0102_0408_1020_4080) >> 56
        })
    }

    fn sides(&mut self, signals: &[f64], rules: &Rules) {
        let (longs, shorts) = (u8::from(rules.long), u8::from(rules.short));
        for (flag, &signal) in self.0.iter_mut().zip(signals) {
            let above = u8::from(signal > rules.long_threshold);
            let below = u8::from(signal < rules.short_threshold);
            let (up, down) = (above & !below, below & !above);
            let strong = u8::from(signal.abs() >= rules.min_signal);
            let known = u8::from(!signal.is_nan());
            let passes = (up & longs | down & shorts) & strong;
            *flag = up << Kind::Up as u8
                | down << Kind::Down as u8
                | known << Kind::Known as u8
                | passes << Kind::Passes as u8;
        }
    }

    fn demand_known(&mut self, column: &[f64], bars: Range<usize>, enough: impl Fn(f64) -> bool) {
        if column.is_empty() {
            self.demand(&[f64::NAN; PLACES][..bars.len()], enough);
        } else {
            self.demand(&column[bars], enough);
        }
    }

    fn demand<T: Copy>(&mut self, values: &[T], enough: impl Fn(T) -> bool) {
        for (flag, value) in self.0.iter_mut().zip(values) {
            *flag &= !(u8::from(!enough(*value)) << Kind::Passes as u8);
        }
    }
}

/// 1 where a flag is set.
fn bit(flag: u8, kind: Kind) -> u8 {
    flag >> kind as u8 & 1
}
