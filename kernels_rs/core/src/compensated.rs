//! The compensated rolling sum of the `tradingview` dialect.

/// A rolling sum over `length` values that carries its rounding error along, and at times starts afresh.
///
/// The values that leave the window are the ones once added, corrections included, not the raw ones.
pub(crate) struct CompensatedSum {
    length: usize,
    stored: Vec<f64>,
    oldest: usize,
    carry: f64,
    pub sum: f64,
}

impl CompensatedSum {
    /// A sum over `length` values of a series of at most `bars`.
    pub fn new(length: usize, bars: usize) -> Self {
        Self {
            length,
            stored: Vec::with_capacity(length.min(bars)),
            oldest: 0,
            carry: 0.0,
            sum: 0.0,
        }
    }

    /// Adds the newest of the raw values, which must be every one so far, oldest first.
    pub fn push(&mut self, raw: &[f64]) {
        let Some(&x) = raw.last() else { return };
        let filling = self.stored.len() < self.length;
        let entry = if self.must_restart(x) {
            self.restart(raw, x)
        } else if filling {
            self.add(x - self.carry)
        } else {
            self.replace(x, self.stored[self.oldest])
        };
        if filling {
            self.stored.push(entry);
        } else {
            self.stored[self.oldest] = entry;
            self.oldest = if self.oldest + 1 == self.length {
                0
            } else {
                self.oldest + 1
            };
        }
    }

    /// Whether `x + |carry|` loses a part of the carry.
    fn must_restart(&self, x: f64) -> bool {
        let size = self.carry.abs();
        let reached = x + size;
        self.carry != 0.0
            && x != 0.0
            && reached.is_finite()
            && reached != 0.0
            && size - (reached - x) > 0.0
    }

    fn restart(&mut self, raw: &[f64], x: f64) -> f64 {
        self.sum = raw
            .iter()
            .rev()
            .take(self.length)
            .fold(0.0, |sum, x| sum + x);
        self.carry = 0.0;
        x
    }

    fn add(&mut self, y: f64) -> f64 {
        let reached = self.sum + y;
        self.carry = (reached - self.sum) - y;
        self.sum = reached;
        y
    }

    fn replace(&mut self, x: f64, leaving: f64) -> f64 {
        let out = -leaving - self.carry;
        let between = self.sum + out;
        let error = (between - self.sum) - out;
        self.sum = between;
        self.add(x - error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_roll_exactly() {
        let x = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0];
        let mut rolling = CompensatedSum::new(3, 9);
        let sums: Vec<f64> = (1..=6)
            .map(|count| {
                rolling.push(&x[..count]);
                rolling.sum
            })
            .collect();
        assert_eq!(sums, [3.0, 4.0, 8.0, 6.0, 10.0, 15.0]);
    }

    #[test]
    fn the_carry_corrects_the_next_value() {
        // 2^53 + 1 is a tie that rounds down: the carry is -1, and the next value enters as 3.
        let big = 9_007_199_254_740_992.0;
        let x = [big, 1.0, 2.0];
        let mut rolling = CompensatedSum::new(3, 9);
        (1..=3).for_each(|count| rolling.push(&x[..count]));
        assert_eq!(
            (rolling.stored[2], rolling.carry, rolling.sum),
            (3.0, 1.0, big + 4.0)
        );
    }

    #[test]
    fn a_carry_too_small_for_the_value_restarts_newest_first() {
        let tiny = 1e-17;
        let x = [1.0, tiny, 2.0, 0.5];
        let mut rolling = CompensatedSum::new(3, 9);
        (1..=2).for_each(|count| rolling.push(&x[..count]));
        assert_eq!((rolling.sum, rolling.carry), (1.0, -tiny));
        rolling.push(&x[..3]);
        assert_eq!(
            (rolling.sum, rolling.carry, rolling.stored[2]),
            ((2.0 + tiny) + 1.0, 0.0, 2.0)
        );
    }

    #[test]
    fn a_zero_never_restarts() {
        let x = [1.0, 1e-17, 0.0];
        let mut rolling = CompensatedSum::new(3, 9);
        (1..=3).for_each(|count| rolling.push(&x[..count]));
        assert_eq!((rolling.sum, rolling.stored[2]), (1.0, 1e-17));
    }
}
