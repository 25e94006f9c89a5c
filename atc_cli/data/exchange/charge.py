"""What an exchange grants an address, what a request costs of it, and the pages of candles that it sends. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from atc_cli.domain.timeframe import TIMEFRAMES_MS

_UNSAID_LIMIT_BARS = 500


class Limit(NamedTuple):
    """So much weight in any window of so many ms."""

    weight: int
    window_ms: int


class Charge(NamedTuple):
    """What one request costs: its weight, of which account, and the limit of that account."""

    account: str
    weight: int
    limit: Limit


class Headers(NamedTuple):
    """Names, in small letters, of what an answer tells of its window; "" for what it does not tell."""

    used: str = ""
    limit: str = ""
    left: str = ""
    wait_ms: str = ""  # until the window ends


_SILENT = Headers()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """The limit, weights and pages of one market of an exchange.

    `api` are ccxt's keys of its URL. `limit` counts until the exchange tells another, for the address as a whole, or
    with `by_endpoint` for each endpoint alone. `costs` is the weight of requests whose path has such a part, `cost` of
    the others. `candles` is the part of those for candles, `pages` holds their (largest limit, weight), the last one
    without a bound; `page_bars` is what a bar costs least with. `newest_bars`: no answer ever holds more than these,
    whatever is asked. `closed_fill_page`: a window of just a page of closed candles is asked for without the forming
    one, unless that is wanted. `page_bars_of` has smaller pages of some timeframes; what opened before `recent_days` of
    its timeframe comes in pages of `old_page_bars`. `document` says where the figures are from, `dated` when.
    """

    api: tuple[str, ...]
    limit: Limit
    candles: str
    pages: Sequence[tuple[int, int]]
    page_bars: int
    document: str
    dated: str
    by_endpoint: bool = False
    cost: int = 1
    costs: Mapping[str, int] = field(default_factory=dict)
    headers: Headers = _SILENT
    newest_bars: int = 0
    closed_fill_page: bool = False
    page_bars_of: Mapping[str, int] = field(default_factory=dict)
    recent_days: Mapping[str, int] = field(default_factory=dict)
    old_page_bars: int = 0

    def page_of(self, timeframe: str) -> int:
        """How many candles to ask for at once."""
        return self.page_bars_of.get(timeframe, self.page_bars)

    def page_weight(self, bars: int) -> int:
        """Weight of a request for so many candles."""
        return next((weight for most, weight in self.pages if bars <= most), self.pages[-1][1])

    def charge(self, url: str, body: str | None = None) -> Charge:
        """What a request costs."""
        what = urlsplit(url).path
        asked = json.loads(body) if body else {}
        if "type" in asked:
            what = f"{what}/{asked['type']}"
        part = next((each for each in (self.candles, *self.costs) if f"/{each}" in what), None)
        if part == self.candles:
            weight = self.page_weight(_asked_bars(url, asked))
        else:
            weight = self.cost if part is None else self.costs[part]
        return Charge((part or what) if self.by_endpoint else "", weight, self.limit)

    def used(self, headers: Mapping[str, str]) -> tuple[int | None, int | None]:
        """The weight that an answer says is used of its window, and what it says is granted."""
        limit, left = _number(headers, self.headers.limit), _number(headers, self.headers.left)
        used = _number(headers, self.headers.used)
        if used is None and limit is not None and left is not None:
            used = limit - left
        return used, limit

    def wait_s(self, headers: Mapping[str, str]) -> float | None:
        """How long an answer says that its window still lasts."""
        wait_ms = _number(headers, self.headers.wait_ms)
        return None if wait_ms is None else wait_ms / 1000


def _asked_bars(url: str, body: Mapping[str, Mapping[str, object]]) -> int:
    """How many candles a request is for."""
    if asked := body.get("req"):
        step_ms = TIMEFRAMES_MS[str(asked["interval"])]
        return (int(str(asked["endTime"])) - int(str(asked["startTime"]))) // step_ms + 1
    return int(parse_qs(urlsplit(url).query).get("limit", [str(_UNSAID_LIMIT_BARS)])[0])


def _number(headers: Mapping[str, str], name: str) -> int | None:
    value = next((value for key, value in headers.items() if key.lower() == name), "") if name else ""
    return int(value) if value.isdecimal() and len(value) < 16 else None
