"""A Masonite application as the scheduler sees it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from scheduler.injection import injected
from scheduler.masonite.database import connection_of, forget_connections
from scheduler.Settings import Settings
from scheduler.stores import DatabaseStore, Store, local_store, memory_store

DEFAULT_LOCATION = "app/tasks"


class MasoniteApp:
    """What the scheduler asks of a Masonite 4 or 5 application."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._stores: list[DatabaseStore] = []

    def bound(self) -> Mapping[Any, Any]:
        """Return everything the container holds."""
        return dict(self._application.objects)

    def call(self, target: Callable[..., Any]) -> Any:
        """Call `target` (a class too) with its parameters injected."""
        return injected(self._application, target)

    def environment(self) -> str:
        """Return what `APP_ENV` says; Masonite 4's own `environment()` always says "testing" to pytest."""
        return os.environ.get("APP_ENV", "")

    def is_down(self) -> bool:
        """Tell whether `craft down` put the app into maintenance."""
        return os.path.exists(os.path.join(self.base_path, ".down"))

    @property
    def base_path(self) -> str:
        """The folder of the app."""
        return str(getattr(self._application, "base_path", None) or os.getcwd())

    def task_location(self) -> tuple[str, str]:
        """Return the folder of task files, and its dotted name."""
        relative = self._location("tasks.location", DEFAULT_LOCATION)
        return os.path.join(self.base_path, relative), relative.replace("/", ".")

    def migration_location(self) -> str:
        """Return the folder of migrations."""
        return os.path.join(self.base_path, self._location("migrations.location", "databases/migrations"))

    def config_location(self) -> str:
        """Return the folder of the app's configuration, relative to the app's."""
        return self._location("config.location", "config")

    def _location(self, name: str, default: str) -> str:
        location = self._application.make(name) if self._application.has(name) else default
        return str(location).replace(".", "/").strip("/")

    def after_fork(self) -> None:
        """Forget what a forked child must not share with its parent: connections to databases."""
        forget_connections()
        for store in self._stores:
            store.connection.forget()

    def open_store(self, settings: Settings) -> Store:
        """Return the store that the settings name."""
        if settings.store == "memory":
            store = memory_store()
        elif settings.store == "local":
            store = local_store(os.path.join(self.base_path, settings.path))
        else:
            store = DatabaseStore(connection_of(self._application, settings.connection))
        self._stores.append(store)
        return store

    def setting(self, name: str) -> Any:
        """Return one value of `config/scheduler.py`, None where it is not set."""
        if not self._application.has("config"):
            return None
        return self._application.make("config").get(f"scheduler.{name}")
