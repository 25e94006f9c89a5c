"""Names that people type, filters, watchlists."""

import pytest

from atc_cli.data.market import FILES, Listing
from atc_cli.data.universe import Filters, choose, parse_watchlist
from atc_cli.domain.results.scan import SkipReason
from atc_cli.errors import NoDataError, UsageError


def listing(symbol: str, native: str | None = None, exchange: str = "binance", volume: float | None = None) -> Listing:
    return Listing(exchange=exchange, symbol=symbol, native=native or symbol, quote_volume=volume)


SWAPS = [
    listing("BTC/USDT:USDT", "BTCUSDT", volume=9e9),
    listing("ETH/USDT:USDT", "ETHUSDT", volume=5e9),
    listing("1000PEPE/USDT:USDT", "1000PEPEUSDT", volume=1e6),
]


def names(universe) -> list[str]:
    return [each.symbol for each in universe.listings]


@pytest.mark.parametrize(
    "typed",
    [
        "BTC/USDT:USDT", "BTC/USDT", "BTCUSDT", "btcusdt", "BTC_USDT", "BTC-USDT", "BTC", "BTCUSDT.P",
        "BINANCE:BTCUSDT.P", "BINANCE:BTCUSDT", "binance:BTC_USDT",
    ],
)  # fmt: skip
def test_every_usual_spelling_of_a_symbol_is_understood(typed: str) -> None:
    assert names(choose(SWAPS, Filters(), typed=[typed])) == ["BTC/USDT:USDT"]


def test_an_exchange_prefix_keeps_other_exchanges_out() -> None:
    both = [*SWAPS, listing("BTC/USDT:USDT", "BTCUSDT", exchange="bybit")]
    assert [each.exchange for each in choose(both, Filters(), typed=["BTCUSDT"]).listings] == ["binance", "bybit"]
    assert [each.exchange for each in choose(both, Filters(), typed=["BYBIT:BTCUSDT.P"]).listings] == ["bybit"]


def test_files_carry_no_exchange_and_accept_any_prefix() -> None:
    universe = choose([listing("BTCUSDT", exchange=FILES)], Filters(), typed=["BINANCE:BTCUSDT.P"])
    assert names(universe) == ["BTCUSDT"]


def test_a_base_alone_is_refused_where_two_symbols_share_it() -> None:
    two_quotes = [listing("BTC/USDT:USDT", "BTCUSDT"), listing("BTC/USDC:USDC", "BTCUSDC")]
    with pytest.raises(UsageError, match="unknown symbol 'BTC'"):
        choose(two_quotes, Filters(), typed=["BTC"])


def test_a_mistyped_symbol_gets_the_nearest_one() -> None:
    with pytest.raises(UsageError, match="BTCUSTD") as error:
        choose(SWAPS, Filters(), typed=["BTCUSTD"])
    assert "'BTC/USDT:USDT'" in str(error.value.hint)


def test_a_symbol_typed_twice_is_scanned_once_in_the_order_typed() -> None:
    assert names(choose(SWAPS, Filters(), typed=["ETH", "BTC", "ETHUSDT"])) == ["ETH/USDT:USDT", "BTC/USDT:USDT"]


def test_a_delisted_symbol_of_a_watchlist_is_skipped_by_name_and_the_rest_is_scanned() -> None:
    universe = choose(SWAPS, Filters(), watched=["BTCUSDT", "LUNAUSDT"])
    assert names(universe) == ["BTC/USDT:USDT"]
    assert [(each.symbol, each.reason) for each in universe.missing] == [("LUNAUSDT", SkipReason.UNKNOWN_SYMBOL)]


def test_a_watchlist_of_unknown_symbols_only_is_no_data() -> None:
    with pytest.raises(NoDataError, match="none of the 2 symbols of the watchlist exists"):
        choose(SWAPS, Filters(), watched=["AAA", "BBB"])


def test_an_empty_watchlist_is_no_data_and_not_the_whole_market() -> None:
    with pytest.raises(NoDataError, match="watchlist is empty"):
        choose(SWAPS, Filters(), watched=[])


def test_deny_takes_out_what_matches_regardless_of_case_and_is_counted() -> None:
    universe = choose(SWAPS, Filters(deny="^1000|eth"))
    assert names(universe) == ["BTC/USDT:USDT"]
    assert universe.hidden == {"--deny": 2}


def test_min_volume_uses_tickers_where_there_are_any_and_waits_for_candles_elsewhere() -> None:
    market = [*SWAPS, listing("NEW/USDT:USDT")]
    universe = choose(market, Filters(min_volume=1e8))
    assert names(universe) == ["BTC/USDT:USDT", "ETH/USDT:USDT", "NEW/USDT:USDT"]
    assert universe.hidden == {"--min-volume": 1}


