"""A Masonite application as the scheduler sees it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scheduler.listeners import RunListener
    from scheduler.Settings import Settings
    from scheduler.stores import DatabaseStore

DEFAULT_LOCATION = "app/tasks"
DEFAULT_STORE = "storage/framework/scheduler.sqlite3"


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
        from scheduler.injection import injected  # noqa: PLC0415 - only where tasks are run

        return injected(self._application, target)

    def environment(self) -> str:
        """Return what `APP_ENV` says; Masonite 4's own `environment()` always says "testing" to pytest."""
        return os.environ.get("APP_ENV", "")

    def identity(self) -> tuple[str, str, str]:
        """Return the app's name, its environment and its key; without a key no app boots."""
        config = self._application.make("config")
        name, key = (str(config.get(f"application.{value}") or "") for value in ("name", "key"))
        return name, self.environment(), key

    def is_down(self) -> bool:
        """Tell whether `craft down` put the app into maintenance."""
        return os.path.exists(os.path.join(self.base_path, ".down"))

    @property
    def base_path(self) -> str:
        """The folder of the app."""
        return str(getattr(self._application, "base_path", None) or os.getcwd())

    def lists_builtin_provider(self) -> bool:
        """Tell whether Masonite's own provider of a scheduler is listed too."""
        return any(type(each).__module__.startswith("masonite.scheduling") for each in self._application.providers)

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
        from scheduler.masonite.database import forget_connections  # noqa: PLC0415 - only where tasks are run

        forget_connections()
        for store in self._stores:
            store.connection.forget()

    def store_path(self, path: Any) -> str:
        """Return the file of the local store, which the settings call `path`."""
        return os.path.join(self.base_path, path or DEFAULT_STORE)

    def open_store(self, settings: Settings) -> DatabaseStore:
        """Return the store that the settings name."""
        from scheduler.stores import DatabaseStore, local_store, memory_store  # noqa: PLC0415 - only the schedule's own

        if settings.store == "memory":
            store = memory_store()
        elif settings.store == "local":
            store = local_store(self.store_path(settings.path))
        else:
            from scheduler.masonite.database import connection_of  # noqa: PLC0415 - most use the local one

            store = DatabaseStore(connection_of(self._application, settings.connection))
        self._stores.append(store)
        return store

    def run_listeners(self, settings: Settings) -> list[RunListener]:
        """Return who else is told of runs: logs, monitors, people, and the app's own listeners."""
        from scheduler.listeners import (  # noqa: PLC0415 - only where tasks are run
            EventListener,
            LogListener,
            NotificationListener,
            PingListener,
        )
        from scheduler.masonite import telling  # noqa: PLC0415 - see above

        app = self._application
        return [
            LogListener(settings.log_channel, telling.log_of(app, settings.log_channel)),
            PingListener(),
            NotificationListener(telling.mail_of(app), telling.slack_of(app)),
            EventListener(telling.events_of(app)),
        ]

    def setting(self, name: str) -> Any:
        """Return one value of `config/scheduler.py`, None where it is not set."""
        if not self._application.has("config"):
            return None
        return self._application.make("config").get(f"scheduler.{name}")
