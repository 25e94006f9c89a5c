//! The path where none is named.

use super::Simd;
use crate::error::Error;

/// The path of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForStreams(pub Simd);

impl std::str::FromStr for ForStreams {
    type Err = Error;

    /// By name, or "auto" for the fastest for going on bar by bar.
    fn from_str(name: &str) -> Result<Self, Error> {
        Simd::named(name, Task::Stream).map(Self)
    }
}

/// What a path is to compute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// Whole histories.
    Batch,
    /// States that go on by a bar or a few.
    Stream,
}

/// The path that measured best for a task, of those that are here, the slowest first.
///
/// Bar by bar AVX2 was faster than AVX-512 on a Sapphire Rapids; on a Zen 4 AVX-512 takes 0.7 of its time.
pub(super) fn best(task: Task, here: &[Simd], intel: bool) -> Simd {
    let in_halves = intel && task == Task::Stream;
    let fits = |path: &Simd| !(in_halves && *path == Simd::Avx512);
    let mut fastest_first = here.iter().rev().copied();
    fastest_first.find(fits).unwrap_or(Simd::Scalar)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Simd::{Avx2, Avx512, Portable, Scalar};

    #[test]
    fn whole_histories_take_the_widest_path() {
        for intel in [false, true] {
            let chosen = |here: &[Simd]| best(Task::Batch, here, intel);
            assert_eq!(chosen(&[Scalar, Portable, Avx2, Avx512]), Avx512);
            assert_eq!(chosen(&[Scalar, Portable, Avx2]), Avx2);
            assert_eq!(chosen(&[Scalar, Portable]), Portable);
        }
    }

    #[test]
    fn streams_take_avx2_on_processors_of_intel_and_else_the_widest_path() {
        let chosen = |here: &[Simd], intel| best(Task::Stream, here, intel);
        let all = [Scalar, Portable, Avx2, Avx512];
        assert_eq!((chosen(&all, true), chosen(&all, false)), (Avx2, Avx512));
        assert_eq!(chosen(&all[..3], true), Avx2);
        for intel in [false, true] {
            assert_eq!(chosen(&all[..2], intel), Portable);
        }
    }

    #[test]
    fn a_name_is_taken_for_every_task_and_auto_is_what_suits_it() {
        for path in Simd::available() {
            let name = path.to_string();
            assert_eq!(
                (name.parse(), name.parse()),
                (Ok(path), Ok(ForStreams(path)))
            );
        }
        let for_streams = ForStreams(Simd::best_for(Task::Stream));
        assert_eq!(
            ("auto".parse(), "auto".parse()),
            (Ok(Simd::best()), Ok(for_streams))
        );
    }
}
