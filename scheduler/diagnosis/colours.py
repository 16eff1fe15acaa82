"""Colours for the words that matter: outcomes and findings."""

from __future__ import annotations

from typing import Final

from scheduler.diagnosis.columns import Paint, plain

RED: Final = "31"
GREEN: Final = "32"
YELLOW: Final = "33"
CYAN: Final = "36"
WORDS: Final = {
    "succeeded": GREEN,
    "ok": GREEN,
    "failed": RED,
    "timed out": RED,
    "crashed": RED,
    "wrong": RED,
    "broken": RED,
    "skipped": YELLOW,
    "missed": YELLOW,
    "warning": YELLOW,
    "paused": YELLOW,
    "never": YELLOW,
    "running": CYAN,
    "pending": CYAN,
}


def painter(*, coloured: bool) -> Paint:
    """Return a function that colours a text that is or begins with one of the words."""
    return _paint if coloured else plain


def _paint(text: str) -> str:
    colour = next((colour for word, colour in WORDS.items() if text == word or text.startswith(f"{word} ")), None)
    return f"\x1b[{colour}m{text}\x1b[0m" if colour else text
