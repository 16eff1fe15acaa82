"""The objects that checks examine: the scheduler, its store, the app."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Protocol

from scheduler import clock
from scheduler.config.Settings import Settings
from scheduler.execution.Scheduler import Scheduler
from scheduler.executors import Executors
from scheduler.stores import Store
from scheduler.tasks.Tasks import Tasks


class App(Protocol):
    """What the doctor needs of the app."""

    @property
    def base_path(self) -> str:
        """Return the folder of the app."""

    def environment(self) -> str:
        """Return the value of `APP_ENV`."""

    def missing_gates(self, *abilities: str) -> list[str] | None:
        """Return which of these gates the app has not defined, None if it does not list the dashboard's provider."""

    def is_down(self) -> bool:
        """Return whether the app is down for maintenance."""

    def lists_builtin_provider(self) -> bool:
        """Return whether Masonite's own provider of a scheduler is listed too."""

    def served_folders(self) -> list[str]:
        """Return the folders whose files Masonite serves to the web."""

    def private_folder(self) -> str:
        """Return the folder of all files that the scheduler writes."""

    @property
    def executors(self) -> Executors:
        """Return the executors of `config/scheduler.py`."""

    def store_path(self) -> str:
        """Return the file of the local store."""


class CheckContext:
    """The scheduler, its store and the app, each read when a check first needs it."""

    def __init__(self, scheduler: Callable[[], Scheduler], app: App) -> None:
        self._scheduler = scheduler
        self.app = app
        self.now: datetime = clock.real_now()

    @property
    def scheduler(self) -> Scheduler:
        """Return the scheduler; raise `InvalidSchedule` if `config/scheduler.py` has an invalid value."""
        return self._scheduler()

    @property
    def settings(self) -> Settings:
        """Return the settings of `config/scheduler.py`."""
        return self.scheduler.settings

    @property
    def store(self) -> Store:
        """Return the store; its methods raise `StoreUnavailable` if it cannot be reached."""
        return self.scheduler.store

    @cached_property
    def tasks(self) -> Tasks:
        """Return all tasks of the app."""
        return self.scheduler.find()
