"""What a listener is told of single runs, where it may take its time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from scheduler.Policy import Policy
from scheduler.runs import Ending, Run


class Told(Protocol):
    """A task, as far as telling of its runs goes."""

    @property
    def key(self) -> str:
        """What it is called."""

    @property
    def policy(self) -> Policy:
        """Who is to be told."""


class Telling(NamedTuple):
    """Something to do so that somebody hears of a run.

    `whom` is said where it fails; it is given up after `seconds`, if any. `is_notice` marks what a person is told, once
    for a streak of failures.
    """

    whom: str
    tell: Callable[[], object]
    seconds: float | None = None
    is_notice: bool = False


class RunListener(Protocol):
    """Says who is to be told of a run, and how; nothing is told before the telling is called.

    That happens in a process of its own once the outcome was written down, or in the run's own process before it
    starts. What it raises is reported, and changes no outcome.
    """

    def at_start(self, task: Told, run: Run) -> Iterable[Telling]:
        """Return what is to be told before a run starts."""

    def at_end(self, task: Told, ending: Ending) -> Iterable[Telling]:
        """Return what is to be told of an outcome."""
