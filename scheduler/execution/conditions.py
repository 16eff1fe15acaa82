"""What may keep a task from running although it is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

from scheduler.failures import described
from scheduler.inspection import environments_of
from scheduler.runs import SkipReason
from scheduler.Task import Task


class App(Protocol):
    """What a runner needs of the app."""

    def call(self, target: Callable[..., Any]) -> Any:
        """Call `target` (a class too) with its parameters injected."""

    def environment(self) -> str:
        """Return what `APP_ENV` says."""

    def is_down(self) -> bool:
        """Tell whether the app is down for maintenance."""


class Condition(NamedTuple):
    """One thing that a task wants to be so before it runs.

    `wanted` says it in words, `refusal` asks and returns why the task must not run, empty if it may.
    """

    reason: SkipReason
    wanted: str
    refusal: Callable[[], str]


class Answer(NamedTuple):
    """A condition with its answer: why the task must not run, empty if it may, None where nobody asked.

    `fails` says that a run would not be skipped for it, but fail.
    """

    reason: SkipReason
    wanted: str
    refusal: str | None = None
    fails: bool = False


def conditions_of(task: Any, app: App) -> Iterator[Condition]:
    """Return the conditions of a task in the order in which they are asked: users' own come last."""
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
            SkipReason.CONDITION, "its when() says yes", lambda: "" if app.call(task.when) else "its when() said no"
        )
    for condition, wanted in task.conditions:
        kind = "when" if wanted else "skip"
        words = f"its {kind} condition {_name(condition)}"
        refusal = f"{words} said {'no' if wanted else 'yes'}"
        yield Condition(
            SkipReason.CONDITION,
            f"{words} says {'yes' if wanted else 'no'}",
            lambda condition=condition, wanted=wanted, refusal=refusal: (  # type: ignore[misc]  # as they are now
                "" if bool(app.call(condition)) is wanted else refusal
            ),
        )


def asked(condition: Condition) -> Answer:
    """Return a condition with its answer; one that raises would let the run fail, and that is then the answer."""
    try:
        refusal = condition.refusal()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a user's condition may do anything
        failure = described(error)
        place = f" ({failure.location})" if failure.location else ""
        return Answer(condition.reason, condition.wanted, f"it raised {failure.error}{place}", fails=True)
    return Answer(condition.reason, condition.wanted, refusal)


def unasked(condition: Condition) -> Answer:
    """Return a condition of another time, whose answer cannot be foretold."""
    return Answer(condition.reason, condition.wanted)


def _other_environment(environments: tuple[str, ...], app: App) -> str:
    here = app.environment()
    if here in environments:
        return ""
    return f"it runs only in {' and '.join(environments)}, and APP_ENV is {here or 'not set'}"


def _name(condition: Callable[..., Any]) -> str:
    return str(getattr(condition, "__qualname__", type(condition).__name__))