SPOT = [
    listing(f"{base}/USDT", f"{base}USDT")
    for base in ("BTC", "ETH", "SYRUP", "JUP", "USDC", "FDUSD", "BTCUP", "BTCDOWN", "ETH3L", "ETH3S", "BULL", "SUPER")
]


def test_stablecoins_and_leveraged_tokens_are_left_out_and_counted() -> None:
    universe = choose(SPOT, Filters())
    assert [each.native.removesuffix("USDT") for each in universe.listings] == [
        *("BTC", "ETH", "SYRUP", "JUP", "BULL", "SUPER"),
    ]
    assert universe.hidden == {"stablecoins": 2, "leveraged tokens": 4}


@pytest.mark.parametrize(
    ("filters", "hidden"),
    [
        (Filters(stable=True), {"leveraged tokens": 4}),
        (Filters(leveraged=True), {"stablecoins": 2}),
        (Filters(stable=True, leveraged=True), {}),
    ],
)
def test_each_kind_can_be_kept(filters: Filters, hidden: dict[str, int]) -> None:
    universe = choose(SPOT, filters)
    assert universe.hidden == hidden
    assert len(universe.listings) == len(SPOT) - sum(hidden.values())


def test_what_is_named_is_scanned_whatever_it_is() -> None:
    assert names(choose(SPOT, Filters(), typed=["USDCUSDT"])) == ["USDC/USDT"]
    assert names(choose(SPOT, Filters(), watched=["BTCUPUSDT", "BTCUSDT"])) == ["BTCUP/USDT", "BTC/USDT"]


def test_a_perpetual_whose_name_ends_like_a_lever_is_none() -> None:
    swaps = [listing("BTC/USDT:USDT", "BTCUSDT"), listing("BTCUP/USDT:USDT", "BTCUPUSDT")]
    assert names(choose(swaps, Filters())) == ["BTC/USDT:USDT", "BTCUP/USDT:USDT"]


def test_allow_keeps_only_what_matches_and_deny_comes_first() -> None:
    universe = choose(SWAPS, Filters(allow="btc|pepe", deny="^1000"))
    assert names(universe) == ["BTC/USDT:USDT"]
    assert universe.hidden == {"--deny": 1, "--allow": 1}


def test_a_symbol_listed_after_the_date_is_too_young_and_one_without_a_date_is_kept() -> None:
    ages = {"OLD": 100, "EDGE": 200, "YOUNG": 201, "UNKNOWN": None}
    market = [Listing(exchange="x", symbol=f"{base}/USDT", native=base, born_ms=born) for base, born in ages.items()]
    universe = choose(market, Filters(born_by_ms=200))
    assert names(universe) == ["OLD/USDT", "EDGE/USDT", "UNKNOWN/USDT"]
    assert universe.hidden == {"--min-age": 1}


def test_filters_that_leave_nothing_say_which_one_did() -> None:
    universe = choose(SWAPS, Filters(deny="."))
    assert (universe.listings, universe.hidden) == ((), {"--deny": 3})


def test_a_market_without_symbols_is_no_data() -> None:
    with pytest.raises(NoDataError, match="no symbol"):
        choose([], Filters())


def test_a_watchlist_may_hold_comments_sections_blank_lines_commas_and_repeats() -> None:
    lines = ["###MAJORS,BINANCE:BTCUSDT.P,BINANCE:ETHUSDT.P", "", "  BTCUSDT  # the one", "# note", "XRPUSDT,BTCUSDT"]
    assert parse_watchlist(lines) == ["BINANCE:BTCUSDT.P", "BINANCE:ETHUSDT.P", "BTCUSDT", "XRPUSDT"]


def test_a_perpetual_is_not_answered_with_a_spot_pair() -> None:
    with pytest.raises(UsageError, match="unknown symbol"):
        choose([listing("BTC/USDT", "BTCUSDT")], Filters(), typed=["BINANCE:BTCUSDT.P"])


def test_an_exact_name_wins_over_another_spelling_of_it() -> None:
    two_files = [listing("BTC-USDT", exchange=FILES), listing("BTCUSDT", exchange=FILES)]
    assert names(choose(two_files, Filters(), typed=["BTCUSDT"])) == ["BTCUSDT"]
    assert names(choose(two_files, Filters(), typed=["BTC-USDT"])) == ["BTC-USDT"]


def test_deny_matches_the_exchanges_own_names_too() -> None:
    assert names(choose(SWAPS, Filters(deny="^ETHUSDT$"))) == ["BTC/USDT:USDT", "1000PEPE/USDT:USDT"]
