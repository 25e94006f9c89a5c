"""What can go wrong between us and an exchange: a closed set, one sentence for each.

ccxt's errors are recognised by the names of their classes, so that nothing here has to import it.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from enum import Enum
from re import sub

from atc_cli.data.market import Listing
from atc_cli.domain.results.scan import Skipped, SkipReason
from atc_cli.domain.secrets import Words
from atc_cli.errors import AtcError, BusyError, ConfigError, UnavailableError

_LONGEST_DETAIL = 160
_LONGEST_READ = 100_000  # characters of a foreign text

# What takes the secrets of the exchange that is being asked out of its words: before they are cut short.
hide: ContextVar[Words] = ContextVar("hide", default=str)


class Trouble(Enum):
    """A kind of failure: the error it is, what the exchange does ({} is the detail), what a person can do."""

    RATE_LIMITED = (BusyError, "limits the rate of requests: {}", "try again later, or with fewer symbols or bars")
    REFUSED = (UnavailableError, "refuses this location or address: {}", "try another exchange or a proxy")
    UNREACHABLE = (
        UnavailableError,
        "cannot be reached: {}",
        "check the network (a proxy goes under [ccxt.ID] in a settings file); --exchange demo needs none",
    )
    FAILING = (UnavailableError, "is failing: {}", "try again later")
    MAINTENANCE = (UnavailableError, "is closed for maintenance: {}", "try again later")
    UNREADABLE = (UnavailableError, "sent {}", "try again later; a proxy or a portal may have answered instead")
    WRONG_REQUEST = (UnavailableError, "rejected the request: {}", None)
    MISCONFIGURED = (
        ConfigError,
        "cannot be used as configured: {}",
        "see the [ccxt] tables of atc config show; the keys in them are used with --use-keys only",
    )

    def __init__(self, error: type[AtcError], sentence: str, hint: str | None) -> None:
        self.error = error
        self.sentence = sentence
        self.hint = hint

    @property
    def passing(self) -> bool:
        """True where the same request can succeed a moment later."""
        return self in (Trouble.UNREACHABLE, Trouble.FAILING, Trouble.UNREADABLE)

    @property
    def final(self) -> bool:
        """True where no other symbol will fare better."""
        return self in (Trouble.RATE_LIMITED, Trouble.REFUSED, Trouble.MAINTENANCE, Trouble.MISCONFIGURED)


class RequestError(Exception):
    """One failed request. `retry_after_s` is the wait that the exchange asked for, in seconds."""

    def __init__(self, trouble: Trouble, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.trouble = trouble
        self.detail = detail
        self.retry_after_s = retry_after_s

    def as_error(self, exchange: str) -> AtcError:
        """What ends the run where the whole exchange is lost."""
        return self.trouble.error(f"{exchange} {self.trouble.sentence.format(self.detail)}", self.trouble.hint)

    def as_skip(self, listing: Listing) -> Skipped:
        """What becomes of one symbol."""
        detail = f"the exchange {self.trouble.sentence.format(self.detail)}"
        return Skipped(listing.symbol, SkipReason.FETCH_FAILED, detail, listing.exchange)


_BY_STATUS = {
    403: Trouble.REFUSED,  # the firewall before the exchange, by address or country
    407: Trouble.MISCONFIGURED,
    408: Trouble.FAILING,
    418: Trouble.RATE_LIMITED,
    429: Trouble.RATE_LIMITED,
    451: Trouble.REFUSED,
}

_BY_CLASS = (
    ("OnMaintenance", Trouble.MAINTENANCE),
    ("RestrictedLocation", Trouble.REFUSED),
    ("DDoSProtection", Trouble.RATE_LIMITED),
    ("RateLimitExceeded", Trouble.RATE_LIMITED),
    ("BadResponse", Trouble.UNREADABLE),
    ("NetworkError", Trouble.UNREACHABLE),
    ("OperationFailed", Trouble.FAILING),
    ("InvalidProxySettings", Trouble.MISCONFIGURED),
    ("NotSupported", Trouble.MISCONFIGURED),
    ("ArgumentsRequired", Trouble.MISCONFIGURED),
    ("PermissionDenied", Trouble.REFUSED),  # candles need no key, so it is the country
    ("AuthenticationError", Trouble.MISCONFIGURED),
    ("BaseError", Trouble.WRONG_REQUEST),
)


def refusal(error: Exception, status: int, headers: Mapping[str, str], body: object) -> RequestError:
    """The failure that an HTTP answer means; `error` is what ccxt made of it."""
    said = _said(body) or ("" if type(error).__name__ == "ExchangeNotAvailable" else one_line(str(error)))
    parts = [f"HTTP {status}"] * (status >= 400) + [said] * bool(said)
    return RequestError(_trouble_of_status(error, status, body), ": ".join(parts), _wait_s(headers))


def failure_of(error: Exception) -> RequestError:
    """The failure that an exception out of ccxt means, where no HTTP answer was refused."""
    cause = error.__cause__
    if isinstance(cause, TimeoutError):
        return RequestError(Trouble.UNREACHABLE, "no answer in time")
    if cause is not None and (isinstance(cause, OSError) or type(cause).__module__.startswith("aiohttp")):
        return RequestError(Trouble.UNREACHABLE, one_line(str(cause)) or type(cause).__name__)
    trouble, name = _trouble_of_class(error), type(error).__name__
    if trouble in (None, Trouble.UNREADABLE) or name == "ExchangeError":
        return RequestError(Trouble.UNREADABLE, f"something unexpected ({name}: {one_line(str(error))})")
    return RequestError(trouble, one_line(str(error)))


def one_line(text: str) -> str:
    """Foreign text made fit to show: one line, printable, short, without secrets and the queries of URLs."""
    bare = sub(r"(https?://[^\s?]*)\?\S*", r"\1", hide.get()(text[:_LONGEST_READ]))
    line = hide.get()(" ".join("".join(each if each.isprintable() else " " for each in bare).split()))
    return line if len(line) <= _LONGEST_DETAIL else line[: _LONGEST_DETAIL - 3] + "..."


def _trouble_of_status(error: Exception, status: int, body: object) -> Trouble:
    by_class = _trouble_of_class(error)
    # ccxt calls every 403 of Bybit a rate limit; where a country is refused it is a web page
    if status == 403 and not isinstance(body, Mapping):
        return Trouble.REFUSED
    if by_class in (Trouble.MAINTENANCE, Trouble.RATE_LIMITED):
        return by_class
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return Trouble.FAILING
    if status < 400:
        return by_class or Trouble.UNREADABLE
    # ccxt calls a plain 400 or 404 ExchangeNotAvailable, which asking again does not mend
    return Trouble.WRONG_REQUEST if by_class in (None, Trouble.UNREACHABLE) else by_class


def _trouble_of_class(error: Exception) -> Trouble | None:
    names = {each.__name__ for each in type(error).__mro__}
    return next((trouble for name, trouble in _BY_CLASS if name in names), None)


def _wait_s(headers: Mapping[str, str]) -> float | None:
    for name, value in headers.items():
        if name.lower() == "retry-after" and value.strip().isdecimal():
            return float(value)
    return None


def _said(body: object) -> str:
    """The exchange's own words, where its error body has them."""
    if not isinstance(body, Mapping):
        return ""
    words = (body.get(key) for key in ("msg", "message", "retMsg", "error", "label"))
    return next((one_line(each) for each in words if isinstance(each, str) and each.strip()), "")
