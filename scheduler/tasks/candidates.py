"""Objects that may be tasks, before their rules are read; inspecting one never stops the others."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from scheduler.Task import PROBLEM_STATE, SCHEDULE_STATE
from scheduler.tasks.failures import relative
from scheduler.tasks.inspection import class_of, is_class
from scheduler.tasks.Notice import Notice
from scheduler.text import mask_secrets

NOT_COMPARED = frozenset({SCHEDULE_STATE, "defined_at"})
"""State of an instance that does not distinguish it from another."""


class Candidate(NamedTuple):
    """A task or a task class, its preferred key, its name, and the dotted name of its class."""

    key: str
    target: Any
    name: str
    path: str


def candidate(binding: str | None, target: Any) -> Candidate:
    """Return the candidate for a target; raises any error of its properties, metaclass or `__getattr__`."""
    cls = class_of(target)
    name = str(getattr(target, "name", "") or "").strip()
    return Candidate((binding or _default_key(target)).strip(), target, name, f"{cls.__module__}.{cls.__qualname__}")


def _default_key(target: Any) -> str:
    if is_class(target):
        return str(target.__name__)
    command = getattr(target, "command", "") if type(target).__module__ == "masonite.scheduling.CommandTask" else ""
    named = str(getattr(target, "name", "") or "") if command else ""
    return str(getattr(target, "default_key", "") or named or mask_secrets(command) or type(target).__name__)


def identity(target: Any) -> object:
    """Return a value that is equal for tasks that are the same: the class, or the class and an instance's state."""
    if is_class(target):
        return id(target)
    state = sorted((name, _text_of(value)) for name, value in vars(target).items() if name not in NOT_COMPARED)
    return id(type(target)), tuple(state)


def _text_of(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - whatever a task keeps has a repr of its own
        return str(id(value))


def with_own_keys(candidates: Iterable[Candidate], notices: list[Notice]) -> list[Candidate]:
    """Give every task a key of its own: tasks that share one have their names instead, or else their module paths."""
    candidates = list(candidates)
    counts = Counter(each.key for each in candidates)
    taken = Counter(key for key, count in counts.items() if count == 1)
    result = []
    for each in candidates:
        own = each.key
        if counts[own] > 1:
            own = each.name if each.name and not taken[each.name] else each.path
            taken[own] += 1
            own = own if taken[own] == 1 else f"{own}#{taken[own]}"
        result.append(each._replace(key=own))
    for key in sorted(key for key, count in counts.items() if count > 1):
        same = [(old, new) for old, new in zip(candidates, result, strict=True) if old.key == key]
        names = {old.name for old, _ in same}
        if len(names) < len(same) or "" in names:
            keys = ", ".join(new.key for _, new in same)
            text = f"{len(same)} tasks have the key {key!r} and are listed as {keys}: give each a name of its own"
            notices.append(Notice(text, *(new.key for _, new in same)))
    return result


def names_of(key: str, target: Any) -> frozenset[str]:
    """Return everything that `--task` may call a broken task, as far as it can be asked."""
    names = {key}
    with suppress(BaseException):
        names |= {class_of(target).__name__, str(getattr(target, "name", "") or "")}
    return frozenset(name for name in names if name)


def title_of(target: Any) -> str:
    """Return the name of a target's class for messages."""
    return str(type.__getattribute__(class_of(target), "__name__"))


def place_of(target: Any) -> str:
    """Return the file and line where a task was made or its class is written, empty if that is unknown."""
    try:
        state: Mapping[str, Any] = {} if is_class(target) else vars(target)
        if PROBLEM_STATE in state:
            return str(state[PROBLEM_STATE][1])
        if state.get("defined_at"):
            return str(state["defined_at"])
        cls = class_of(target)
        return f"{relative(inspect.getsourcefile(cls) or '')}:{inspect.getsourcelines(cls)[1]}"
    except Exception:  # noqa: BLE001 - a broken object cannot always be asked
        return ""
