"""A small exchange on 127.0.0.1: its clock, its faults, its books; what it answers is told by who builds on it."""

import json
import socket
import struct
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time_ns
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.loopback.faults import Fault, rate_limited
from tests.loopback.limits import Limits
from tests.loopback.symbols import Symbol


class WrongRequestError(Exception):
    """A request that the exchange answers with an error: status and document."""

    def __init__(self, status: int, document: object) -> None:
        super().__init__(document)
        self.status = status
        self.document = document


@dataclass(frozen=True)
class Answered:
    """One request: market kind (spot, swap, or "" for a stray one), name such as klines, query, what came of it."""

    kind: str
    name: str
    query: Mapping[str, str]
    status: int
    weight: int
    refused: bool = False  # for the rate of requests


@dataclass(frozen=True)
class _Planned:
    fault: Fault
    path: str
    symbol: str | None
    nth: tuple[int, ...] | None

    def meets(self, name: str, symbol: str | None) -> bool:
        return self.path == name and self.symbol in (None, symbol)


class LoopbackServer(ABC):
    """An exchange whose symbols, candles and clock are given; every kind of market lists the same symbols.

    `now_ms` is the exchange's clock, settable at any time; None follows the wall clock. A given clock stands
    still but for `latency_ms` at every request. The Date of an answer follows it; `headers` can change that, with ""
    leave it out. `answered` is every request in order; `weight` what they cost;
    `limits` what the exchange makes of it. Start and stop it with `with`.
    """

    symbol_key = "symbol"  # what a query calls the symbol that it is about

    def __init__(
        self,
        symbols: Sequence[Symbol],
        *,
        now_ms: int | None = None,
        port: int = 0,
        limits: Limits | None = None,
        latency_ms: int = 0,
    ) -> None:
        self.limits = limits or Limits()
        self._latency_ms = latency_ms
        self.symbols = {each.id: each for each in symbols}
        self.answered: list[Answered] = []
        self._fixed_now_ms = now_ms
        self._plans: list[_Planned] = []
        self._met: Counter[int] = Counter()
        self._lock = threading.Lock()
        self.closing = threading.Event()
        self._http = _Http(("127.0.0.1", port), _Handler)
        self._http.exchange = self
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def now_ms(self) -> int:
        """The exchange's clock, UTC ms."""
        return time_ns() // 1_000_000 if self._fixed_now_ms is None else self._fixed_now_ms

    @now_ms.setter
    def now_ms(self, value: int | None) -> None:
        self._fixed_now_ms = value

    def advance(self, ms: int) -> None:
        """Let time pass on a given clock."""
        with self._lock:
            if self._fixed_now_ms is not None:
                self._fixed_now_ms += ms

    @property
    def base_url(self) -> str:
        """http://127.0.0.1:PORT."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    @abstractmethod
    def api_urls(self) -> dict[str, str]:
        """What goes to urls.api of ccxt's exchange."""

    @abstractmethod
    def place(self, path: str, query: Mapping[str, str]) -> tuple[str, str]:
        """Market kind and name of a request; kind "" for one that is not served."""

    def cost(self, kind: str, name: str, query: Mapping[str, str]) -> int:
        """The weight of a request."""
        return 1

    def account(self, kind: str, name: str) -> str:
        """From which of the exchange's accounts a request is paid."""
        return kind

    def headers(self, used: int) -> Mapping[str, str]:
        """What every answer carries, with so much weight used in this window."""
        return {}

    def too_many(self, status: int, wait_s: int) -> Fault:
        """What a request gets that is one too many."""
        return rate_limited(status, wait_s)

    @abstractmethod
    def document(self, kind: str, name: str, query: Mapping[str, str]) -> Any:
        """The right answer. Raises WrongRequestError for a wrong request, LookupError for a wrong path."""

    def options(self, *, limited: bool = False) -> dict[str, object]:
        """Constructor options for ccxt's exchange that lead here and nowhere else.

        Unless `limited` the client is told not to hold itself back: this server has no limits by default.
        """
        return {"urls": {"api": self.api_urls}, **({} if limited else {"enableRateLimit": False})}

    @property
    def weight(self) -> int:
        """What all requests so far cost."""
        return sum(each.weight for each in self.answered)

    def count(self, name: str, symbol: str | None = None) -> int:
        """How many requests for `name` (klines, ...) came, of one symbol if given."""
        return sum(each.name == name and symbol in (None, each.query.get(self.symbol_key)) for each in self.answered)

    def refused(self) -> int:
        """How many requests were too many."""
        return sum(each.refused or each.status in (418, 429) for each in self.answered)

    def plan(self, fault: Fault, *, path: str, symbol: str | None = None, nth: tuple[int, ...] | None = None) -> None:
        """Let requests for `path` go wrong: of one symbol if given, the nth ones (from 1) or all.

        Counting starts when the plan is made. The first plan that fits a request decides.
        """
        with self._lock:
            self._plans.append(_Planned(fault, path, symbol, nth))

    def heal(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._plans.clear()
            self._met.clear()

    def fault_of(self, name: str, symbol: str | None) -> Fault | None:
        """The fault that is planned for this request; it counts as made."""
        with self._lock:
            due = None
            for i, plan in enumerate(self._plans):
                if plan.meets(name, symbol):
                    self._met[i] += 1
                    if due is None and (plan.nth is None or self._met[i] in plan.nth):
                        due = plan.fault
            return due

    def admit(self, kind: str, name: str, weight: int) -> tuple[int, Fault | None]:
        """Let a request in: the weight used of its window, and the refusal where it is too much."""
        self.advance(self._latency_ms)
        with self._lock:
            account, now_ms = self.account(kind, name), self.now_ms
            refusal = self.limits.refusal(account, weight, now_ms)
            self.limits.spend(account, weight, now_ms)
            return self.limits.used(account, now_ms), self.too_many(*refusal) if refusal else None

    def note(self, answered: Answered) -> None:
        """Write a request down."""
        with self._lock:
            self.answered.append(answered)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    exchange: LoopbackServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is what an interrupt looks like from here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Http

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        kind, name = self.server.exchange.place(parts.path, query)
        weight = self.server.exchange.cost(kind, name, query) if kind else 0
        used, refusal = self.server.exchange.admit(kind, name, weight)
        fault = refusal or self.server.exchange.fault_of(name, query.get(self.server.exchange.symbol_key))
        if fault is not None and fault.stall:
            self.server.exchange.closing.wait()
        silent = fault is not None and (fault.stall or fault.reset)
        status, headers, body = (0, {}, b"") if silent else self._answer(kind, name, query, fault)
        self.server.exchange.note(Answered(kind, name, query, status, weight, refusal is not None))
        if silent:
            self._drop()
            return
        always = self.server.exchange.headers(used)
        self._send(status, {**headers, **always}, body, cut=fault is not None and fault.cut)

    def _answer(
        self, kind: str, name: str, query: Mapping[str, str], fault: Fault | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        if fault is not None and fault.edit is None:
            body = fault.body if isinstance(fault.body, bytes) else fault.body.encode()
            return fault.status, fault.headers, body
        try:
            document = self.server.exchange.document(kind, name, query)
        except WrongRequestError as error:
            return error.status, fault.headers if fault else {}, json.dumps(error.document).encode()
        except LookupError:
            return 404, {}, b'{"code":-5000,"msg":"Path is invalid"}'
        if fault is not None and fault.edit is not None:
            return fault.status, fault.headers, json.dumps(fault.edit(document)).encode()
        return 200, {}, json.dumps(document).encode()

    def _send(self, status: int, headers: Mapping[str, str], body: bytes, *, cut: bool) -> None:
        self.send_response_only(status)
        dated = {"Date": formatdate(self.server.exchange.now_ms / 1000, usegmt=True)}
        for key, value in {"Content-Type": "application/json;charset=UTF-8", **dated, **headers}.items():
            if value:
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.wfile.flush()
            self._drop()

    def _drop(self) -> None:
        linger_then_reset = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_then_reset)
        self.close_connection = True
        self.connection.close()

    def log_message(self, *_: Any) -> None:
        """The books are in `answered`; nothing is written to stderr."""
