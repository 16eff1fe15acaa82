"""Charts as values: shapes, and a sentence that says the same; and the words for outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scheduler.runs import FAILURES, Outcome

WORDS: Final[dict[Outcome | None, str]] = {
    None: "running",
    **{outcome: outcome.value.replace("_", " ") for outcome in Outcome},
}
"""Outcomes as people read them."""
KINDS: Final = ("succeeded", "failed", "skipped")
"""How a chart groups outcomes: `failed` are all failures, `skipped` is all that did not run."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A rectangle of a chart: its class is its meaning, `title` the same in words."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    title: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Shapes, labels and lines within a box, and all of it in a sentence."""

    width: int
    height: int
    says: str
    shapes: tuple[Shape, ...] = ()
    labels: tuple[tuple[float, float, str, str], ...] = ()
    lines: tuple[tuple[str, str], ...] = ()


def kind_of(outcome: Outcome | None) -> str:
    """Return the group of an outcome; a run that has not ended is `running`."""
    if outcome is None:
        return "running"
    if outcome is Outcome.SUCCEEDED:
        return "succeeded"
    return "failed" if outcome in FAILURES else "skipped"


def word_of(outcome: Outcome | None) -> str:
    """Return an outcome as people read it."""
    return WORDS[outcome]


def group_of(kind: str) -> str:
    """Return the words for a group of outcomes."""
    return "skipped or missed" if kind == "skipped" else kind
