"""The exceptions of this package, and the exit codes of its commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scheduler.text import mask_secrets

OK: Final = 0
TASK_FAILED: Final = 1
WRONG_USAGE: Final = 2
STORE_UNAVAILABLE: Final = 3


class SchedulerError(Exception):
    """Any error of this package."""


class InvalidSchedule(SchedulerError, ValueError):
    """A task's schedule is invalid.

    The message names the task, the attribute, the value, what is wrong with it and two valid examples.
    """

    def __init__(self, task: str, attribute: str, value: object, problem: str, examples: Sequence[str]) -> None:
        self.task = task
        self.attribute = attribute
        self.value = value
        self.problem = problem
        self.examples = tuple(examples)
        hint = " or ".join(self.examples)
        shown, wrong = _cut(mask_secrets(repr(value)), 80), _cut(mask_secrets(problem), 160)
        super().__init__(f"{task}.{attribute} = {shown}: {wrong} (try {hint})")


class BrokenTask(SchedulerError):
    """A task that cannot be used as it is written; the message says what to change."""


class UnknownTask(SchedulerError):
    """No task has the given key, name or class name; the message suggests the closest ones."""


class UnacceptableValue(Exception):
    """A value is invalid; the code that knows the task turns it into an `InvalidSchedule`."""

    def __init__(self, value: object, problem: str, *examples: str) -> None:
        self.value = value
        self.problem = problem
        self.examples = examples
        super().__init__(problem)


class AlreadyRunning(SchedulerError):
    """Another thread of this process runs the scheduler; the message says what to do."""


class WrongUsage(SchedulerError):
    """A command line is wrong; the message says how to fix it."""


class InstallationFailed(SchedulerError):
    """cron or systemd could not be set up; the message says why and what to do."""


class ExecutorUnavailable(SchedulerError):
    """A run could not be handed to an executor. The message says why and how to fix it. The run is still pending."""


class StoreUnavailable(SchedulerError):
    """The store cannot be reached or used; the message says why and what to do. No task ran, and none is lost."""


def _cut(text: str, length: int) -> str:
    """Return `text` without its middle if it is very long, so that a message stays a line."""
    return text if len(text) <= length else f"{text[: length - 20]} … {text[-17:]}"
