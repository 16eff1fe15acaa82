"""Which tasks are due: tasks and a minute in, due tasks out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Protocol, TypeVar

from scheduler.rules import Moment, Rule


class Schedulable(Protocol):
    """Anything with a rule and a clock; without a rule it is never due."""

    @property
    def rule(self) -> Rule | None:
        """The rule, None for what is only run on demand."""

    @property
    def zone(self) -> tzinfo:
        """The clock the rule reads."""


T = TypeVar("T", bound=Schedulable)


def due_tasks(tasks: Iterable[T], instant: datetime) -> tuple[list[T], list[tuple[T, Exception]]]:
    """Return the tasks due in the minute of the aware `instant`, and those whose rule raised, with what it raised."""
    due: list[T] = []
    failed: list[tuple[T, Exception]] = []
    moments: dict[tzinfo, Moment] = {}
    for task in tasks:
        rule = task.rule
        if rule is None:
            continue
        zone = task.zone
        moment = moments.get(zone)
        if moment is None:
            moment = moments[zone] = Moment.of(instant, zone)
        try:
            if rule.matches(moment):
                due.append(task)
        except Exception as error:  # noqa: BLE001 - a rule may be a task's own should_run, which is its user's code
            failed.append((task, error))
    return due, failed
