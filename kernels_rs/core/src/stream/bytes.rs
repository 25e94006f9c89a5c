//! A state as bytes: magic, version, length of the body, body, CRC-32 of all before it; numbers are little-endian.

use crate::averages::MEMBERS;
use crate::block::{Block, Ledger};
use crate::error::Error;
use crate::grid::Scale;
use crate::params::Params;
use crate::simd::{Lanes, Mask};

const MAGIC: &[u8; 8] = b"ATCSTATE";
const VERSION: u32 = 1;
const CHECKSUM: usize = 4;

/// Puts a state together.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub fn new(params: &Params) -> Self {
        let mut writer = Self(MAGIC.to_vec());
        writer.0.extend(VERSION.to_le_bytes());
        writer.params(params);
        writer
    }

    pub fn count(&mut self, value: usize) {
        self.0.extend((value as u64).to_le_bytes());
    }

    fn number(&mut self, value: f64) {
        self.0.extend(value.to_bits().to_le_bytes());
    }

    pub fn scale(&mut self, scale: Scale, marks: [bool; 2]) {
        self.0.push(scale.k.cast_unsigned());
        self.0
            .extend([scale.extreme, marks[0], marks[1]].map(u8::from));
        self.number(scale.largest_ticks);
    }

    /// One lane of a block, its length before it.
    pub fn lane<V: Lanes>(&mut self, block: &mut Block<V>, lane: usize) {
        let mut save = Save {
            bytes: Vec::new(),
            lane,
        };
        block.each(&mut save);
        self.count(save.bytes.len());
        self.0.append(&mut save.bytes);
    }

    fn params(&mut self, params: &Params) {
        // Fields are named so that a new one is not forgotten.
        let &Params {
            dialect,
            lengths,
            weights,
            decay,
            cutout,
            long_threshold,
            short_threshold,
            source,
            strategy,
        } = params;
        let switches = [
            dialect as usize,
            source as usize,
            cutout,
            usize::from(strategy),
        ];
        for value in switches {
            self.count(value);
        }
        for members in lengths {
            // 0 is no length, so it says that the family is not in use.
            members
                .unwrap_or([0; MEMBERS])
                .into_iter()
                .for_each(|length| self.count(length));
        }
        weights
            .into_iter()
            .chain([decay, long_threshold, short_threshold])
            .for_each(|value| self.number(value));
    }

    pub fn finish(mut self) -> Vec<u8> {
        let checksum = crc32fast::hash(&self.0);
        self.0.extend(checksum.to_le_bytes());
        self.0
    }
}

/// Takes a state apart. What it says is believed only after magic, version and checksum.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn open(bytes: &'a [u8], params: &Params) -> Result<Self, Error> {
        let expected = Writer::new(params).0;
        let (magic, version) = (MAGIC.len(), MAGIC.len() + size_of_val(&VERSION));
        if bytes.get(..magic) != Some(MAGIC.as_slice()) {
            return Err(Error::State {
                problem: "does not begin as one",
            });
        }
        if bytes.get(magic..version) != Some(VERSION.to_le_bytes().as_slice()) {
            return Err(Error::State {
                problem: "is of another version; start it again",
            });
        }
        let (body, checksum) = bytes.split_at(bytes.len() - CHECKSUM.min(bytes.len()));
        if checksum != crc32fast::hash(body).to_le_bytes() {
            return Err(Error::State {
                problem: "is damaged, its checksum is wrong",
            });
        }
        let rest = body.strip_prefix(expected.as_slice());
        rest.map(Self).ok_or(Error::State {
            problem: "has other parameters; start it again",
        })
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Error::State {
            problem: "ends too early",
        })?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| Error::State {
            problem: "ends too early",
        })
    }

    pub fn count(&mut self) -> Result<usize, Error> {
        let value = u64::from_le_bytes(self.array()?);
        usize::try_from(value).map_err(|_| Error::State {
            problem: "holds a number out of range",
        })
    }

    fn number(&mut self) -> Result<f64, Error> {
        Ok(f64::from_bits(u64::from_le_bytes(self.array()?)))
    }

    pub fn scale(&mut self) -> Result<(Scale, [bool; 2]), Error> {
        let [k, extreme, first, second] = self.array()?;
        let scale = Scale {
            k: k.cast_signed(),
            extreme: extreme != 0,
            largest_ticks: self.number()?,
        };
        Ok((scale, [first != 0, second != 0]))
    }

    pub fn lane(&mut self) -> Result<&'a [u8], Error> {
        let count = self.count()?;
        self.take(count)
    }

    pub fn end(&self) -> Result<(), Error> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::State {
                problem: "goes on behind its end",
            })
        }
    }
}

/// Writes one lane down.
struct Save {
    bytes: Vec<u8>,
    lane: usize,
}

impl<V: Lanes> Ledger<V> for Save {
    fn number(&mut self, lanes: &mut V) {
        self.bytes
            .extend(lanes.get(self.lane).to_bits().to_le_bytes());
    }

    fn truth(&mut self, lanes: &mut V::Mask) {
        self.bytes.push(u8::from(lanes.get(self.lane)));
    }
}

/// Reads one lane back.
pub(crate) struct Restore<'a> {
    reader: Reader<'a>,
    lane: usize,
    short: bool,
}

impl<'a> Restore<'a> {
    pub fn new(bytes: &'a [u8], lane: usize) -> Self {
        Self {
            reader: Reader(bytes),
            lane,
            short: false,
        }
    }

    /// Whether the bytes were just as many as the block holds.
    pub fn end(&self) -> Result<(), Error> {
        if self.short {
            Err(Error::State {
                problem: "ends too early",
            })
        } else {
            self.reader.end()
        }
    }
}

impl<V: Lanes> Ledger<V> for Restore<'_> {
    fn number(&mut self, lanes: &mut V) {
        match self.reader.number() {
            Ok(value) => *lanes = lanes.with(self.lane, value),
            Err(_) => self.short = true,
        }
    }

    fn truth(&mut self, lanes: &mut V::Mask) {
        match self.reader.array::<1>() {
            Ok([value]) => *lanes = lanes.with(self.lane, value != 0),
            Err(_) => self.short = true,
        }
    }
}
