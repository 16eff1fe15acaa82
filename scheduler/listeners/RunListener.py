"""Listeners of single runs, which may be slow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from scheduler.config.TaskOptions import TaskOptions
from scheduler.runs import CompletedRun, Run


class NotifiableTask(Protocol):
    """A task, as far as notifications of its runs need it."""

    @property
    def key(self) -> str:
        """Return the task's key."""

    @property
    def options(self) -> TaskOptions:
        """Return its options: recipients, the URL of its monitor."""


class Delivery(NamedTuple):
    """One notification about a run: call `send`.

    `whom` names the recipient in an error message. A delivery is given up after `seconds`, if set. `is_notice` marks a
    message to people that is sent once for a streak of failures.
    """

    whom: str
    send: Callable[[], object]
    seconds: float | None = None
    is_notice: bool = False


class RunListener(Protocol):
    """Returns the deliveries for a start or an outcome; nothing is sent before a delivery is called.

    Deliveries are called in a process of their own once the outcome is recorded, or in the run's process before it
    starts. What they raise is reported and changes no outcome.
    """

    def at_start(self, task: NotifiableTask, run: Run) -> Iterable[Delivery]:
        """Return the deliveries for a run that is about to start."""

    def at_end(self, task: NotifiableTask, completed: CompletedRun) -> Iterable[Delivery]:
        """Return the deliveries for an outcome."""
