"""A headless browser that tests may drive, where one is installed: the DevTools protocol over two pipes."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe")

# The protocol's pipes are descriptors 3 and 4.
_LAUNCH = """
import fcntl, os, sys
kept = [fcntl.fcntl(int(each), fcntl.F_DUPFD, 10) for each in sys.argv[1:3]]
os.dup2(kept[0], 3)
os.dup2(kept[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class BrowserLeftError(Exception):
    """It ended, or never began: not every one that is installed can be driven."""


class Tab:
    """One page; `events` is all that the browser told of it meanwhile, by name and its values."""

    def __init__(self, send: int, receive: IO[bytes]) -> None:
        self._send, self._receive = send, receive
        self._session: str | None = None
        self._last = 0
        self._rest = b""
        self.events: list[tuple[str, Any]] = []
        target = self("Target.createTarget", url="about:blank")["targetId"]
        self._session = self("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self(f"{domain}.enable")

    def __call__(self, method: str, **params: object) -> Any:
        """What a command answers."""
        self._last += 1
        command = {"id": self._last, "method": method, "params": params}
        os.write(
            self._send, json.dumps(command | ({"sessionId": self._session} if self._session else {})).encode() + b"\0"
        )
        while (answer := self._heard()).get("id") != self._last:
            self.events.append((answer["method"], answer["params"]))
        assert "error" not in answer, answer
        return answer["result"]

    def _heard(self) -> Any:
        while b"\0" not in self._rest:
            more = os.read(self._receive.fileno(), 1 << 20)
            if not more:
                raise BrowserLeftError
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def open(self, file: Path, *, width: int = 1280, height: int = 800, dark: bool = False) -> None:
        """Load a file at that size, and wait until it is there."""
        self("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self("Emulation.setEmulatedMedia", features=[scheme])
        self.events.clear()
        self("Page.navigate", url=file.as_uri())
        while not any(name == "Page.loadEventFired" for name, _ in self.events):
            told = self._heard()
            self.events.append((told["method"], told["params"]))

    def eval(self, script: str) -> Any:
        """The value of an expression in the page; of a promise what it ends with."""
        done = self("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")


@contextmanager
def tab(profile: Path) -> Iterator[Tab]:
    """A fresh browser with one page; it ends with the block."""
    assert BROWSER is not None
    (theirs_in, ours_out), (ours_in, theirs_out) = os.pipe(), os.pipe()
    command = [BROWSER, *_FLAGS, f"--user-data-dir={profile}"]
    launched = [sys.executable, "-c", _LAUNCH, str(theirs_in), str(theirs_out), *command]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(launched, pass_fds=(theirs_in, theirs_out), stdout=quiet, stderr=quiet) as browser:
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            with os.fdopen(ours_in, "rb") as receive:
                yield Tab(ours_out, receive)
        finally:
            browser.terminate()
            os.close(ours_out)


@contextmanager
def tab_or_skip(profile: Path) -> Iterator[Tab]:
    """The same for a test, which is skipped where the browser cannot be driven."""
    browser = tab(profile)
    try:
        opened = browser.__enter__()
    except BrowserLeftError:
        pytest.skip("the browser cannot be driven")
    try:
        yield opened
    finally:
        browser.__exit__(None, None, None)


_BAD = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")


def complaints(opened: Tab) -> list[tuple[str, Any]]:
    """What the console has said since the page was opened."""
    return [event for event in opened.events if event[0] in _BAD]


def asked(opened: Tab) -> set[str]:
    """Every address that has been asked for, but for what lies in the page."""
    requests = [told["request"]["url"] for name, told in opened.events if name == "Network.requestWillBeSent"]
    return {url for url in requests if not url.startswith("data:")}
