"""The events of a tick that a listener is called with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol

from scheduler.listeners.output_format import OutputFormat
from scheduler.runs import PlannedAction, Run


class Described(Protocol):
    """A task as a listener sees it."""

    @property
    def key(self) -> str:
        """Return the task's key."""

    def describe(self) -> str:
        """Return its rule in words."""

    @property
    def is_on_demand(self) -> bool:
        """Return whether it has no rule, so that it is never due."""


class Problem(Protocol):
    """A task that cannot be used."""

    @property
    def key(self) -> str:
        """Return the task's key, or its file."""

    @property
    def error(self) -> str:
        """Return what is wrong, in one line."""

    @property
    def location(self) -> str:
        """Return the file and line, empty if unknown."""

    @property
    def traceback(self) -> str:
        """Return the whole traceback, empty if there is none."""

    def as_dict(self) -> dict[str, Any]:
        """Return the problem as JSON has it."""


class Listener(Protocol):
    """Is called with each event of a tick, in the order they happen."""

    @property
    def output_format(self) -> OutputFormat | None:
        """Return how to format lines of a task's output, or None to pass output on as it comes."""

    @property
    def explains(self) -> bool:
        """Return whether tasks that are not due are reported."""

    def noticed(self, notice: str) -> None:
        """Report something about the tasks that should be fixed, though all of them can run."""

    def found_broken(self, broken: Problem) -> None:
        """Report a task that cannot be used."""

    def found_nothing(self) -> None:
        """Report that the app has no tasks."""

    def nothing_due(self) -> None:
        """Report that the app has tasks, and none of them is due."""

    def not_due(self, task: Described, next_run: datetime | None) -> None:
        """Report a task that is not due; `next_run` is on its own clock, None if it has none."""

    def planned(self, planned: PlannedAction) -> None:
        """Report what a tick would do: this is a dry run."""

    @property
    def reports_handled(self) -> bool:
        """Return whether tasks are reported whose fire time an earlier or another tick has claimed."""

    def claimed_before(self, task: Described, fire_time: datetime, run: Run | None) -> None:
        """Report a due task whose fire time was claimed by an earlier or another tick; `run` is the run for it."""

    def offered(self, run: Run, *, is_new: bool = True) -> None:
        """Report a run that waits for a worker of its executor; it is not new if an earlier tick has claimed it."""

    def run_ended(self, run: Run, *, will_be_retried: bool = False) -> None:
        """Report a run that has its outcome."""

    def stopping(self, running: int, grace: timedelta | None) -> None:
        """Report that nothing more starts, and that `running` runs have `grace` to end; None if they are ended now."""

    def lost_store(self, error: Exception) -> None:
        """Report that the store cannot be reached or used."""
