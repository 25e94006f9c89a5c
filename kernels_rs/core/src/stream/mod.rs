//! Series that go on bar by bar: the state between two bars, many series in one call.

mod block;
mod bytes;

use crate::batch::Batch;
use crate::choices::Want;
use crate::error::Error;
use crate::outputs::{Outputs, Table};
use crate::params::Params;
use crate::plan::Plan;
use crate::run::check;
use crate::simd::{Lanes, Simd, portable::Portable, scalar::Scalar};
#[cfg(target_arch = "x86_64")]
use crate::simd::{avx2::Avx2, avx512::Avx512};
use block::{Saved, Step, StreamBlock};
use bytes::{Reader, Writer};

/// The state of many series between two bars.
///
/// Whatever steps the bars come in, the values are those of [`crate::compute`] over all bars from the same first one,
/// bit for bit, as long as a series' grid stays what it was when it started.
pub struct State {
    params: Params,
    plan: Plan,
    blocks: Blocks,
}

/// The blocks of the path that was chosen.
enum Blocks {
    Scalar(Vec<StreamBlock<Scalar>>),
    Portable(Vec<StreamBlock<Portable>>),
    #[cfg(target_arch = "x86_64")]
    Avx2(Vec<StreamBlock<Avx2>>),
    #[cfg(target_arch = "x86_64")]
    Avx512(Vec<StreamBlock<Avx512>>),
}

macro_rules! on_path {
    ($blocks:expr, $found:ident => $body:expr) => {
        match $blocks {
            Blocks::Scalar($found) => $body,
            Blocks::Portable($found) => $body,
            #[cfg(target_arch = "x86_64")]
            Blocks::Avx2($found) => $body,
            #[cfg(target_arch = "x86_64")]
            Blocks::Avx512($found) => $body,
        }
    };
}

impl Blocks {
    fn none(simd: Simd) -> Self {
        match simd {
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512 => Self::Avx512(Vec::new()),
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 => Self::Avx2(Vec::new()),
            Simd::Portable => Self::Portable(Vec::new()),
            _ => Self::Scalar(Vec::new()),
        }
    }
}

impl State {
    /// Computes a batch as [`crate::compute`] does, on one thread, and keeps what the next bars need.
    ///
    /// # Errors
    /// Those of [`crate::compute`], and a series without bars.
    pub fn start(
        batch: &Batch,
        params: &Params,
        want: Want,
        simd: Simd,
        out: &mut Outputs,
    ) -> Result<Self, Error> {
        check(batch, params, want, simd, out)?;
        if let Some(series) = (0..batch.series()).find(|&series| batch.bars(series) == 0) {
            return Err(Error::NoBars { series });
        }
        let plan = Plan::new(params);
        let (mut blocks, mut lanes) = (Blocks::none(simd), Vec::new());
        let table = Table::new(out, want);
        let step = Step {
            batch,
            plan: &plan,
            want,
            table: &table,
        };
        on_path!(&mut blocks, blocks => {
            let bars: Vec<usize> = (0..batch.series()).map(|series| batch.bars(series)).collect();
            for series in alike(&bars, width(blocks)) {
                blocks.push(StreamBlock::start(&step, series, &mut lanes));
            }
        });
        Ok(Self {
            params: params.clone(),
            plan,
            blocks,
        })
    }

    /// The number of series.
    #[must_use]
    pub fn series(&self) -> usize {
        on_path!(&self.blocks, blocks => blocks.iter().map(|block| block.series.len()).sum())
    }

    /// The bars of every series so far.
    #[must_use]
    pub fn bars(&self) -> Vec<usize> {
        let mut bars = vec![0; self.series()];
        on_path!(&self.blocks, blocks => for block in blocks {
            block.series.iter().for_each(|&series| bars[series] = block.bars);
        });
        bars
    }

    /// The parameters that it was started with.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Goes on by the bars of `batch`, as many for every series, in the order of the start; `growth` is the table from
    /// the cutout on, long enough for the new bars. Rows over time hold the new bars alone.
    ///
    /// Returns the series whose grid the new bars change, or have changed before: their values are NaN, and they must
    /// be started again from their stored candles.
    ///
    /// # Errors
    /// Those of [`crate::compute`], another number of series, or of bars; then nothing has changed.
    pub fn advance(
        &mut self,
        batch: &Batch,
        want: Want,
        out: &mut Outputs,
    ) -> Result<Vec<usize>, Error> {
        self.check(batch, want, out)?;
        let table = Table::new(out, want);
        let step = Step {
            batch,
            plan: &self.plan,
            want,
            table: &table,
        };
        let mut lanes = Vec::new();
        on_path!(&mut self.blocks, blocks => blocks.iter_mut().for_each(|block| block.advance(&step, &mut lanes)));
        Ok(self.lost())
    }

