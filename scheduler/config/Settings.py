"""The settings in `config/scheduler.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any, Final

from scheduler.config import readers
from scheduler.config.DashboardSettings import DashboardSettings
from scheduler.config.ExecutorConfig import ExecutorConfig, read_executors
from scheduler.config.TaskOptions import DEFAULT, OPTIONS, TASK_ONLY_OPTIONS, Reader, TaskOptions, read_options
from scheduler.errors import InvalidSchedule, UnacceptableValue
from scheduler.private_folder import FOLDER
from scheduler.rules import zones

TITLE: Final = "config/scheduler"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; the defaults are right for most apps.

    Each field is a setting: its name, default and reader. `options` are those of tasks that do not set their own.
    """

    store: str = field(default="local", metadata={"reader": readers.store})
    folder: str = field(default=FOLDER, metadata={"reader": readers.folder})
    path: str | None = field(default=None, metadata={"reader": readers.path})
    connection: str | None = field(default=None, metadata={"reader": readers.text})
    workers: int = field(default=8, metadata={"reader": readers.at_least_one})
    lease: timedelta = field(default=timedelta(seconds=60), metadata={"reader": readers.at_least_a_second})
    stop_grace: timedelta = field(default=timedelta(seconds=30), metadata={"reader": readers.length})
    kill_grace: timedelta = field(default=timedelta(seconds=10), metadata={"reader": readers.length})
    keep_days: int = field(default=30, metadata={"reader": readers.days})
    log_channel: str | None = field(default=None, metadata={"reader": readers.text})
    executors: Mapping[str, ExecutorConfig] = field(default_factory=dict, metadata={"reader": read_executors})
    dashboard: DashboardSettings = field(
        default_factory=DashboardSettings, metadata={"reader": DashboardSettings.read}
    )
    options: TaskOptions = DEFAULT

    @property
    def takeover(self) -> timedelta:
        """Return how long after its last heartbeat a run is taken over: its owner has `kill_grace` to end it."""
        return self.lease + self.kill_grace

    @classmethod
    def read(cls, setting_of: Callable[[str], Any]) -> Settings:
        """Return the settings that `setting_of` gives by name; raise `InvalidSchedule` for an invalid value."""
        found: dict[str, Any] = {}
        for name, reader in SETTINGS.items():
            value = setting_of(name)
            if value is not None:
                found[name] = _read(name, value, reader)
        if zone := setting_of("timezone"):
            _read("timezone", zone, zones.zone_named)
        values = {name: value for name in TASK_DEFAULTS if (value := setting_of(name)) is not None}
        return cls(**found, options=_options(values))


SETTINGS: Final = {each.name: each.metadata["reader"] for each in fields(Settings) if each.name != "options"}
TASK_DEFAULTS: Final = tuple(name for name in OPTIONS if name not in TASK_ONLY_OPTIONS)
"""The settings that hold for tasks that do not set an attribute of the same name."""
NAMES: Final = ("timezone", *SETTINGS, *TASK_DEFAULTS)
"""All settings, by name; in `config/scheduler.py` they are written in capitals."""


def _read(name: str, value: object, reader: Reader) -> Any:
    try:
        return reader(value)
    except UnacceptableValue as error:
        raise InvalidSchedule(TITLE, name.upper(), value, error.problem, error.examples) from None


def _options(values: dict[str, Any]) -> TaskOptions:
    try:
        return read_options(TITLE, values)
    except InvalidSchedule as error:
        raise InvalidSchedule(TITLE, error.attribute.upper(), error.value, error.problem, error.examples) from None
