"""Printing as atc_cli/output.py prints."""

import io

from rich.console import Console


def printed(renderables, width=None, **options):
    """What a terminal of `width` cells gets; None: a pipe or a file, where nothing is cut."""
    out = io.StringIO()
    console = Console(file=out, width=width or 10_000, highlight=False, **options)
    for renderable in renderables:
        console.print(renderable, soft_wrap=width is not None)
    return out.getvalue()


def lines_of(renderables, width=None):
    """The same without the blanks that fill a line up."""
    return [line.rstrip() for line in printed(renderables, width).splitlines()]
