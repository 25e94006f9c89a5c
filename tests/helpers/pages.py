"""A page of HTML as a parser reads it that is not ours."""

import base64
import hashlib
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "rect", "path", "br"}
# HTML lets these end by themselves.
OPEN = {"li", "td", "th", "tr", "option", "dt", "dd"}


@dataclass
class Cell:
    text: str = ""
    title: str = ""
    parts: list[dict[str, str]] = field(default_factory=list)


class Page(HTMLParser):
    """Tables by their number, all text by its tag, every tag and attribute that there is."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[Cell]]] = []
        self.texts: dict[str, list[str]] = {}
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.stack: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        assert len(given) == len(attrs), attrs
        self.tags.append((tag, given))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            if tag == "th" and not self.tables[-1]:
                self.tables[-1].append([])
            self.tables[-1][-1].append(Cell(title=given.get("title", "")))
        elif tag == "path":
            self.tables[-1][-1][-1].parts.append(given)
        if tag not in VOID:
            self.texts.setdefault(tag, []).append("")
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        while self.stack[-1] != tag and self.stack[-1] in OPEN:
            self.stack.pop()
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.stack:
            self.texts[self.stack[-1]][-1] += data
        in_cell = next((tag for tag in reversed(self.stack) if tag in ("td", "th", "table", "details")), "")
        if in_cell in ("td", "th"):
            self.tables[-1][-1][-1].text += data


def policy_of(page: Page) -> dict[str, list[str]]:
    """What the page allows, by directive."""
    (policy,) = [given["content"] for tag, given in page.tags if given.get("http-equiv")]
    return {name: allowed for name, *allowed in (each.split() for each in policy.split(";"))}


def digest_of(content: str) -> str:
    """A style or script as a policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
