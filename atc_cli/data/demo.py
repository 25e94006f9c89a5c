"""A simulated market: symbols that need no network and that nobody takes for real coins."""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atc_cli.data.market import Delivery, Listing, Market
from atc_cli.domain.panel import Floats, Ints, RawCandles
from atc_cli.domain.timeframe import DAY_MS, HOUR_MS, MINUTE_MS, newest_closed_open_ms
from atc_cli.domain.window import Window

EXCHANGE = "demo"
SYMBOLS = 120
_QUOTE = "USDT"

_OCTAVES = 20  # noise from 1 minute up to 2^19 minutes, a year: far beyond it prices come back
_FAST_OCTAVES = 11  # those below a day, whose size follows the regime
_SPACING_MS = MINUTE_MS << np.arange(_OCTAVES, dtype=np.int64)
_HOURLY_NOISE = 16.0  # standard deviation over an hour of the noise at unit volatility
_TREND = 2.0  # a regime's slope against the noise of its own length

_NEWBORN_HOURS = {23: 2, 61: 5, 98: 9}

_GOLDEN = 0x9E3779B97F4A7C15
_NOISE_LANE, _LEVEL_LANE, _TRAIT_LANE, _WICK_LANE = 0, 64, 96, 128


@dataclass(frozen=True, slots=True, kw_only=True)
class _Coin:
    """What stays the same of one symbol.

    `volatility` scales the log price; `spacing_ms`, `phase_ms`, `keys` have one entry per noise octave,
    then one per regime cycle; `turnover` is quote currency per minute.
    """

    symbol: str
    key: int
    log_price: float
    decimals: int
    volatility: float
    turnover: float
    age_ms: int
    keys: NDArray[np.uint64]
    spacing_ms: Ints
    phase_ms: Ints


class DemoMarket(Market):
    """Simulated market of `symbols` symbols, a function of seed and bar time only.

    log price(t) = volatility * (sum over octaves k of sqrt(2^k) * noise_k(t) + regimes(t)), noise_k linear
    between hashed values 2^k minutes apart, regimes linear between hashed levels some days apart (rising:
    bull, falling: bear, level: range). All terms are bounded, so prices return. A candle depends on
    (seed, symbol, timeframe, open time); only how far a symbol reaches back follows the clock, and the
    forming bar how far it has come. `clock` gives UTC ms.
    """

    name = EXCHANGE
    title = EXCHANGE
    kind = "swap"
    simulated = True
    live = True

    def __init__(self, seed: int, clock: Callable[[], int], symbols: int = SYMBOLS) -> None:
        self._coins = {coin.symbol: coin for coin in (_coin(seed, i) for i in range(1, symbols + 1))}
        self._clock = clock

    def listings(self, *, quote: str | None, tickers: bool) -> list[Listing]:
        """All symbols by name, or none where `quote` is another; day figures from the last 24 hours."""
        if quote is not None and quote.upper() != _QUOTE:
            return []
        now_ms = self.now_ms()
        return [_listing(coin, now_ms if tickers else None) for coin in self._coins.values()]

    def now_ms(self) -> int:
        """The clock given, UTC ms."""
        return self._clock()

    def fetch(self, listings: Sequence[Listing], window: Window, deliver: Delivery) -> None:
        """Deliver symbol after symbol: the candles of the window and the forming one."""
        for listing in listings:
            deliver(_candles(self._coins[listing.symbol], window))

    def close(self) -> None:
        """Nothing is held open."""


def _coin(seed: int, number: int) -> _Coin:
    symbol = f"SIM{number:03d}/{_QUOTE}:{_QUOTE}"
    key = int.from_bytes(hashlib.blake2b(f"{seed}:{symbol}".encode(), digest_size=8).digest(), "little")
    traits = _unit(_lanes(key, _TRAIT_LANE, 1), np.arange(8))[0]
    scale = -6 + 11 * (number * 73 % SYMBOLS + traits[0]) / SYMBOLS
    cycles_ms = np.array([(1 + 2 * traits[1]) * DAY_MS, (15 + 30 * traits[2]) * DAY_MS], dtype=np.int64)
    spacing_ms = np.concatenate((_SPACING_MS, cycles_ms))
    keys = np.concatenate((_lanes(key, _NOISE_LANE, _OCTAVES), _lanes(key, _LEVEL_LANE, 2)))
    phase_ms = (_unit(keys, np.full(1, 2**62))[:, 0] * spacing_ms).astype(np.int64)
    return _Coin(
        symbol=symbol,
        key=key,
        log_price=scale * math.log(10),
        decimals=max(0, 4 - math.floor(scale)),
        volatility=0.0035 * 6 ** float(traits[3]) / _HOURLY_NOISE,
        turnover=10 ** (2.5 + 3 * float(traits[4])),
        age_ms=_age_ms(number, float(traits[5])),
        keys=keys[:, None],
        spacing_ms=spacing_ms[:, None],
        phase_ms=phase_ms[:, None],
    )


def _age_ms(number: int, chance: float) -> int:
    """Three newborn symbols, a dozen of a few days to two months, the others of years."""
    if number in _NEWBORN_HOURS:
        return _NEWBORN_HOURS[number] * HOUR_MS
    days = 3 + 57 * chance if number % 10 == 7 else 400 + 3000 * chance
    return int(days) * DAY_MS


