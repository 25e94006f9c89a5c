"""The picture, where matplotlib is installed (extra `plot`)."""

import re
import struct
import subprocess
import sys
import zlib
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from atc_cli.reporting.backtest_plot import PLOT_FORMATS, backtest_plot
from tests.conftest import ROOT
from tests.helpers.backtests import backtest, hostile, without_trades

RESULT = backtest(bars=600, trades_each=5)


def test_matplotlib_is_loaded_by_a_picture_only():
    code = "import sys, atc_cli.reporting.backtest_plot; print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True).stdout == b"False\n"


@pytest.fixture(autouse=True, scope="module")
def installed() -> None:
    pytest.importorskip("matplotlib")


def pixels(png: bytes) -> tuple[int, int, int]:
    """(width, height, how many different rows of bytes) of a PNG, read by its specification."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed, size = 8, b"", (0, 0)
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
        packed += body if kind == b"IDAT" else b""
        at += 12 + length
    raw = zlib.decompress(packed)
    stride = len(raw) // size[1]
    return *size, len({raw[row : row + stride] for row in range(0, len(raw), stride)})


def test_a_png_is_a_picture_with_something_in_it():
    width, height, rows = pixels(backtest_plot(RESULT, "png"))
    assert (width, height) == (1800, 1050)
    assert rows > 300


def test_an_svg_stands_alone_and_is_the_same_each_time():
    first = backtest_plot(RESULT, "svg")
    assert first == backtest_plot(RESULT, "svg")
    tree = ElementTree.fromstring(first)
    linked = {value for each in tree.iter() for name, value in each.attrib.items() if name.endswith("href")}
    assert all(each.startswith("#") for each in linked)
    assert not re.search(rb"<script|@import|url\(http", first)


def one_bar():
    account = replace(without_trades().account, **{
        name: getattr(RESULT.account, name)[:1] for name in ("equity", "cash", "gross", "net", "held", "turnover")
    })  # fmt: skip
    return replace(RESULT, account=account, benchmark=RESULT.benchmark[:1], axis_ms=RESULT.axis_ms[:1])


def ruined():
    equity = np.linspace(10_000, -50, len(RESULT.axis_ms))
    return replace(RESULT, account=replace(RESULT.account, equity=equity, ruined_at=590))


@pytest.mark.parametrize(
    "result", [without_trades(), hostile(), one_bar(), ruined()], ids=["none", "odd", "one", "ruin"]
)
def test_odd_results_are_pictures_and_nothing_is_said_about_them(result, recwarn):
    assert backtest_plot(result, PLOT_FORMATS[1]).startswith(b"<?xml")
    assert [str(each.message) for each in recwarn] == []


def test_a_curve_that_grows_many_times_over_is_drawn_on_a_logarithmic_scale():
    grown = replace(RESULT, account=replace(RESULT.account, equity=np.geomspace(1e4, 1e6, len(RESULT.axis_ms))))
    assert b"<!-- logarithmic -->" in backtest_plot(grown, "svg")
    assert b"<!-- logarithmic -->" not in backtest_plot(RESULT, "svg")


def test_a_dollar_in_a_name_is_no_formula():
    dollars = replace(RESULT, header=replace(RESULT.header, exchange="a$b^{c}$d"))
    assert b"<!-- a$b^{c}$d" in backtest_plot(dollars, "svg")
