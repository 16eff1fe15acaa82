"""Columns of text that fit a terminal."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence


def display_width(text: str) -> int:
    """Return how many columns of a terminal `text` takes: Chinese, Japanese and Korean letters take two each."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def wrapped(text: str, width: int) -> list[str]:
    """Return `text` as lines of at most `width` columns; a word that is longer is cut."""
    if display_width(text) == len(text):
        return [part for line in text.splitlines() for part in textwrap.wrap(line, width)] or [""]
    lines = [""]
    for letter in text:
        if letter == "\n" or display_width(lines[-1] + letter) > width:
            lines.append("")
        lines[-1] += letter.strip("\n")
    return lines


def row(cells: Sequence[str], widths: Sequence[int], gap: str = "  ") -> list[str]:
    """Return one row of a table as lines; each cell is wrapped into its column."""
    columns = [wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    height = max(len(column) for column in columns)
    lines = []
    for index in range(height):
        parts = [column[index] if index < len(column) else "" for column in columns]
        padded = [part + " " * (width - display_width(part)) for part, width in zip(parts, widths, strict=True)]
        lines.append(gap.join(padded).rstrip())
    return lines
