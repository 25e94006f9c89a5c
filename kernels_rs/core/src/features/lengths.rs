use super::newest::LONGEST_LAG;
use crate::error::Error;

/// How far back the figures look.
const COUNT: usize = 9;

/// Lengths in bars, each at least 1 where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeatureLengths {
    /// Of the exponential average of the close.
    pub ema: usize,
    /// Of Wilder's average true range.
    pub atr: usize,
    /// The newest bars whose volume is compared.
    pub burst: usize,
    /// The bars that their volume is compared with; 0 where no volumes are compared.
    pub day: usize,
    /// Of Wilder's averages of gains and losses.
    pub rsi: usize,
    /// Of Wilder's averages of the directional movements, and of that of their index.
    pub adx: usize,
    /// The newest closes of the Bollinger bands.
    pub bollinger: usize,
    /// The newest returns of the volatility, at least 2.
    pub volatility: usize,
    /// The newest returns of the Hurst exponent, at least its longest lag, 16.
    pub hurst: usize,
}

impl From<[usize; COUNT]> for FeatureLengths {
    fn from(lengths: [usize; COUNT]) -> Self {
        let [ema, atr, burst, day, rsi, adx, bollinger, volatility, hurst] = lengths;
        Self {
            ema,
            atr,
            burst,
            day,
            rsi,
            adx,
            bollinger,
            volatility,
            hurst,
        }
    }
}

impl FeatureLengths {
    pub(super) fn check(&self) -> Result<(), Error> {
        let named = [
            ("ema", self.ema, 1),
            ("atr", self.atr, 1),
            ("burst", self.burst, 1),
            ("rsi", self.rsi, 1),
            ("adx", self.adx, 1),
            ("bollinger", self.bollinger, 1),
            ("volatility", self.volatility, 2),
            ("hurst", self.hurst, LONGEST_LAG),
        ];
        match named.into_iter().find(|&(_, bars, least)| bars < least) {
            Some((name, bars, least)) => Err(Error::FeatureLength { name, bars, least }),
            None => Ok(()),
        }
    }

    /// Returns that a figure of the newest bars goes back to.
    pub(super) fn returns(&self) -> usize {
        self.volatility.max(self.hurst)
    }
}
