"""Tables that fit the terminal."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from scheduler.text import escape, one_line

NARROWEST: Final = 40
WIDEST: Final = 200
USUAL: Final = 80
GAP: Final = "  "
ROOMY: Final = 60
LABEL: Final = 10
"""From a width of `ROOMY` on, labels of facts stand in a column of this width at least."""

Paint = Callable[[str], str]


def plain(text: str) -> str:
    """Return `text` without colour."""
    return text


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its title, the width it needs at least, and where its text stands.

    `least` is 0 for a column that is never wrapped. `paint` colours the text of a cell.
    """

    title: str
    least: int = 0
    is_right: bool = False
    paint: Paint = plain


def display_width(text: str) -> int:
    """Return how many columns of a terminal `text` takes: Chinese, Japanese and Korean letters take two each."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def wrap(text: str, width: int) -> list[str]:
    """Return `text` as lines of at most `width` columns; a word that is longer is cut."""
    lines = []
    for line in escape(text).split("\n"):
        if display_width(line) == len(line):
            lines += textwrap.wrap(line, width) or [""]
        else:
            lines += _wrapped_by_letter(line, width)
    return lines


def _wrapped_by_letter(text: str, width: int) -> list[str]:
    lines = [""]
    for letter in text:
        if display_width(lines[-1] + letter) > width:
            lines.append("")
        lines[-1] += letter
    return lines


def format_facts(facts: Sequence[tuple[str, str]], width: int) -> list[str]:
    """Return facts as lines: the label in a column of its own, the text wrapped in the next one."""
    label = max(display_width(title) for title, _ in facts)
    if width >= ROOMY:
        label = max(label, LABEL)
    lines = []
    for title, text in facts:
        first, *others = wrap(text, max(10, width - label - len(GAP)))
        lines.append(f"{title}{' ' * (label - display_width(title))}{GAP}{first}".rstrip())
        lines += [f"{' ' * label}{GAP}{other}".rstrip() for other in others]
    return lines


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int, *, head: bool = True) -> list[str]:
    """Return a table of at most `width` columns; if it is too narrow for that, each row as lines of its own.

    The last cell of a row with fewer cells takes the rest of the line. Line breaks in a cell are kept; all other
    control characters are shown escaped.
    """
    natural = [
        max(
            display_width(line)
            for cell in (column.title, *(row[index] for row in rows if index < len(row) - (len(row) < len(columns))))
            for line in _lines(cell)
        )
        for index, column in enumerate(columns)
    ]
    widths = _fitted(columns, natural, width)
    if widths is None:
        return _stacked(columns, rows, width)
    lines = []
    if head:
        titles = [column.title for column in columns]
        lines = [*_row(titles, widths, columns, plain_row=True), GAP.join("-" * each for each in widths)]
    for row in rows:
        lines += _row(row, _row_widths(row, widths, width), columns)
    return lines


def _fitted(columns: Sequence[Column], natural: list[int], width: int) -> list[int] | None:
    """Return the columns' widths, the widest wrapped ones made narrower until all fit; None if they cannot."""
    widths = list(natural)
    spare = width - len(GAP) * (len(columns) - 1) - sum(widths)
    while spare < 0:
        candidates = [i for i, column in enumerate(columns) if column.least and widths[i] > column.least]
        if not candidates:
            return None
        widest = max(candidates, key=lambda index: widths[index])
        widths[widest] -= 1
        spare += 1
    return widths


def _row_widths(row: Sequence[str], widths: list[int], width: int) -> list[int]:
    if len(row) == len(widths):
        return widths
    first = widths[: len(row) - 1]
    return [*first, max(10, width - sum(first) - len(GAP) * len(first))]


def _row(
    row: Sequence[str], widths: Sequence[int], columns: Sequence[Column], *, plain_row: bool = False
) -> list[str]:
    cells = [wrap(cell, width) for cell, width in zip(row, widths, strict=True)]
    lines = []
    for parts in zip_longest(*cells, fillvalue=""):
        padded = []
        for part, width, column in zip(parts, widths, columns, strict=False):
            space = " " * (width - display_width(part))
            shown = part if plain_row else column.paint(part)
            padded.append(space + shown if column.is_right else shown + space)
        lines.append(GAP.join(padded).rstrip())
    return lines


def _stacked(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Return each row as its first cell, and below it the other cells with their titles."""
    lines: list[str] = []
    for row in rows:
        if len(row) < len(columns):
            lines += [f"{GAP}{line}" for line in wrap(row[-1], width - len(GAP))]
            continue
        lines += [*[""] * bool(lines), *map(columns[0].paint, wrap(row[0], width))]
        facts = [(column.title, cell) for column, cell in zip(columns[1:], row[1:], strict=True) if cell]
        lines += [f"{GAP}{line}" for line in format_facts(facts, width - len(GAP))] if facts else []
    return lines


def _lines(cell: str) -> list[str]:
    return [one_line(line) for line in cell.split("\n")]
