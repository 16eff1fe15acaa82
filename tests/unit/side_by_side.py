"""Two apps with the same tasks, one of them with a cache, to which the same happens at the same times."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from scheduler import clock
from scheduler.cache import building
from scheduler.cache.idle import is_idle
from scheduler.config.Settings import Settings
from scheduler.execution.Scheduler import Scheduler
from scheduler.listeners import ConsoleListener
from scheduler.runs import Pause
from scheduler.stores import Store, local_store
from scheduler.Task import Task
from scheduler.tasks.TaskRegistry import TaskRegistry

Declared = Mapping[str, Mapping[str, object]]
"""What tasks say in their attributes, by their keys."""

NEVER = float("inf")


class Killed(BaseException):
    """The process was killed: nothing handles it."""


class Side:
    """An app in a folder of its own, whose tasks record that they were started, and fail and die as planned."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.store_path = str(folder / ".scheduler/scheduler.sqlite3")
        self.started: list[tuple[object, ...]] = []
        self.booted = 0
        self._seed = seed
        self._declared: Declared = {}
        self._edits = 0
        self._store: Store | None = None

    # what a scheduler asks of an app

    @property
    def base_path(self) -> str:
        return str(self.folder)

    def run_listeners(self, settings: Settings) -> tuple[()]:
        return ()

    def call(self, target: Callable[..., Any]) -> Any:
        return target()

    def environment(self) -> str:
        return ""

    def is_down(self) -> bool:
        return False

    def after_fork(self) -> None:
        raise AssertionError("nothing is forked here")

    def open_store(self, settings: Settings) -> Store:
        self._store = local_store(self.store_path)
        return self._store

    # what happens to it

    def edit(self, declared: Declared) -> None:
        """Change the file of tasks; each time it is longer, since a file system's clock goes in steps."""
        self._declared = declared
        self._edits += 1
        file = self.folder / "app/tasks/Tasks.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("#" * self._edits)

    @contextmanager
    def boot(self, now: datetime) -> Iterator[Scheduler]:
        self.booted += 1
        registry = TaskRegistry(dict, self.call, lambda: ("/nowhere", "nowhere"))
        scheduler = Scheduler(registry, self, Settings())
        scheduler.add(*(self._task(key, attributes) for key, attributes in self._declared.items()))
        with patch.object(clock, "real_now", lambda: now):
            try:
                yield scheduler
            finally:
                if self._store:
                    self._store.connection.close()

    def pause(self, now: datetime, minutes: int) -> None:
        """Let nothing start for some minutes."""
        store = local_store(self.store_path)
        store.pause(Pause("", now, now + timedelta(minutes=minutes)))
        store.connection.close()

    def tick(self, now: datetime) -> None:
        with self.boot(now) as scheduler, clock.standing_at(now):
            listener = ConsoleListener(lambda line: None, lambda line: None)
            try:
                scheduler.tick(now, listener, inline=True)
            except Killed:
                return
            self.refresh_cache(scheduler, now)

    def refresh_cache(self, scheduler: Scheduler, now: datetime) -> None:
        """Do what `craft schedule:run` does once it has ticked."""

    def _task(self, key: str, attributes: Mapping[str, object]) -> type[Task]:
        side = self

        def handle(task: Task) -> None:
            run = task.current_run
            what = (run.key, run.fire_time, run.attempt)
            side.started.append((*what, run.late, clock.now()))
            fate = random.Random(repr((side._seed, what))).random()
            if fate < 0.15:
                raise Killed
            if fate < 0.4:
                raise RuntimeError("it went wrong")

        return type(key, (Task,), {"timezone": "UTC", **attributes, "handle": handle})

    def state(self) -> tuple[object, ...]:
        """Return everything that must not depend on a cache."""
        store = local_store(self.store_path)
        runs = [
            (run.key, run.fire_time, run.attempt, run.outcome, run.late, run.detail, run.start_after)
            for run in store.history(limit=100_000)
        ]
        state = (self.started, runs, store.cursors(), store.ticks(), store.leases() and len(store.leases()))
        store.connection.close()
        return state


class CachedSide(Side):
    """An app that may have a cache: it boots only if the cache does not show that there is nothing to do."""

    ended_early = 0

    def cache(self, now: datetime) -> None:
        with self.boot(now) as scheduler:
            building.build(scheduler.find(), self._paths, now, NEVER).write(str(self.folder))

    def tick(self, now: datetime) -> None:
        if is_idle(str(self.folder), now.timestamp()):
            self.ended_early += 1
        else:
            super().tick(now)

    def refresh_cache(self, scheduler: Scheduler, now: datetime) -> None:
        assert scheduler.found is not None
        building.refresh(scheduler.found, scheduler.settings, self._paths, now, NEVER)

    @property
    def _paths(self) -> building.AppPaths:
        return building.AppPaths(str(self.folder), self.store_path)
