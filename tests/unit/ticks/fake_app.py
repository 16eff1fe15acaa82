"""A fake app: the tasks of a test, a store in memory, and a listener that records every event."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from scheduler import Task
from scheduler.config.Settings import Settings
from scheduler.errors import StoreUnavailable
from scheduler.execution.Limits import LIMITS, Limits
from scheduler.execution.Scheduler import Scheduler
from scheduler.processes.identity import process_identity
from scheduler.runs import Run
from scheduler.stores import Store, memory_store
from scheduler.tasks.TaskRegistry import TaskRegistry

NOON = datetime(2026, 3, 3, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
MOMENT = timedelta(milliseconds=100)


class RecordingListener:
    """A listener that records every event."""

    explains = False
    reports_handled = False
    output_format = None

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.events: list[tuple[str, Any]] = []

    def run_ended(self, run: Run, *, will_be_retried: bool = False) -> None:
        self.runs.append(run)

    def __getattr__(self, event: str) -> Callable[..., None]:
        return lambda *what: self.events.append((event, what[0] if what else None))

    def of(self, event: str) -> list[Any]:
        """Return the arguments of all events of one kind."""
        return [what for name, what in self.events if name == event]


class Away:
    """A store that is unavailable for calls of `methods`, as many times as each says, and otherwise works."""

    def __init__(self, store: Store, **methods: int) -> None:
        self._store = store
        self.left = methods

    def __getattr__(self, method: str) -> Any:
        if self.left.get(method, 0) > 0:
            self.left[method] -= 1
            raise StoreUnavailable(f"the store is away when asked to {method}")
        return getattr(self._store, method)


@dataclass
class FakeApp:
    """Everything a tick needs, instead of a Masonite app: `craft down` and `.env` are attributes."""

    settings: dict[str, Any] = field(default_factory=dict)
    store: Any = field(default_factory=memory_store)
    listener: RecordingListener = field(default_factory=RecordingListener)
    tasks: list[Any] = field(default_factory=list)
    down: bool = False
    app_env: str = "local"
    folder: str = ""
    listeners: list[Any] = field(default_factory=list)
    limits: Limits = LIMITS

    def add(self, *tasks: Any) -> FakeApp:
        self.tasks += tasks
        return self

    def scheduler(self) -> Scheduler:
        found = TaskRegistry(dict, lambda cls: cls(), lambda: (os.devnull, "nowhere"))
        found.add(*self.tasks)
        settings = Settings(**{"kill_grace": MOMENT, "stop_grace": MOMENT, **self.settings})
        return Scheduler(found, self, settings, self.limits)

    def tick(self, at: datetime = NOON, *names: str, **how: Any) -> int:
        return self.scheduler().tick(at, self.listener, names, **how)

    def run(self) -> Run:
        """The one run that has ended."""
        (run,) = self.listener.runs
        return run

    # the host

    def call(self, target: Callable[..., Any]) -> Any:
        return target()

    def environment(self) -> str:
        return self.app_env

    def is_down(self) -> bool:
        return self.down

    @property
    def base_path(self) -> str:
        return self.folder

    def run_listeners(self, settings: Settings) -> list[Any]:
        return self.listeners

    def before_fork(self) -> None:
        """Nothing is needed."""

    def after_fork(self) -> None:
        """Nothing here is shared."""

    def worker_module(self) -> str:
        return "scheduler.masonite.worker_main"

    def open_store(self, settings: Settings) -> Any:
        return self.store


def task(does: Callable[..., Any], name: str = "Job", **attributes: Any) -> type[Task]:
    """A task that is due each minute, UTC."""
    said = {"run_every": "1 minute", "timezone": "UTC", "handle": lambda _self: does(), **attributes}
    return type(name, (Task,), said)


def nothing() -> None:
    """What most tasks here do."""


def process_that_is_gone() -> str:
    """An owner that has ended."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        return str(process_identity(process.pid))
