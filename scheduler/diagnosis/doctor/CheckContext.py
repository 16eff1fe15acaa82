"""What checks look at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Protocol

from scheduler import clock
from scheduler.Scheduler import Scheduler
from scheduler.Settings import Settings
from scheduler.stores import Store
from scheduler.TaskRegistry import Tasks


class App(Protocol):
    """What the doctor needs of the app."""

    @property
    def base_path(self) -> str:
        """The folder of the app."""

    def lists_builtin_provider(self) -> bool:
        """Tell whether Masonite's own provider of a scheduler is listed too."""

    def store_path(self, path: str) -> str:
        """Return the file of the local store, which the settings call `path`."""


class Surroundings:
    """The scheduler, its store and the app, each looked at when a check first asks for it."""

    def __init__(self, scheduler: Callable[[], Scheduler], app: App) -> None:
        self._scheduler = scheduler
        self.app = app
        self.now: datetime = clock.real_now()

    @property
    def scheduler(self) -> Scheduler:
        """The scheduler; raises `InvalidSchedule` where `config/scheduler.py` has a value without meaning."""
        return self._scheduler()

    @property
    def settings(self) -> Settings:
        """What `config/scheduler.py` says."""
        return self.scheduler.settings

    @property
    def store(self) -> Store:
        """The store; each of its methods raises `StoreUnavailable` where it cannot be reached."""
        return self.scheduler.store

    @cached_property
    def tasks(self) -> Tasks:
        """All tasks of the app."""
        return self.scheduler.find()
