"""A task of the app, with its rule, zone and options."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import timedelta, tzinfo
from typing import Any

from scheduler import clock
from scheduler.config.TaskOptions import DEFAULT, TaskOptions
from scheduler.processes.identity import host_name
from scheduler.rules import Rule
from scheduler.Task import Task
from scheduler.tasks.inspection import ShouldRunRule, class_of


@dataclass(frozen=True, slots=True)
class RegisteredTask:
    """A task under the key that stands for it; `target` is its class, or the instance that was registered."""

    key: str
    target: Any
    rule: Rule | None
    zone: tzinfo
    options: TaskOptions = DEFAULT

    @property
    def name(self) -> str:
        """Return the name it was given, empty if none."""
        return str(getattr(self.target, "name", "") or "")

    @property
    def class_name(self) -> str:
        """Return the name of its class."""
        return class_of(self.target).__name__

    @property
    def names(self) -> AbstractSet[str]:
        """Return all names by which `--task` may call it."""
        return {self.key, self.class_name} | ({self.name} if self.name else set())

    @property
    def claim_key(self) -> str:
        """Return the key of its claims, leases and cursor: its own key, with the host if every server runs it."""
        return f"{self.key} on {host_name()}" if self.options.on_every_server else self.key

    @property
    def is_on_demand(self) -> bool:
        """Return whether it has no rule, so that it is never due."""
        return self.rule is None

    @property
    def is_foreseeable(self) -> bool:
        """Return whether its fire times can be predicted."""
        return not isinstance(self.rule, ShouldRunRule)

    @property
    def decider(self) -> str:
        """Return the code of the app that decides whether it is due, for messages."""
        return "its run_except" if self.is_foreseeable else "its should_run()"

    @property
    def has_hooks(self) -> bool:
        """Return whether it has hooks that are called after a failure."""
        cls = class_of(self.target)
        return any(getattr(cls, name, None) not in {None, getattr(Task, name)} for name in ("failed", "after"))

    def for_tests(self) -> RegisteredTask:
        """Return the task as a test runs it: without output files, and without waiting for its jitter."""
        options = replace(self.options, output_to=None, append_output_to=None, jitter=timedelta())
        return replace(self, options=options)

    def describe(self) -> str:
        """Return its rule in words."""
        return self.rule.describe() if self.rule else "only on demand"


def unknown_task(key: str) -> RegisteredTask:
    """Return a stand-in for a task that the app no longer has, but of which there is a run."""
    return RegisteredTask(key, None, None, clock.default_zone())
