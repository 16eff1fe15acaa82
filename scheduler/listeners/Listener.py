"""What a listener is told."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from scheduler.runs import Planned, Run


class Described(Protocol):
    """A task as a listener sees it."""

    @property
    def key(self) -> str:
        """What it is called."""

    def describe(self) -> str:
        """When it runs, in words."""


class Failed(Protocol):
    """A task that could not be used."""

    @property
    def key(self) -> str:
        """What it is called."""

    @property
    def error(self) -> str:
        """What is wrong, in one line."""

    @property
    def location(self) -> str:
        """The file and line, empty if unknown."""

    @property
    def traceback(self) -> str:
        """The whole traceback, empty if there is none."""


class Listener(Protocol):
    """Is told what happens in a tick, in the order it happens."""

    @property
    def explains(self) -> bool:
        """Whether it wants to hear of tasks that are not due."""

    def noticed(self, notice: str) -> None:
        """Something about the tasks should be mended, though all of them can run."""

    def found_broken(self, broken: Failed) -> None:
        """A task cannot be used."""

    def found_nothing(self) -> None:
        """The app has no tasks."""

    def nothing_due(self) -> None:
        """The app has tasks, and none of them is due."""

    def not_due(self, task: Described, following: datetime | None) -> None:
        """A task is not due; `following` is its next fire time on its own clock, None if it has none."""

    def planned(self, planned: Planned) -> None:
        """A tick would do this; it is only rehearsed."""

    def claimed_before(self, task: Described, fire_time: datetime) -> None:
        """A task is due, but this fire time was claimed by an earlier or another tick."""

    def run_ended(self, run: Run) -> None:
        """A run has its outcome."""

    def lost_store(self, error: Exception) -> None:
        """The store cannot be reached or used."""
