import pytest

from atc_cli.reporting.text import hidden, printable, safe_filename, sparkline
from tests.helpers.reported import BIDI, CHINESE, ESCAPE, HOSTILE, LONGEST, MARKUP


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("BTC/USDT:USDT", "BTC/USDT:USDT"),
        (CHINESE, CHINESE),
        (ESCAPE, r"\x1b[31mEVIL[/]"),
        (MARKUP, MARKUP),
        (BIDI, r"A\u202eB\u200b\x0aC"),
        ("\x9b31m\x7f\t\r", r"\x9b31m\x7f\x09\x0d"),
        ("a\u00a0b\u3000c\u2028d", r"a\xa0b\u3000c\u2028d"),
        ("\u2066\ufeff\u3164\ufe0f\u2800", r"\u2066\ufeff\u3164\ufe0f\u2800"),
        ("\U000e0041\udc80", r"\U000e0041\udc80"),
        ("", ""),
    ],
)
def test_whatever_a_terminal_would_obey_or_hide_is_shown_as_an_escape(given, shown):
    assert printable(given) == shown


def test_a_printable_text_stays_printable():
    for name in HOSTILE:
        assert not any(hidden(char) for char in printable(name))
        assert printable(printable(name)) == printable(name)


def test_a_plain_symbol_is_its_own_file_name():
    assert safe_filename("BTCUSDT") == "BTCUSDT"
    assert safe_filename("BTC_USDT_USDT") == "BTC_USDT_USDT"


def test_a_symbol_with_other_characters_stays_readable_and_gets_a_hash():
    assert safe_filename("BTC/USDT:USDT").startswith("BTC_USDT_USDT-")
    assert safe_filename("").startswith("symbol-")


@pytest.mark.parametrize("symbol", [*HOSTILE, "..", ".", "/", ".hidden", "a\x00b", "X" * 500, CHINESE, LONGEST, "-rf"])
def test_no_file_name_leaves_its_folder_or_grows_long(symbol):
    name = safe_filename(symbol)
    assert name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    assert not name.startswith("-")
    assert 0 < len(name) <= 75


def test_distinct_symbols_have_distinct_file_names_even_where_case_is_ignored():
    symbols = [
        "BTC/USDT",
        "BTC_USDT",
        "BTC:USDT",
        "BTC-USDT",
        "btc_usdt",
        "BTCUSDT",
        "btcusdt",
        "BTC//USDT",
        "_BTC_USDT",
    ]
    symbols += [safe_filename("BTC/USDT"), "X" * 100, "X" * 101, *HOSTILE]
    assert len({safe_filename(each).casefold() for each in symbols}) == len(symbols)


def test_a_sparkline_spans_its_lowest_and_highest_close():
    assert sparkline([1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇"
    assert sparkline([1e-8, 2e-8, 1e-8]) == "▁▇▁"


def test_a_sparkline_shows_the_last_forty_closes_and_halves_them_where_there_is_less_room():
    closes = [100.0, *range(40)]
    assert len(sparkline(closes)) == 40
    assert sparkline(closes)[0] == "▁"
    assert len(sparkline(closes, 20)) == 20
    assert sparkline(closes, 20)[-1] == "▇"
    assert sparkline([1, 2, 3, 4, 5], 3) == "▁▄▇"


def test_flat_and_missing_closes_have_a_sparkline_too():
    assert sparkline([5.0] * 3) == "▄▄▄"
    assert sparkline([]) == ""
