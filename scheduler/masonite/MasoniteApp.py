"""A Masonite application as the scheduler sees it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from scheduler.private_folder import FOLDER, OLD_STORE, STORE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scheduler.config.Settings import Settings
    from scheduler.executors import Executors
    from scheduler.listeners import RunListener
    from scheduler.runs import Run
    from scheduler.stores import Store

DEFAULT_LOCATION = "app/tasks"


class MasoniteApp:
    """Adapts a Masonite 4 or 5 application to the scheduler."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._stores: list[Store] = []

    def bound(self) -> Mapping[Any, Any]:
        """Return everything the container holds."""
        return dict(self._application.objects)

    def call(self, target: Callable[..., Any]) -> Any:
        """Call `target` (a class too) with its parameters injected."""
        from scheduler.tasks.injection import inject  # noqa: PLC0415 - only where tasks are run

        return inject(self._application, target)

    def hand_over(self, executor: str, runs: Sequence[Run]) -> None:
        """Hand runs to the workers of an executor; raise `ExecutorUnavailable` if that fails."""
        self.executors.submit(executor, runs)

    def prepare_executor(self, executor: str) -> None:
        """Load what an executor needs; a problem is reported when a run is handed over."""
        from scheduler.errors import ExecutorUnavailable  # noqa: PLC0415 - only where tasks have executors

        with suppress(ExecutorUnavailable):
            self.executors.prepare(executor)

    def executor_problem(self, executor: str) -> str:
        """Return what keeps tasks from using an executor, empty if nothing does."""
        return "" if executor == "local" else self.executors.problem(executor)

    @cached_property
    def executors(self) -> Executors:
        """Return the executors of `config/scheduler.py`."""
        from scheduler.config.Settings import Settings  # noqa: PLC0415 - only where tasks have executors
        from scheduler.executors import Executors  # noqa: PLC0415 - see above

        settings = Settings.read(self.setting)
        return Executors(settings.executors, self._application, settings.store)

    def environment(self) -> str:
        """Return the value of `APP_ENV`; Masonite 4's own `environment()` always says "testing" to pytest."""
        return os.environ.get("APP_ENV", "")

    def identity(self) -> tuple[str, str, str]:
        """Return the app's name, its environment and its key; without a key no app boots."""
        config = self._application.make("config")
        name, key = (str(config.get(f"application.{value}") or "") for value in ("name", "key"))
        return name, self.environment(), key

    def is_down(self) -> bool:
        """Return whether `craft down` put the app into maintenance."""
        return os.path.exists(os.path.join(self.base_path, ".down"))

    @property
    def base_path(self) -> str:
        """Return the folder of the app."""
        return str(getattr(self._application, "base_path", None) or os.getcwd())

    def missing_gates(self, *abilities: str) -> list[str] | None:
        """Return which of these gates the app has not defined, None if it does not list the dashboard's provider."""
        if not any(type(each).__name__ == "ScheduleDashboardProvider" for each in self._application.providers):
            return None
        gate = self._application.make("gate") if self._application.has("gate") else None
        return [ability for ability in abilities if gate is None or not gate.has(ability)]

    def schedules_in_boot(self) -> list[type]:
        """Return the providers whose `boot` adds tasks: craft never calls it."""
        found = {type(each) for each in self._application.providers if _adds_tasks(type(each))}
        return sorted(found, key=lambda cls: cls.__name__)

    def lists_builtin_provider(self) -> bool:
        """Return whether Masonite's own provider of a scheduler is listed too."""
        return any(type(each).__module__.startswith("masonite.scheduling") for each in self._application.providers)

    def served_folders(self) -> list[str]:
        """Return the folders whose files Masonite serves to the web: with its WhitenoiseProvider, all of `storage/`."""
        app = self._application
        if not any(cls.__name__ == "WhitenoiseProvider" for each in app.providers for cls in type(each).__mro__):
            return []
        assets = app.make("storage_capsule").get_storage_assets() if app.has("storage_capsule") else {}
        folders = (app.get_storage_path(), *assets)
        return [os.path.join(self.base_path, str(folder)) for folder in folders if folder]

    def task_location(self) -> tuple[str, str]:
        """Return the folder of task files, and its dotted name."""
        relative = self._location("tasks.location", DEFAULT_LOCATION)
        return os.path.join(self.base_path, relative), relative.replace("/", ".")

    def migration_location(self) -> str:
        """Return the folder of migrations."""
        return os.path.join(self.base_path, self._location("migrations.location", "databases/migrations"))

    def migrate_command(self, settings: Settings) -> str:
        """Return the command that creates the tables of the "database" store."""
        from scheduler.masonite.database import migrate_command  # noqa: PLC0415 - most use the local one

        return migrate_command(self._application, settings.connection if settings.store == "database" else None)

    def config_location(self) -> str:
        """Return the folder of the app's configuration, relative to the app's."""
        return self._location("config.location", "config")

    def _location(self, name: str, default: str) -> str:
        location = self._application.make(name) if self._application.has(name) else default
        return str(location).replace(".", "/").strip("/")

    def before_fork(self) -> None:
        """Load what `after_fork` needs, so that no child has to."""
        from scheduler.masonite import inherited_connections  # noqa: F401, PLC0415 - only where tasks are run

    def after_fork(self) -> None:
        """Forget what a forked child must not share with its parent: connections to databases."""
        from scheduler.masonite.inherited_connections import forget_connections  # noqa: PLC0415 - see before_fork

        forget_connections()
        for store in self._stores:
            store.connection.forget()

    def worker_module(self) -> str:
        """Return the module that a fresh interpreter runs as a worker (`python -m`)."""
        from scheduler.masonite import worker_main  # noqa: PLC0415 - only where tasks are run

        return worker_main.__name__

    def private_folder(self) -> str:
        """Return the folder of all files that the scheduler writes."""
        return os.path.join(self.base_path, os.path.normpath(str(self.setting("folder") or FOLDER)))

    def store_path(self, path: str | None = None) -> str:
        """Return the file of the local store, `path` or the setting; version 4.0.0's default means none of its own."""
        path = path or self.setting("path")
        if path in {None, OLD_STORE}:
            return os.path.join(self.private_folder(), STORE)
        return os.path.join(self.base_path, str(path))

    def has_store(self) -> bool:
        """Return whether there is a local store, be it where version 4.0.0 had it."""
        return any(map(os.path.exists, (self.store_path(), os.path.join(self.base_path, OLD_STORE))))

    def open_store(self, settings: Settings) -> Store:
        """Return the store that the settings name."""
        from scheduler.stores import Store, local_store, memory_store  # noqa: PLC0415 - only the schedule's own

        if settings.store == "memory":
            store = memory_store()
        elif settings.store == "local":
            store = local_store(self.store_path(settings.path), os.path.join(self.base_path, OLD_STORE))
        else:
            from scheduler.masonite.database import connection_of  # noqa: PLC0415 - most use the local one

            store = Store(connection_of(self._application, settings.connection))
        self._stores.append(store)
        return store

    def run_listeners(self, settings: Settings) -> list[RunListener]:
        """Return the listeners that notify logs, monitors, people and the app's own event listeners."""
        from scheduler.listeners import (  # noqa: PLC0415 - only where tasks are run
            EventListener,
            LogListener,
            NotificationListener,
            PingListener,
        )
        from scheduler.masonite import notifications as telling  # noqa: PLC0415 - see above

        app = self._application
        return [
            LogListener(settings.log_channel, telling.log_of(app, settings.log_channel)),
            PingListener(),
            NotificationListener(telling.mail_of(app), telling.slack_of(app), telling.notify_with(app)),
            EventListener(telling.events_of(app)),
        ]

    def log_channels(self) -> list[str]:
        """Return the names of the channels of `config/logging.py`, which Masonite 5 has."""
        channels = self._application.make("config").get("logging.channels")
        return [str(name) for name in channels.keys()] if hasattr(channels, "keys") else []  # noqa: SIM118 - no dict

    def setting(self, name: str) -> Any:
        """Return one value of `config/scheduler.py`, or None if it is not set."""
        if not self._application.has("config"):
            return None
        value = self._application.make("config").get(f"scheduler.{name}")
        return value.to_dict() if hasattr(value, "to_dict") else value  # Masonite wraps dictionaries


def _adds_tasks(provider: type) -> bool:
    """Return whether the code of a provider's own `boot` names the scheduler or a method of `CanSchedule`."""
    code = getattr(provider.__dict__.get("boot"), "__code__", None)
    if code is None:
        return False
    from scheduler.masonite.CanSchedule import CanSchedule  # noqa: PLC0415 - hardly ever

    methods = {name for name in vars(CanSchedule) if not name.startswith("_")}
    return "scheduler" in code.co_consts or (issubclass(provider, CanSchedule) and bool(methods & set(code.co_names)))
