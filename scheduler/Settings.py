"""What `config/scheduler.py` says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from scheduler import clock
from scheduler.errors import InvalidSchedule, UnacceptableValue
from scheduler.Policy import DEFAULT, FIELDS, OF_ONE_TASK, Policy, duration, policy_from

STORES: Final = ("local", "database", "memory")
TITLE: Final = "config/scheduler"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set; the defaults are right for most."""

    store: str = "local"
    path: str = "storage/framework/scheduler.sqlite3"
    connection: str | None = None
    workers: int = 8
    lease: timedelta = timedelta(seconds=60)
    stop_grace: timedelta = timedelta(seconds=30)
    kill_grace: timedelta = timedelta(seconds=10)
    keep_days: int = 30
    log_channel: str | None = None
    policy: Policy = DEFAULT

    @classmethod
    def read(cls, setting: Callable[[str], Any]) -> Settings:
        """Return what `setting`, asked for each name, gives; raise `InvalidSchedule` for a value without meaning."""
        readers: dict[str, Callable[[object], Any]] = {
            "store": _store,
            "path": _text,
            "connection": _text,
            "workers": _at_least_one,
            "lease": _at_least_a_second,
            "stop_grace": duration,
            "kill_grace": duration,
            "keep_days": _at_least_one,
            "log_channel": _text,
        }
        found: dict[str, Any] = {}
        for name, reader in readers.items():
            value = setting(name)
            if value is not None:
                found[name] = _read(name, value, reader)
        if zone := setting("timezone"):
            _read("timezone", zone, clock.zone_named)
        policy = {name: value for name in FIELDS if (value := _default(setting, name)) is not None}
        return cls(**found, policy=_policy(policy))


def _default(setting: Callable[[str], Any], name: str) -> Any:
    return None if name in OF_ONE_TASK else setting(name)


def _read(name: str, value: object, reader: Callable[[object], Any]) -> Any:
    try:
        return reader(value)
    except UnacceptableValue as error:
        raise InvalidSchedule(TITLE, name.upper(), value, error.problem, error.examples) from None


def _policy(values: dict[str, Any]) -> Policy:
    try:
        return policy_from(TITLE, values)
    except InvalidSchedule as error:
        raise InvalidSchedule(TITLE, error.attribute.upper(), error.value, error.problem, error.examples) from None


def _store(value: object) -> str:
    if value not in STORES:
        raise UnacceptableValue(value, f"is none of {', '.join(STORES)}", "'local'", "'database'")
    return str(value)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise UnacceptableValue(value, "is no text", "'scheduler'")
    return value


def _at_least_one(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UnacceptableValue(value, "is no whole number, 1 or more", "8", "30")
    return value


def _at_least_a_second(value: object) -> timedelta:
    result = duration(value)
    if result < timedelta(seconds=1):
        raise UnacceptableValue(value, "is shorter than a second", "'60 seconds'")
    return result
