"""What this package raises, and the exit codes that go with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

OK: Final = 0
TASK_FAILED: Final = 1
WRONG_USAGE: Final = 2
STORE_UNAVAILABLE: Final = 3


class SchedulerError(Exception):
    """Any error of this package."""


class InvalidSchedule(SchedulerError, ValueError):
    """A task says when it runs in words that have no meaning.

    The message names the task, the attribute, the value, what is wrong with it and two values that would do.
    """

    def __init__(self, task: str, attribute: str, value: object, problem: str, examples: Sequence[str]) -> None:
        self.task = task
        self.attribute = attribute
        self.value = value
        self.problem = problem
        self.examples = tuple(examples)
        mend = " or ".join(self.examples)
        super().__init__(f"{task}.{attribute} = {_cut(repr(value), 80)}: {_cut(problem, 160)} (try {mend})")


class BrokenTask(SchedulerError):
    """A task that cannot be used as it is written; the message says what to change."""


class UnknownTask(SchedulerError):
    """No task has the key, name or class name that was asked for; the message gives the closest ones."""


class UnacceptableValue(Exception):
    """One value that a rule cannot be made of; whoever knows the task turns it into an `InvalidSchedule`."""

    def __init__(self, value: object, problem: str, *examples: str) -> None:
        self.value = value
        self.problem = problem
        self.examples = examples
        super().__init__(problem)


class WrongUsage(SchedulerError):
    """A command line asks for something there is not; the message says what would do."""


class InstallationFailed(SchedulerError):
    """Something on this machine keeps cron or systemd from being told; the message says what, and what to do."""


class StoreUnavailable(SchedulerError):
    """The store cannot be reached or used; the message says why and what to do. Nothing was run, nothing forgotten."""


def _cut(text: str, length: int) -> str:
    """Return `text`, the middle of a very long one left out, so that a message stays a line."""
    return text if len(text) <= length else f"{text[: length - 20]} … {text[-17:]}"
