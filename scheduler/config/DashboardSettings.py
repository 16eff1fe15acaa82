"""The settings in `DASHBOARD` of `config/scheduler.py`."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from scheduler.errors import UnacceptableValue

CHARACTERS: Final = frozenset(f"{string.ascii_letters}{string.digits}._~-")
"""The characters allowed in the parts of a path."""
NAMES: Final = ("prefix", "middleware", "title")


class DashboardSettings(NamedTuple):
    """Where the dashboard is, which route middleware its requests pass through, and its title.

    A tuple, and no regular expression below: each process of the app that starts waits for them.
    """

    prefix: str = "/schedule"
    middleware: tuple[str, ...] = ("web",)
    title: str = "Schedule"

    @classmethod
    def read(cls, values: object) -> DashboardSettings:
        """Return the settings that a dictionary gives; raise `UnacceptableValue` for an invalid value."""
        if not isinstance(values, Mapping):
            raise UnacceptableValue(values, "is not a dictionary", "{'prefix': '/schedule'}", "{}")
        unknown = sorted(str(name) for name in values if name not in NAMES)
        if unknown:
            raise UnacceptableValue(values, f"has no {unknown[0]!r}", *(repr(name) for name in NAMES))
        readers = {"prefix": _prefix, "middleware": _middleware, "title": _title}
        given: dict[str, Any] = {
            name: reader(values[name]) for name, reader in readers.items() if values.get(name) is not None
        }
        return cls(**given)


def _prefix(value: object) -> str:
    if not isinstance(value, str) or not _is_path(value.rstrip("/")):
        problem = f"has the prefix {value!r}, which is not a path"
        raise UnacceptableValue(value, problem, "'/schedule'", "'/admin/schedule'")
    return value.rstrip("/")


def _is_path(text: str) -> bool:
    root, *parts = text.split("/")
    return not root and bool(parts) and all(part.strip(".") and set(part) <= CHARACTERS for part in parts)


def _middleware(value: object) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) and name for name in names):
        problem = f"has the middleware {value!r}, which is not a list of names"
        raise UnacceptableValue(value, problem, "['web']", "['web', 'auth']")
    return tuple(names)


def _title(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UnacceptableValue(value, f"has the title {value!r}, which is not a text", "'Schedule'", "'Nightly jobs'")
    return value.strip()
