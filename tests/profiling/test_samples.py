"""Raw samples become readable names, a graph as wide as its samples, and the frames that are widest."""

import json
import xml.etree.ElementTree as ET

import pytest

from atc_cli.domain.results.profile import Frame, Samples
from atc_cli.profiling.samples import below, cleaned, parsed, unnamed_frac, widest
from atc_cli.reporting.flame import flame_svg, speedscope_json

LIBRARY = " (atc_cli/_kernels.abi3.so)"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("atc_core::vote::walk::h0123456789abcdef" + LIBRARY, "atc_core::vote::walk" + LIBRARY),
        ("rayon..iter..plumbing..Folder", "rayon::iter::plumbing::Folder"),
        ("core::ops::function::FnOnce::call_once$u7b$$u7b$vtable.shim$u7d$$u7d$::h00112233aabbccdd",
         "core::ops::function::FnOnce::call_once{{vtable.shim}}"),
        ("_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$core..ops..Drop$GT$::drop::h0011223344556677" + LIBRARY,
         "<alloc::vec::Vec<T> as core::ops::Drop>::drop" + LIBRARY),
        ("_RNvNtNtNtCsjrHSEGnQ3l9_3std3sys6random5linux19hashmap_random_keys" + LIBRARY,
         "std::sys::random::linux::hashmap_random_keys" + LIBRARY),
        ("_log_price (atc_cli/data/demo.py:179)", "_log_price (atc_cli/data/demo.py:179)"),
        ("read (libc.so.6)", "read (libc.so.6)"),
        ("_find (../lib/x.py:3)", "_find (../lib/x.py:3)"),
    ],
)  # fmt: skip
def test_a_name_is_as_its_author_wrote_it(raw: str, name: str) -> None:
    assert cleaned(raw) == name


RAW = """main (a.py:1);fetch (a.py:5);parse (b.py:7) 3
main (a.py:1);fetch (a.py:5);parse (b.py:9) 2
main (a.py:1);compute::h0123456789abcdef (k.so) 4
main (a.py:1);compute (k.so) 1

not a stack
0x7f00 (libc.so.6) 2
"""
SAMPLES = parsed(RAW)


def test_raw_lines_become_stacks_and_equal_ones_become_one() -> None:
    assert dict(SAMPLES.stacks) == {
        ("main (a.py:1)", "fetch (a.py:5)", "parse (b.py:7)"): 3,
        ("main (a.py:1)", "fetch (a.py:5)", "parse (b.py:9)"): 2,
        ("main (a.py:1)", "compute (k.so)"): 5,
        ("0x7f00 (libc.so.6)",): 2,
    }
    assert SAMPLES.total == 12
    assert unnamed_frac(SAMPLES) == 2 / 12


def test_the_widest_frames_are_those_at_work_whatever_their_line() -> None:
    assert widest(SAMPLES, 2) == [Frame("parse (b.py)", 5 / 12, 5 / 12), Frame("compute (k.so)", 5 / 12, 5 / 12)]
    (nested,) = widest(Samples(((("f (a.py:1)", "f (a.py:2)"), 1),)))
    assert nested.within_frac == 1


def test_what_is_not_below_a_frame_is_left_out_but_for_other_threads() -> None:
    stacks = (
        (("_run_module_as_main (runpy:1)", "main", "again (child.py:3)", "scan", "check"), 5),
        (("_run_module_as_main (runpy:1)", "main", "first", "scan"), 7),
        (("0x7f00 (libc.so.6)", "main"), 1),
        (("_bootstrap (threading.py:1)", "fetch"), 2),
    )
    assert dict(below(Samples(stacks), "again (child.py").stacks) == {
        ("scan", "check"): 5,
        ("_bootstrap (threading.py:1)", "fetch"): 2,
    }


def boxes(svg: str) -> dict[str, tuple[float, float, float]]:
    """Left, width and height from the top of each box by what its title says."""
    namespace = {"s": "http://www.w3.org/2000/svg"}
    found = {}
    for group in ET.fromstring(svg).findall("s:g", namespace):
        box, title = group.find("s:rect", namespace), group.find("s:title", namespace)
        found[title.text] = tuple(float(box.get(key)) for key in ("x", "width", "y"))
    return found


def test_the_graph_is_as_wide_as_the_samples_and_what_is_called_stands_on_its_caller() -> None:
    found = boxes(flame_svg(SAMPLES, "a & b <c>", "5 s"))
    left, width, y = found["main (a.py:1): 10 samples, 83.3%"]
    assert width == pytest.approx(1200 * 10 / 12, abs=0.01)
    fetch = found["fetch (a.py:5): 5 samples, 41.7%"]
    assert fetch[:2] == pytest.approx((left, 500), abs=0.1)
    assert fetch[2] < y
    assert found["compute (k.so): 5 samples, 41.7%"][0] == pytest.approx(left + 500, abs=0.1)
    assert len(found) == 7


def test_names_from_outside_cannot_leave_their_place_in_the_graph() -> None:
    evil = '</title><script>alert("x")</script>\x1b[31m'
    svg = flame_svg(Samples((((evil,), 1),)), evil, evil)
    assert "<script" not in svg
    assert "\x1b" not in svg
    assert len(boxes(svg)) == 2


def test_speedscope_is_given_every_stack_with_its_weight() -> None:
    document = json.loads(speedscope_json(SAMPLES, "scan"))
    names = [each["name"] for each in document["shared"]["frames"]]
    (profile,) = document["profiles"]
    stacks = [tuple(names[number] for number in stack) for stack in profile["samples"]]
    assert dict(zip(stacks, profile["weights"], strict=True)) == dict(SAMPLES.stacks)
    assert profile["endValue"] == sum(profile["weights"]) == 12
