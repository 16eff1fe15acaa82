"""The conditions that may prevent a due task from running."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from scheduler.execution.finishing import finish
from scheduler.runs import Run, SkipReason
from scheduler.Task import Task
from scheduler.tasks.failures import describe_failure
from scheduler.tasks.inspection import environments_of
from scheduler.text import with_location


class App(Protocol):
    """What a runner needs from the app."""

    def call(self, target: Callable[..., Any]) -> Any:
        """Call `target` (a class too) with its parameters injected."""

    def environment(self) -> str:
        """Return the value of `APP_ENV`."""

    def hand_over(self, executor: str, runs: Sequence[Run]) -> None:
        """Hand runs to the workers of an executor; raise `ExecutorUnavailable` if that fails."""

    def is_down(self) -> bool:
        """Return whether the app is down for maintenance."""


class Condition(NamedTuple):
    """A condition of a task, described by `wanted`.

    `refusal` checks it and returns why the task must not run, empty if it may.
    """

    reason: SkipReason
    wanted: str
    refusal: Callable[[], str]


class Answer(NamedTuple):
    """The result of a condition: why the task must not run, empty if it may, None if it was not checked.

    With `fails`, the check raised an error, so a run would fail instead of being skipped.
    """

    reason: SkipReason
    wanted: str
    refusal: str | None = None
    fails: bool = False


def conditions_of(task: Any, app: App) -> Iterator[Condition]:
    """Yield the conditions of a task in the order in which they are checked: users' own come last."""
    environments = environments_of(task)
    if environments:
        wanted = f"APP_ENV is {' or '.join(environments)}"
        yield Condition(SkipReason.ENVIRONMENT, wanted, lambda: _other_environment(environments, app))
    if not getattr(task, "run_in_maintenance", False):
        wanted = "the app is not down for maintenance"
        yield Condition(
            SkipReason.MAINTENANCE, wanted, lambda: "the app is down for maintenance" if app.is_down() else ""
        )
    if isinstance(task, Task):
        yield from _own_conditions(task, app)


def _own_conditions(task: Task, app: App) -> Iterator[Condition]:
    if type(task).when is not Task.when:
        yield Condition(
            SkipReason.CONDITION,
            "its when() returns true",
            lambda: "" if finish(app.call(task.when), "when()") else "its when() returned false",
        )
    for condition, wanted in task.conditions:
        kind = "when" if wanted else "skip"
        words = f"its {kind} condition {_name(condition)}"
        refusal = f"{words} was {'false' if wanted else 'true'}"
        yield Condition(
            SkipReason.CONDITION,
            f"{words} is {'true' if wanted else 'false'}",
            lambda condition=condition, wanted=wanted, refusal=refusal, words=words: (  # type: ignore[misc]  # as they are now
                "" if bool(finish(app.call(condition), words)) is wanted else refusal
            ),
        )


def check_condition(condition: Condition) -> Answer:
    """Check a condition and return the result; an error that it raises is a result too."""
    try:
        refusal = condition.refusal()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a user's condition may do anything
        failure = describe_failure(error)
        raised = with_location(f"it raised {failure.error}", failure.location)
        return Answer(condition.reason, condition.wanted, raised, fails=True)
    return Answer(condition.reason, condition.wanted, refusal)


def leave_open(condition: Condition) -> Answer:
    """Return a condition without a result: at another time it cannot be predicted."""
    return Answer(condition.reason, condition.wanted)


def _other_environment(environments: tuple[str, ...], app: App) -> str:
    here = app.environment()
    if here in environments:
        return ""
    return f"it runs only in {' and '.join(environments)}, and APP_ENV is {here or 'not set'}"


def _name(condition: Callable[..., Any]) -> str:
    return str(getattr(condition, "__qualname__", type(condition).__name__))
