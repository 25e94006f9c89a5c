"""What every page shares: a head that lets nothing in but the page's own style and scripts."""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from atc_cli.domain.results.scan import Header
from atc_cli.reporting import figures
from atc_cli.reporting.documents import plain
from atc_cli.reporting.page_cells import safe

_HERE = Path(__file__).parent


@cache
def asset(name: str) -> str:
    """The text of a file beside this one."""
    return (_HERE / name).read_text(encoding="utf-8")


def head(title: str, style: str, scripts: Sequence[str]) -> Iterator[str]:
    """Up to the body. The policy allows this style and these scripts, by their hashes, and no address at all."""
    allowed = " ".join(map(_digest, scripts))
    policy = f"default-src 'none'; img-src data:; style-src {_digest(style)}; script-src {allowed}"
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    yield f"<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}; base-uri 'none'; form-action 'none'\">"
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
    yield f'<link rel="icon" href="data:,"><title>{safe(title)}</title>'
    yield f"<style>{style}</style></head>"


@cache
def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def loud(lines: Iterable[str]) -> Iterator[str]:
    """What must not be missed."""
    yield from (f'<p class="loud">{safe(each)}</p>' for each in lines)


def row_of(texts: Iterable[str]) -> str:
    """Cells of texts."""
    return "".join(f"<td>{safe(text)}" for text in texts)


def skips(rows: Sequence[Sequence[str]], said: str) -> Iterator[str]:
    """Who is not in it, folded: symbol, reason, detail, exchange."""
    if not rows:
        return
    yield f'<details><summary>{safe(said)}</summary><div class="scroll"><table>'
    yield "<thead><tr><th>symbol<th>reason<th>detail<th>exchange</thead><tbody>"
    yield from (f"<tr>{row_of(each)}" for each in rows)
    yield "</tbody></table></div></details>"


def computed(header: Header) -> Iterator[tuple[str, str]]:
    """By what it was computed, with which parameters, and where the time went."""
    yield "backend", f"{header.backend.name}: {header.backend.why}"
    yield "params_hash", header.params_hash
    for name, value in header.params.items():
        yield name, value if isinstance(value, str) else json.dumps(plain(value))
    yield from ((f"{what} took", figures.took(spent)) for what, spent in header.timings_ms.items())


def listed(items: Iterable[tuple[str, str]], said: str) -> Iterator[str]:
    """Names and what they are, folded."""
    yield f"<details><summary>{safe(said)}</summary><dl>"
    yield from (f"<dt>{safe(name)}<dd>{safe(value)}" for name, value in items)
    yield "</dl></details>"