def _listing(coin: _Coin, now_ms: int | None) -> Listing:
    native = coin.symbol.partition(":")[0].replace("/", "")
    if now_ms is None:
        return Listing(exchange=EXCHANGE, symbol=coin.symbol, native=native, quote=_QUOTE)
    hours = _candles(coin, Window(timeframe="1h", now_ms=now_ms, bars=24)).values
    return Listing(
        exchange=EXCHANGE,
        symbol=coin.symbol,
        native=native,
        quote=_QUOTE,
        change_24h_frac=float(hours[-1, 3] / hours[0, 0] - 1),
        quote_volume=float((hours[:, 3] * hours[:, 4]).sum()),
    )


def _candles(coin: _Coin, window: Window) -> RawCandles:
    opens_ms = _open_times_ms(coin, window)
    ends_ms = np.minimum(opens_ms + window.step_ms, window.now_ms)
    return RawCandles(
        exchange=EXCHANGE,
        symbol=coin.symbol,
        timeframe=window.timeframe,
        timestamp=opens_ms.astype(np.float64),
        values=_values(coin, window.step_ms, opens_ms, ends_ms),
    )


def _open_times_ms(coin: _Coin, window: Window) -> Ints:
    """Opens of the bars that exist, the forming one last, shape [<= bars + 1]."""
    forming_ms = newest_closed_open_ms(window.now_ms, window.timeframe) + window.step_ms
    wanted = (forming_ms - (window.since_ms or 0)) // window.step_ms if window.bars is None else window.bars
    closed = min(wanted, coin.age_ms // window.step_ms)
    opens_ms = forming_ms - window.step_ms * np.arange(closed, -1, -1, dtype=np.int64)
    return opens_ms[(opens_ms > 0) & (opens_ms < (window.until_ms or forming_ms + 1))]


def _values(coin: _Coin, step_ms: int, opens_ms: Ints, ends_ms: Ints) -> Floats:
    """Open, high, low, close on the tick grid and volume, shape [bars, 5].

    high and low reach beyond open and close by hashed wicks; volume grows with the bar's range.
    """
    step_minutes = step_ms // MINUTE_MS
    log_price = _log_price(coin, np.concatenate((opens_ms, ends_ms)))
    opened, close = log_price[: len(opens_ms)], log_price[len(opens_ms) :]
    chance = _unit(_lanes(coin.key, _WICK_LANE + 4 * step_minutes, 3), opens_ms)
    progress = (ends_ms - opens_ms) / step_ms
    usual = coin.volatility * _HOURLY_NOISE * np.sqrt(step_minutes / 60)
    wicks = -0.35 * usual * np.sqrt(progress) * np.log1p(-chance[:2])
    high, low = np.maximum(opened, close) + wicks[0], np.minimum(opened, close) - wicks[1]
    prices = _on_ticks(np.exp(np.column_stack((opened, high, low, close))), coin.decimals)
    busy = np.exp(0.8 * _normal(chance[2])) * (0.5 + (high - low) / usual)
    volume = coin.turnover * step_minutes * progress * busy / prices[:, 3]
    lot_decimals = max(0, 3 - coin.decimals)
    return np.column_stack((prices, np.rint(volume * 10**lot_decimals) / 10**lot_decimals))


def _log_price(coin: _Coin, time_ms: Ints) -> Floats:
    """Natural logarithm of the price, shape of `time_ms`; moves faster while the slow regime is low."""
    place, into_ms = np.divmod(time_ms + coin.phase_ms, coin.spacing_ms)
    share = into_ms / coin.spacing_ms
    before, after = _levels(_unit(coin.keys, place)), _levels(_unit(coin.keys, place + 1))
    waves = before + (after - before) * share
    waves *= np.sqrt(coin.spacing_ms / MINUTE_MS)
    fast, slow, regimes = waves[:_FAST_OCTAVES], waves[_FAST_OCTAVES:_OCTAVES], waves[_OCTAVES:]
    unrest = 1 - 0.4 * regimes[1] / np.sqrt(coin.spacing_ms[-1] / MINUTE_MS)
    moves: Floats = unrest * fast.sum(axis=0) + slow.sum(axis=0) + _TREND * regimes.sum(axis=0)
    return coin.log_price + coin.volatility * moves


def _levels(chance: Floats) -> Floats:
    """Noise of unit variance, shape [octaves, times]; the regimes' rows are -1, 0 or 1."""
    levels = (chance - 0.5) * math.sqrt(12)
    levels[_OCTAVES:] = np.floor(3 * chance[_OCTAVES:]) - 1
    return levels


def _on_ticks(price: Floats, decimals: int) -> Floats:
    """The nearest tick, at least one: an integer over a power of ten is a decimal correctly rounded."""
    ticks: Floats = np.maximum(np.rint(price * 10.0**decimals), 1)
    return ticks / 10.0**decimals


def _normal(chance: Floats) -> Floats:
    """About standard normal from uniform: the logistic curve, which numpy can do."""
    inside = np.clip(chance, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(inside / (1 - inside)) * (math.sqrt(3) / math.pi))


def _lanes(key: int, first: int, count: int) -> NDArray[np.uint64]:
    """Independent hash keys number first..first+count-1 of `key`."""
    return _mixed(np.uint64(key) ^ np.arange(first, first + count, dtype=np.uint64))


def _unit(keys: NDArray[np.uint64], place: Ints) -> Floats:
    """Uniform in [0, 1) of every key at every place, shape of keys[:, None] against places."""
    lanes = keys if keys.ndim == 2 else keys[:, None]
    bits = _mixed(lanes + place.astype(np.uint64) * np.uint64(_GOLDEN))
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64 (Steele, Lea and Flood 2014)."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
