"""Seeded mutants: one wrong line each, and the tests that must notice it."""

from dataclasses import dataclass

CORE = "kernels_rs/core/src"
NUMBA = "atc_cli/engine/numba"
PARITY = "tests/engine/test_parity.py"
ORACLE = "tests/engine/test_oracle.py -k seeds-0"


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """`old`, which `file` has once, becomes `new`; `test` is what cargo test or pytest is given.

    Cargo's begin with "--". What pytest runs of a mutant in Rust runs on an extension that is built for it. `equal`
    proves that no test could tell the mutant from the original; without it a survivor is a failure.
    """

    name: str
    file: str
    old: str
    new: str
    test: str
    equal: str = ""

    @property
    def compiled(self) -> bool:
        """Whether the extension has to be built."""
        return self.file.endswith(".rs") and not self.cargo

    @property
    def cargo(self) -> bool:
        return self.test.startswith("--")


MUTANTS = (
    Mutant(
        name="renewals as the first lane needs them",
        file=f"{CORE}/block.rs",
        old="scales.iter().any(|scale| !scale.on_grid())",
        new="!scales[0].on_grid()",
        test="--test paths a_series_has_its_own_grid_and_renewals_in_whatever_lane_it_lies",
    ),
    Mutant(
        name="the same, told by Python",
        file=f"{CORE}/block.rs",
        old="scales.iter().any(|scale| !scale.on_grid())",
        new="!scales[0].on_grid()",
        test="tests/commands/test_bench.py -k kernels_pass_the_gate_in_mixed_batches",
    ),
    Mutant(
        name="a stream forgets its largest price at a close",
        file=f"{CORE}/grid.rs",
        old="self.largest_ticks = largest;",
        new="self.largest_ticks = self.largest_ticks.min(largest);",
        test="--test stream the_largest_price_is_kept_in_mind",
    ),
    Mutant(
        name="a stream forgets its largest price at a candle",
        file=f"{CORE}/grid.rs",
        old="power_of_ten(k)).max(before);",
        new="power_of_ten(k)).max(before.min(0.0));",
        test="--test stream the_largest_price_is_kept_in_mind",
    ),
    Mutant(
        name="a stream keeps the first largest price",
        file=f"{CORE}/stream/block.rs",
        old="Some(scale) => self.scales[lane] = scale,",
        new="Some(_) => {}",
        test="--test stream the_largest_price_is_kept_in_mind",
    ),
    Mutant(
        name="on grid at 2^53",
        file=f"{CORE}/terms.rs",
        old="((1 << 53) - 1) / factor",
        new="(1 << 53) / factor",
        test="--lib the_bound_is_strict",
    ),
    Mutant(
        name="three spacings are as good as two",
        file=f"{CORE}/grid.rs",
        old="<= 2.0 * spacing(x)",
        new="<= 3.0 * spacing(x)",
        test="--lib two_spacings_pass_and_three_do_not",
    ),
    Mutant(
        name="S goes before W",
        file=f"{CORE}/averages/windows/sums.rs",
        old="""        self.weighted = self.weighted + (width * newest - self.sum);
        self.sum = self.sum + (newest - leaving);""",
        new="""        self.sum = self.sum + (newest - leaving);
        self.weighted = self.weighted + (width * newest - self.sum);""",
        test="--test decisions",
    ),
    Mutant(
        name="of members side by side the ninth votes first",
        file=f"{CORE}/averages/abreast.rs",
        old="""                    row.count(slot, place, ballot);
                    last.count(slot, place, ballot);""",
        new="""                    last.count(slot, place, ballot);
                    row.count(slot, place, ballot);""",
        test="--test alone one_to_nine_series_of_unequal_lengths_agree",
    ),
    Mutant(
        name="a long window forgets a stretch",
        file=f"{CORE}/averages/abreast.rs",
        old="let fresh = len.min(ring.len());",
        new="let fresh = (len - 1).min(ring.len());",
        test="--test alone windows_of_all_lengths_agree",
    ),
    Mutant(
        name="the floor without its tolerance",
        file=f"{CORE}/vote.rs",
        old="equity.lt(V::splat(TOLERATED))",
        new="equity.lt(floor)",
        test="--lib vote",
    ),
    Mutant(
        name="who touches the average was not below it",
        file=f"{CORE}/vote.rs",
        old="(close.le(average), close.ge(average))",
        new="(close.lt(average), close.ge(average))",
        test="--lib a_touch_counts_as_the_side_it_leaves",
    ),
    Mutant(
        name="an undirected family has no gain in tradingview",
        file=f"{CORE}/layers.rs",
        old="if TV { self.idle } else { none }",
        new="none",
        test="--test layers",
    ),
    Mutant(
        name="a family at the threshold counts",
        file=f"{CORE}/layers.rs",
        old="L::select(x.gt(over), one,",
        new="L::select(x.ge(over), one,",
        test=ORACLE,
    ),
    Mutant(
        name="a compensated sum starts afresh at a zero",
        file=f"{CORE}/averages/compensated.rs",
        old="            & x.gt(zero)",
        new="            & x.ge(zero)",
        test="--lib a_zero_never_restarts",
        equal="at x = 0 the r of the spec is |C|, so that |C| - (r - x) is 0: nothing fires with or without `x != 0`",
    ),
    Mutant(
        name="a compensated sum never starts afresh",
        file=f"{CORE}/averages/compensated.rs",
        old="        let fire = self.must_restart(x);",
        new="        let fire = self.must_restart(x) & x.lt(x);",
        test="--lib a_carry_too_small_for_the_value_restarts_newest_first",
    ),
    Mutant(
        name="e2 starts a bar late in tradingview",
        file=f"{CORE}/averages/exponential.rs",
        old="t + 2 == 2 * leg.n",
        new="t + 1 == 2 * leg.n",
        test="--lib dema_starts_with_ema_in_lts_and_a_window_later_in_tradingview",
    ),
    Mutant(
        name="any noise counts in tradingview",
        file=f"{CORE}/averages/kama.rs",
        old="const QUIET: f64 = 1e-10;",
        new="const QUIET: f64 = 0.0;",
        test="--lib kama_takes_noise_below_1e_10_for_none_in_tradingview",
    ),
    Mutant(
        name="growth comes a bar late",
        file=f"{CORE}/tile.rs",
        old="growth[self.first + j - terms.cutout]",
        new="growth[self.first + j - terms.cutout - 1]",
        test="--test layers",
    ),
    Mutant(
        name="a saved state does not know its decay",
        file=f"{CORE}/stream/bytes.rs",
        old=".chain([decay, long_threshold, short_threshold])",
        new=".chain([decay * 0.0, long_threshold, short_threshold])",
        test="--test stream a_state_of_other_parameters_is_refused",
    ),
    Mutant(
        name="renewals one bar late in numba",
        file=f"{NUMBA}/sums.py",
        old="t % _RENEWAL_BARS == 0",
        new="t % _RENEWAL_BARS == 1",
        test=f"{PARITY} -k meet_their_averages and lts and numba",
    ),
    Mutant(
        name="who touched the average does not cross up in numba",
        file=f"{NUMBA}/votes.py",
        old="            if sides[i] <= 0:",
        new="            if sides[i] < 0:",
        test=f"{PARITY} -k meet_their_averages and lts and numba",
    ),
    Mutant(
        name="an undirected family has no gain in numba's tradingview",
        file=f"{NUMBA}/votes.py",
        old="growth if tradingview else 1.0)",
        new="1.0)",
        test=f"{PARITY} -k meet_their_averages and tradingview and numba",
    ),
    Mutant(
        name="on grid at 2^53 in the reference and numba",
        file="atc_cli/domain/grid.py",
        old=">= 2**53",
        new="> 2**53",
        test="tests/domain/test_grid.py -k reference",
    ),
    Mutant(
        name="who touched the average does not cross up in the reference",
        file="atc_cli/domain/reference.py",
        old="(before <= 0)",
        new="(before < 0)",
        test=f"{PARITY} -k meet_their_averages and lts and scalar",
    ),
    Mutant(
        name="an undirected family has no gain in the reference's tradingview",
        file="atc_cli/domain/reference.py",
        old="gain if sticky else np.zeros(lines)",
        new="np.zeros(lines)",
        test=f"{PARITY} -k meet_their_averages and tradingview and scalar",
    ),
    Mutant(
        name="renewals one bar late in the reference",
        file="atc_cli/domain/reference_lts.py",
        old="t % _RENEWAL_BARS == 0",
        new="t % _RENEWAL_BARS == 1",
        test=f"{PARITY} -k meet_their_averages and lts and scalar",
    ),
    Mutant(
        name="growth forgets what its exponent lost",
        file="atc_cli/domain/exact_exp.py",
        old=" - product * _lost(one_step, j, exponent)",
        new="",
        test="tests/domain/test_growth.py",
    ),
    Mutant(
        name="pow keeps all bits of an exponent",
        file="atc_cli/domain/published_pow.py",
        old="    t = _high(low + high)",
        new="    t = low + high",
        test="tests/domain/test_growth.py",
    ),
    Mutant(
        name="a saved state does not know its lambda",
        file="atc_cli/engine/rust.py",
        old="saved[-_IDENTITY_BYTES:] != _identity(params)",
        new="len(saved) < _IDENTITY_BYTES",
        test="tests/engine/test_rust.py -k saved_state",
    ),
    Mutant(
        name="prices up to 1e300",
        file="atc_cli/domain/panel.py",
        old="highest > PRICE_MAX",
        new="highest > 1e300",
        test="tests/domain/test_panel.py",
    ),
    Mutant(
        name="-0.0 has a hash of its own",
        file="atc_cli/domain/params.py",
        old="getattr(self, name) + 0.0",
        new="getattr(self, name)",
        test="tests/domain/test_params.py",
    ),
)
