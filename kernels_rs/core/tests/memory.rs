//! What a run and a state take from the allocator, beside the caller's arrays.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use atc_core::{Dialect, Simd, State, Want};
use common::{Columns, DIALECTS, Laid, Results, WANTS, flat_candles, growth, params, paths};

/// The system's allocator, counting bytes.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

#[allow(unsafe_code)]
// SAFETY: every call goes on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), SeqCst) + layout.size();
        MOST.fetch_max(held, SeqCst);
        // SAFETY: the caller's layout.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), SeqCst);
        // SAFETY: the caller's pointer and layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const KIB: usize = 1024;
const SERIES: usize = 24;
const BARS: usize = 130;

/// What some work takes at its peak and leaves behind.
fn bytes<T>(work: impl FnOnce() -> T) -> (usize, usize, T) {
    let before = HELD.load(SeqCst);
    MOST.store(before, SeqCst);
    let result = work();
    // Threads of an earlier run may still be letting go of theirs.
    let more = |now: usize| now.saturating_sub(before);
    (more(MOST.load(SeqCst)), more(HELD.load(SeqCst)), result)
}

fn batch(series: usize, bars: usize) -> Laid {
    let close = |own: usize| -> Vec<f64> {
        (0..bars)
            .map(|t| (900 + (t * 7 + own * 3) % 211) as f64 / 10.0)
            .collect()
    };
    let series: Vec<Columns> = (0..series).map(|own| flat_candles(&close(own))).collect();
    Laid::new(&series, growth(bars))
}

fn everywhere() -> impl Iterator<Item = (Dialect, Simd)> {
    let both = DIALECTS.into_iter();
    both.flat_map(|dialect| paths().into_iter().map(move |path| (dialect, path)))
}

fn states_hold_a_few_kib_per_series() {
    for (dialect, path) in everywhere() {
        let laid = batch(SERIES, BARS);
        let mut results = Results::sized(SERIES, BARS, Want::Last);
        let (_, kept, state) = bytes(|| {
            let mut out = results.outputs(BARS);
            State::start(
                &laid.batch(),
                &params(dialect, 28),
                Want::Last,
                path,
                &mut out,
            )
            .unwrap()
        });
        assert_eq!(state.series(), SERIES);
        let most = if dialect == Dialect::Lts {
            10 * KIB
        } else {
            14 * KIB
        };
        assert!(
            kept <= SERIES * most,
            "{} bytes on {path}, {dialect:?}",
            kept / SERIES
        );
    }
}

fn runs_take_a_mebibyte_per_thread(threads: usize) {
    for ((dialect, path), want) in everywhere().flat_map(|each| WANTS.map(|want| (each, want))) {
        let laid = batch(SERIES, BARS);
        let mut results = Results::sized(SERIES, BARS, want);
        let (most, ..) = bytes(|| {
            let mut out = results.outputs(BARS);
            atc_core::compute(
                &laid.batch(),
                &params(dialect, 28),
                want,
                path,
                threads,
                &mut out,
            )
            .unwrap();
        });
        assert!(
            most <= threads * KIB * KIB,
            "{most} bytes on {path}, {dialect:?}, {want:?}, {threads} threads"
        );
    }
}

/// One test, because the count is the whole process's.
#[test]
fn a_run_takes_at_most_a_mebibyte_per_thread_and_a_state_a_few_kib_per_series() {
    states_hold_a_few_kib_per_series();
    (1..3).for_each(runs_take_a_mebibyte_per_thread);
}
