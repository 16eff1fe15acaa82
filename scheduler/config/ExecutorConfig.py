"""The executors of `config/scheduler.py`: where runs are executed if not on the server that claims them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from scheduler.config.TaskOptions import LOCAL
from scheduler.errors import UnacceptableValue

KEYS: Final = {
    "celery": (("app",), ("queue",)),
    "queue": ((), ("connection", "queue")),
    "custom": (("submit",), ()),
}
"""The keys of each driver: those it needs, and those it may have."""
LONGEST_NAME: Final = 64
FEW: Final = 4
"""How many names a message lists."""
EXAMPLE: Final = "{'reports': {'driver': 'celery', 'app': 'app.celery.celery', 'queue': 'reports'}}"


@dataclass(frozen=True, slots=True)
class ExecutorConfig:
    """One executor: its name, its driver, and what the driver needs. `problem` is what is wrong with it."""

    name: str
    driver: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


def read_executors(value: object) -> dict[str, ExecutorConfig]:
    """Return the executors of EXECUTORS by name; an invalid one has its problem, so that only its own tasks break."""
    if not isinstance(value, Mapping):
        raise UnacceptableValue(value, "is not a dictionary of executors", EXAMPLE)
    for name in value:
        if not isinstance(name, str) or not name or len(name) > LONGEST_NAME or name == LOCAL:
            problem = f"{name!r} cannot be the name of an executor: use 1 to {LONGEST_NAME} letters, and not 'local'"
            raise UnacceptableValue(value, problem, EXAMPLE)
    return {name: _read_one(name, options) for name, options in value.items()}


def closest(name: str, known: Iterable[str]) -> str:
    """Return a hint with the known name that is closest to `name`, or with all of them; empty if there are none."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for somebody who has mistyped

    names = list(known)
    close = get_close_matches(name, names, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; use {' or '.join(repr(each) for each in names)}" if 0 < len(names) <= FEW else ""


def _read_one(name: str, options: Any) -> ExecutorConfig:
    if not isinstance(options, Mapping):
        return ExecutorConfig(name, problem=f"{options!r} is not a dictionary with a 'driver'")
    driver = options.get("driver")
    if driver not in KEYS:
        return ExecutorConfig(name, problem=f"its driver {driver!r} does not exist{closest(str(driver), KEYS)}")
    needed, optional = KEYS[driver]
    given = {key: value for key, value in options.items() if key != "driver" and value is not None}
    for key, value in given.items():
        if key not in needed + optional:
            problem = f"the driver {driver!r} has no option {key!r}{closest(str(key), needed + optional)}"
            return ExecutorConfig(name, driver, problem=problem)
        if not isinstance(value, str) or not value:
            return ExecutorConfig(name, driver, problem=f"its {key} {value!r} is not text")
    for key in needed:
        if key not in given:
            return ExecutorConfig(name, driver, problem=f"the driver {driver!r} needs the option {key!r}")
    return ExecutorConfig(name, driver, given)