    /// What [`Self::advance`] would say; the state stays as it is.
    ///
    /// # Errors
    /// Those of [`Self::advance`].
    pub fn peek(&self, batch: &Batch, want: Want, out: &mut Outputs) -> Result<Vec<usize>, Error> {
        self.check(batch, want, out)?;
        let table = Table::new(out, want);
        let step = Step {
            batch,
            plan: &self.plan,
            want,
            table: &table,
        };
        let (mut lost, mut lanes) = (Vec::new(), Vec::new());
        on_path!(&self.blocks, blocks => for block in blocks {
            let mut copy = block.clone();
            copy.advance(&step, &mut lanes);
            lost.extend(copy.lost());
        });
        lost.sort_unstable();
        Ok(lost)
    }

    /// The state as bytes that [`Self::read`] reads, of a version and with a checksum.
    #[must_use]
    pub fn write(&mut self) -> Vec<u8> {
        let mut writer = Writer::new(&self.params);
        let series = self.series();
        writer.count(series);
        on_path!(&mut self.blocks, blocks => {
            let mut places = vec![(0, 0); series];
            for (index, block) in blocks.iter().enumerate() {
                block.series.iter().enumerate().for_each(|(lane, &own)| places[own] = (index, lane));
            }
            for (index, lane) in places {
                blocks[index].write(lane, &mut writer);
            }
        });
        writer.finish()
    }

    /// Reads a state written on whatever path; it goes on with this one.
    ///
    /// # Errors
    /// Bytes that are no state, of another version, damaged, or of other parameters.
    pub fn read(bytes: &[u8], params: &Params, simd: Simd) -> Result<Self, Error> {
        simd.check()?;
        params.check()?;
        let mut reader = Reader::open(bytes, params)?;
        let plan = Plan::new(params);
        let mut blocks = Blocks::none(simd);
        let saved: Vec<Saved> = (0..reader.count()?)
            .map(|_| Saved::read(&mut reader))
            .collect::<Result<_, _>>()?;
        reader.end()?;
        on_path!(&mut blocks, blocks => {
            let bars: Vec<usize> = saved.iter().map(|each| each.bars).collect();
            for series in alike(&bars, width(blocks)) {
                blocks.push(StreamBlock::read(&plan, series, &saved)?);
            }
        });
        Ok(Self {
            params: params.clone(),
            plan,
            blocks,
        })
    }

    fn lost(&self) -> Vec<usize> {
        let mut lost = Vec::new();
        on_path!(&self.blocks, blocks => blocks.iter().for_each(|block| lost.extend(block.lost())));
        lost.sort_unstable();
        lost
    }

    fn check(&self, batch: &Batch, want: Want, out: &Outputs) -> Result<(), Error> {
        let (series, expected) = (batch.series(), self.series());
        if series != expected {
            return Err(Error::SeriesCount { series, expected });
        }
        batch.check_shapes()?;
        let bars = if series == 0 { 0 } else { batch.bars(0) };
        if let Some(series) = (0..series).find(|&series| batch.bars(series) != bars) {
            return Err(Error::UnequalSteps {
                series,
                bars: batch.bars(series),
                expected: bars,
            });
        }
        let longest = on_path!(&self.blocks, blocks => blocks.iter().map(|block| block.bars).max().unwrap_or(0));
        batch.check_growth((longest + bars).saturating_sub(self.plan.terms.cutout))?;
        out.check(series, bars, want)
    }
}

/// Series of equally many bars, as many together as there are lanes.
fn alike(bars: &[usize], lanes: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..bars.len()).collect();
    order.sort_by_key(|&series| bars[series]);
    let runs = order.chunk_by(|&one, &other| bars[one] == bars[other]);
    runs.flat_map(|run| run.chunks(lanes))
        .map(<[usize]>::to_vec)
        .collect()
}

fn width<V: Lanes>(_: &[StreamBlock<V>]) -> usize {
    V::WIDTH
}
