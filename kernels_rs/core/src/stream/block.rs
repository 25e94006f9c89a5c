//! One block of a stream: series that go on bar by bar.

use super::bytes::{Reader, Restore, Writer};
use crate::batch::{Batch, Candles};
use crate::block::Block;
use crate::choices::{Source, Want};
use crate::error::Error;
use crate::extract::Extract;
use crate::grid::Scale;
use crate::outputs::Table;
use crate::plan::Plan;
use crate::run::fill_lanes;
use crate::simd::Lanes;

/// Bars that the columns of a block take before their history moves to the front.
const SLACK: usize = 8;

/// What one call does to every block.
pub(crate) struct Step<'a> {
    pub batch: &'a Batch<'a>,
    pub plan: &'a Plan,
    pub want: Want,
    pub table: &'a Table<'a>,
}

/// One block and whose lanes it holds.
#[derive(Clone)]
pub(crate) struct StreamBlock<V: Lanes> {
    block: Block<V>,
    pub series: Vec<usize>,
    /// Of every lane, those without a series of their own included.
    scales: Vec<Scale>,
    /// Lanes whose prices are all the floats nearest to their decimals.
    exact: Vec<bool>,
    /// Lanes whose grid has changed.
    lost: Vec<bool>,
    pub bars: usize,
}

impl<V: Lanes> StreamBlock<V> {
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

    pub fn start<'a>(step: &Step<'a>, series: Vec<usize>, lanes: &mut Vec<Candles<'a>>) -> Self {
        fill_lanes::<V>(lanes, step.batch, &series);
        let scales: Vec<Scale> = lanes
            .iter()
            .map(|candles| Scale::of::<V>(candles, &step.plan.terms))
            .collect();
        let mut own = Self::new(step.plan, series, &scales, 0);
        for (lane, candles) in lanes.iter().enumerate() {
            own.exact[lane] = own.scales[lane].is_exact(candles, &step.plan.terms);
        }
        own.go_on(step, lanes);
        own
    }

    pub fn advance<'a>(&mut self, step: &Step<'a>, lanes: &mut Vec<Candles<'a>>) {
        fill_lanes::<V>(lanes, step.batch, &self.series);
        let closes_alone = step.plan.terms.source == Source::Close;
        for (lane, candles) in lanes.iter().enumerate() {
            let scale = &mut self.scales[lane];
            let quick = closes_alone && self.exact[lane] && scale.on_grid();
            if !(quick && scale.takes(candles.close, &step.plan.terms)) {
                self.look(step.plan, lane, candles);
            }
        }
        self.go_on(step, lanes);
    }

    /// Looks at a lane's new candles: a finer grid, a change of status, prices that are not exact.
    fn look(&mut self, plan: &Plan, lane: usize, candles: &Candles) {
        match self.scales[lane].with(candles, self.exact[lane], &plan.terms) {
            Some(scale) if scale.k != self.scales[lane].k => self.refine(plan, lane, scale),
            Some(scale) => self.scales[lane] = scale,
            None => self.lost[lane] = true,
        }
        self.exact[lane] = self.exact[lane] && self.scales[lane].is_exact(candles, &plan.terms);
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

    pub fn lost(&self) -> impl Iterator<Item = usize> {
        let lanes = self
            .series
            .iter()
            .zip(&self.lost)
            .filter(|(_, lost)| **lost);
        lanes.map(|(&series, _)| series)
    }

    pub fn write(&mut self, lane: usize, writer: &mut Writer) {
        writer.count(self.bars);
        writer.scale(self.scales[lane], [self.lost[lane], self.exact[lane]]);
        writer.lane(&mut self.block, lane);
    }

    pub fn read(plan: &Plan, series: Vec<usize>, saved: &[Saved]) -> Result<Self, Error> {
        let scales: Vec<Scale> = series.iter().map(|&own| saved[own].scale).collect();
        let bars = saved[series[0]].bars;
        let mut own = Self::new(plan, series, &scales, bars);
        own.block.tile.resume(bars);
        for lane in 0..V::WIDTH {
            let kept = &saved[*own.series.get(lane).unwrap_or(&own.series[0])];
            [own.lost[lane], own.exact[lane]] = kept.marks;
            let mut restore = Restore::new(kept.values, lane);
            own.block.each(&mut restore);
            restore.end()?;
        }
        Ok(own)
    }
}

/// One series as it was written.
pub(crate) struct Saved<'a> {
    pub bars: usize,
    scale: Scale,
    /// Lost, exact.
    marks: [bool; 2],
    values: &'a [u8],
}

impl<'a> Saved<'a> {
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
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
