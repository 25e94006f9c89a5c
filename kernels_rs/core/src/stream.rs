//! Series that go on bar by bar: the state between two bars, many series in one call.

use crate::batch::{Batch, Candles};
use crate::block::Block;
use crate::bytes::{Reader, Restore, Writer};
use crate::error::Error;
use crate::grid::Scale;
use crate::outputs::{Outputs, Table};
use crate::params::{Params, Source, Want};
use crate::plan::Plan;
use crate::run::{Extract, fill_lanes};
use crate::simd::{Lanes, Simd, scalar::Scalar};
#[cfg(target_arch = "x86_64")]
use crate::simd::{avx2::Avx2, avx512::Avx512};

/// Bars that the columns of a live block take before their history moves to the front.
const SLACK: usize = 8;

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
    Scalar(Vec<Live<Scalar>>),
    #[cfg(target_arch = "x86_64")]
    Avx2(Vec<Live<Avx2>>),
    #[cfg(target_arch = "x86_64")]
    Avx512(Vec<Live<Avx512>>),
}

macro_rules! on_path {
    ($blocks:expr, $live:ident => $body:expr) => {
        match $blocks {
            Blocks::Scalar($live) => $body,
            #[cfg(target_arch = "x86_64")]
            Blocks::Avx2($live) => $body,
            #[cfg(target_arch = "x86_64")]
            Blocks::Avx512($live) => $body,
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
        crate::check(batch, params, want, simd, out)?;
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
        on_path!(&mut blocks, live => {
            let bars: Vec<usize> = (0..batch.series()).map(|series| batch.bars(series)).collect();
            for series in alike(&bars, width(live)) {
                live.push(Live::start(&step, series, &mut lanes));
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
        on_path!(&self.blocks, live => live.iter().map(|block| block.series.len()).sum())
    }

    /// The bars of every series so far.
    #[must_use]
    pub fn bars(&self) -> Vec<usize> {
        let mut bars = vec![0; self.series()];
        on_path!(&self.blocks, live => for block in live {
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
        on_path!(&mut self.blocks, live => live.iter_mut().for_each(|block| block.advance(&step, &mut lanes)));
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
        on_path!(&self.blocks, live => for block in live {
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
        on_path!(&mut self.blocks, live => {
            let mut places = vec![(0, 0); series];
            for (index, block) in live.iter().enumerate() {
                block.series.iter().enumerate().for_each(|(lane, &own)| places[own] = (index, lane));
            }
            for (index, lane) in places {
                live[index].write(lane, &mut writer);
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
        on_path!(&mut blocks, live => {
            let bars: Vec<usize> = saved.iter().map(|each| each.bars).collect();
            for series in alike(&bars, width(live)) {
                live.push(Live::read(&plan, series, &saved)?);
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
        on_path!(&self.blocks, live => live.iter().for_each(|block| lost.extend(block.lost())));
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
        let longest =
            on_path!(&self.blocks, live => live.iter().map(|block| block.bars).max().unwrap_or(0));
        batch.check_growth((longest + bars).saturating_sub(self.plan.cutout))?;
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

/// What one call does to every block.
struct Step<'a> {
    batch: &'a Batch<'a>,
    plan: &'a Plan,
    want: Want,
    table: &'a Table<'a>,
}

/// One block and whose lanes it holds.
#[derive(Clone)]
struct Live<V: Lanes> {
    block: Block<V>,
    series: Vec<usize>,
    /// Of every lane, those without a series of their own included.
    scales: Vec<Scale>,
    /// Lanes whose prices are all the floats nearest to their decimals.
    exact: Vec<bool>,
    /// Lanes whose grid has changed.
    lost: Vec<bool>,
    bars: usize,
}

impl<V: Lanes> Live<V> {
    fn new(plan: &Plan, series: Vec<usize>, own_scales: &[Scale], bars: usize) -> Self {
        let scales: Vec<Scale> = (0..V::WIDTH)
            .map(|lane| *own_scales.get(lane).unwrap_or(&own_scales[0]))
            .collect();
        let block = Block::new(plan, &scales, SLACK);
        Self {
            block,
            lost: vec![false; V::WIDTH],
            exact: vec![true; V::WIDTH],
            series,
            scales,
            bars,
        }
    }

    fn start<'a>(step: &Step<'a>, series: Vec<usize>, lanes: &mut Vec<Candles<'a>>) -> Self {
        fill_lanes::<V>(lanes, step.batch, &series);
        let scales: Vec<Scale> = lanes
            .iter()
            .map(|candles| Scale::of::<V>(candles, step.plan))
            .collect();
        let mut live = Self::new(step.plan, series, &scales, 0);
        for (lane, candles) in lanes.iter().enumerate() {
            live.exact[lane] = live.scales[lane].is_exact(candles, step.plan);
        }
        live.go_on(step, lanes);
        live
    }

    fn advance<'a>(&mut self, step: &Step<'a>, lanes: &mut Vec<Candles<'a>>) {
        fill_lanes::<V>(lanes, step.batch, &self.series);
        let closes_alone = step.plan.source == Source::Close;
        for (lane, candles) in lanes.iter().enumerate() {
            let scale = &mut self.scales[lane];
            let quick = closes_alone && self.exact[lane] && scale.on_grid();
            if !(quick && scale.takes(candles.close, step.plan)) {
                self.look(step.plan, lane, candles);
            }
        }
        self.go_on(step, lanes);
    }

    /// Looks at a lane's new candles: a finer grid, a change of status, prices that are not exact.
    fn look(&mut self, plan: &Plan, lane: usize, candles: &Candles) {
        match self.scales[lane].with(candles, self.exact[lane], plan) {
            Some(scale) if scale.k != self.scales[lane].k => self.refine(plan, lane, scale),
            Some(scale) => self.scales[lane] = scale,
            None => self.lost[lane] = true,
        }
        self.exact[lane] = self.exact[lane] && self.scales[lane].is_exact(candles, plan);
    }

    /// Puts a lane on a finer grid; its integers are multiplied by a power of ten, which stays exact below the bound.
    fn refine(&mut self, plan: &Plan, lane: usize, scale: Scale) {
        let factor = scale.ticks_per_unit() / self.scales[lane].ticks_per_unit();
        self.scales[lane] = scale;
        self.block.refine(plan, lane, factor, &self.scales);
    }

    fn go_on(&mut self, step: &Step, lanes: &[Candles]) {
        let extract = Extract {
            plan: step.plan,
            want: step.want,
            span: step.table.spans.row,
        };
        // SAFETY: every series is in one block, blocks go on one after the other, and a row is dropped before the next.
        #[allow(unsafe_code)]
        let row = |series: usize| unsafe { step.table.row(series) };
        let (begin, end) = (self.bars, self.bars + lanes[0].close.len());
        let blank = |series: usize| row(series).blank();
        if begin == end {
            self.series.iter().copied().for_each(blank);
        }
        while self.bars < end {
            let (first, last) = (
                self.bars,
                if step.want == Want::All {
                    self.bars + 1
                } else {
                    end
                },
            );
            self.bars = self.block.reach(step.plan, first, last);
            self.block.advance(
                step.plan,
                step.batch.growth,
                lanes,
                first - begin,
                self.bars - first,
            );
            for (lane, &series) in self.series.iter().enumerate() {
                let mut row = row(series);
                if first == begin {
                    row.begin(end - begin, extract.span);
                    *row.grid = self.scales[lane].k;
                }
                extract.write(&mut self.block, lane, end, &mut row);
            }
        }
        self.lost().for_each(blank);
    }

    fn lost(&self) -> impl Iterator<Item = usize> {
        let lanes = self
            .series
            .iter()
            .zip(&self.lost)
            .filter(|(_, lost)| **lost);
        lanes.map(|(&series, _)| series)
    }

    fn write(&mut self, lane: usize, writer: &mut Writer) {
        writer.count(self.bars);
        writer.scale(self.scales[lane], [self.lost[lane], self.exact[lane]]);
        writer.lane(&mut self.block, lane);
    }

    fn read(plan: &Plan, series: Vec<usize>, saved: &[Saved]) -> Result<Self, Error> {
        let scales: Vec<Scale> = series.iter().map(|&own| saved[own].scale).collect();
        let bars = saved[series[0]].bars;
        let mut live = Self::new(plan, series, &scales, bars);
        live.block.tile.resume(bars);
        for lane in 0..V::WIDTH {
            let own = &saved[*live.series.get(lane).unwrap_or(&live.series[0])];
            [live.lost[lane], live.exact[lane]] = own.marks;
            let mut restore = Restore::new(own.values, lane);
            live.block.each(&mut restore);
            restore.end()?;
        }
        Ok(live)
    }
}

fn width<V: Lanes>(_: &[Live<V>]) -> usize {
    V::WIDTH
}

/// One series as it was written.
struct Saved<'a> {
    bars: usize,
    scale: Scale,
    /// Lost, exact.
    marks: [bool; 2],
    values: &'a [u8],
}

impl<'a> Saved<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let bars = reader.count()?;
        let (scale, marks) = reader.scale()?;
        Ok(Self {
            bars,
            scale,
            marks,
            values: reader.lane()?,
        })
    }
}
