"""From container objects, added objects and discovered files to ordered, uniquely keyed tasks."""

from __future__ import annotations

import hashlib
import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from scheduler import clock
from scheduler.discovery import discovered_classes
from scheduler.errors import SchedulerError, UnknownTask
from scheduler.failures import described, relative
from scheduler.injection import injectable
from scheduler.inspection import (
    AskedRule,
    check_handle,
    class_of,
    environments_of,
    is_base,
    is_task,
    overrides_should_run,
    schedules_itself,
)
from scheduler.Policy import DEFAULT, Policy, policy_of
from scheduler.process import host_name
from scheduler.rules import Rule
from scheduler.Task import SCHEDULE_STATE, Task, schedule_of

LONGEST_KEY = 160


@dataclass(frozen=True, slots=True)
class RegisteredTask:
    """A task under the key that stands for it; `target` is its class, or the instance that was registered."""

    key: str
    target: Any
    rule: Rule | None
    zone: tzinfo
    policy: Policy = DEFAULT

    @property
    def name(self) -> str:
        """The name it was given, empty if none."""
        return str(getattr(self.target, "name", "") or "")

    @property
    def class_name(self) -> str:
        """The name of its class."""
        return class_of(self.target).__name__

    @property
    def names(self) -> AbstractSet[str]:
        """Everything `--task` may call it."""
        return {self.key, self.class_name} | ({self.name} if self.name else set())

    @property
    def claim_key(self) -> str:
        """What its claims, leases and cursor are kept under: its key, on each server another where all run it."""
        return f"{self.key} on {host_name()}" if self.policy.on_every_server else self.key

    @property
    def is_foreseeable(self) -> bool:
        """Whether its fire times can be told before they have come."""
        return not isinstance(self.rule, AskedRule)

    @property
    def has_hooks(self) -> bool:
        """Whether it wants to be told of failures."""
        cls = class_of(self.target)
        return any(getattr(cls, name, None) not in {None, getattr(Task, name)} for name in ("failed", "after"))

    def describe(self) -> str:
        """Return its rule in words."""
        return self.rule.describe() if self.rule else "only on demand"


def unknown_task(key: str) -> RegisteredTask:
    """Return what stands for a task of which only a run is left: the app no longer has it."""
    return RegisteredTask(key, None, None, clock.default_zone())


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that is no usable task: its key or file, what is wrong, and where."""

    key: str
    error: str
    location: str = ""
    traceback: str = ""
    names: AbstractSet[str] = frozenset()


@dataclass(slots=True)
class Tasks:
    """All tasks of an app: the usable ones in order, the broken ones, and what should be said about them."""

    usable: list[RegisteredTask] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def _names(self) -> list[AbstractSet[str]]:
        return [task.names for task in self.usable] + [task.names for task in self.broken]

    def called(self, names: Iterable[str]) -> Tasks:
        """Return only the tasks that `names` call: keys, names or class names. Raises `UnknownTask`."""
        wanted = list(names)
        known = {name for names in self._names() for name in names}
        for name in wanted:
            if name not in known:
                raise UnknownTask(_unknown(name, known, self.broken))
        return Tasks(
            [task for task in self.usable if not task.names.isdisjoint(wanted)],
            [task for task in self.broken if not task.names.isdisjoint(wanted)],
            self.notices,
        )


class TaskRegistry:
    """Finds every task of an app.

    `bound` returns what the container holds, `build` makes an instance of a class with injection, `location` is the
    folder of task files and its dotted name, `policy` what
    holds where a task says nothing. What `add` was given comes beside them.
    """

    def __init__(
        self,
        bound: Callable[[], Mapping[Any, Any]],
        build: Callable[[type], Any],
        location: Callable[[], tuple[str, str]],
        policy: Policy = DEFAULT,
    ) -> None:
        self._policy = policy
        self._bound = bound
        self._build = build
        self._location = location
        self.added: list[Any] = []

    def add(self, *tasks: Any) -> None:
        """Register task classes or instances."""
        self.added += tasks

    def tasks(self) -> Tasks:
        """Return every task: bound ones first, then added ones, then those found in files."""
        result = Tasks()
        candidates = self._registered(result)
        classes, broken_files = discovered_classes(*self._location())
        taken = {class_of(target) for _, target in candidates}
        candidates += [
            (None, found) for found in classes if is_task(found) and found not in taken and not is_base(found, classes)
        ]
        for key, target in _keyed(candidates, result.notices):
            self._register(key, target, result)
        result.broken += [
            Broken(file.path, file.error, file.location, file.traceback, file.names) for file in broken_files
        ]
        _notice_equal_names(result)
        return result

    def _registered(self, result: Tasks) -> list[tuple[str | None, Any]]:
        """Return what was bound and added, each once, with the binding where that is a string."""
        bound = [(key if isinstance(key, str) else None, target) for key, target in self._bound().items()]
        every = [(key, target) for key, target in bound if is_task(target)]
        for target in self.added:
            if is_task(target):
                every.append((None, target))
            else:
                result.broken.append(
                    Broken(
                        _title(target), f"{target!r} was added to the scheduler but is no task: subclass scheduler.Task"
                    )
                )
        instances = {class_of(target) for _, target in every if not inspect.isclass(target)}
        kept: dict[object, tuple[str | None, Any]] = {}
        for key, target in every:
            if inspect.isclass(target) and target in instances:
                continue
            twin_key, _ = kept.setdefault(_identity(target), (key, target))
            if key and twin_key and key != twin_key:
                result.notices.append(
                    f"{_title(target)} is bound twice, as {twin_key!r} and {key!r}, and runs once, as {twin_key!r}: "
                    "remove the other binding"
                )
        return list(kept.values())

    def _register(self, key: str, target: Any, result: Tasks) -> None:
        try:
            target = self._ready(target)
            rule, zone = schedule_of(target)
            if overrides_should_run(target):
                rule = AskedRule(target, rule)
            policy = policy_of(_title(target), target, self._policy)
            environments_of(target)
            result.usable.append(RegisteredTask(_stored(key), target, rule, zone, policy))
        except SchedulerError as error:
            message = str(error)
            result.broken.append(
                Broken(
                    key, message if key in message else f"{key}: {message}", _where(target), names=_names(key, target)
                )
            )
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the constructor is its user's code
            failure = described(error)
            result.broken.append(Broken(key, failure.error, failure.location, failure.traceback, _names(key, target)))

    def _ready(self, target: Any) -> Any:
        """Return what can be judged: an instance where only that knows when it runs, else `target` itself."""
        check_handle(target)
        if not inspect.isclass(target):
            return target
        injectable(target)
        if overrides_should_run(target) or schedules_itself(target):
            return self._build(target)
        return target


def _identity(target: Any) -> object:
    """Return what is equal for tasks that are the same: the class, or the class and everything an instance was told."""
    if inspect.isclass(target):
        return target
    told = sorted((name, _told(value)) for name, value in vars(target).items() if name != SCHEDULE_STATE)
    return type(target), tuple(told)


def _told(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - whatever a task keeps has a repr of its own
        return str(id(value))


def _keyed(candidates: list[tuple[str | None, Any]], notices: list[str]) -> list[tuple[str, Any]]:
    """Give every task a key of its own: tasks that share one have their names instead, or else their module paths."""
    keyed = [((key or _default_key(target)).strip(), target) for key, target in candidates]
    counts = Counter(key for key, _ in keyed)
    taken = Counter(key for key, count in counts.items() if count == 1)
    result = []
    for key, target in keyed:
        own = key
        if counts[key] > 1:
            name = str(getattr(target, "name", "") or "")
            own = name if name and not taken[name] else f"{class_of(target).__module__}.{class_of(target).__qualname__}"
            taken[own] += 1
            own = own if taken[own] == 1 else f"{own}#{taken[own]}"
        result.append((own, target))
    for key in sorted(key for key, count in counts.items() if count > 1):
        told_apart = [own for (old, target), (own, _) in zip(keyed, result, strict=True) if old == key]
        names = {getattr(target, "name", "") for old, target in keyed if old == key}
        if len(names) < len(told_apart) or "" in names:
            notices.append(
                f"{len(told_apart)} tasks have the key {key!r} and are told apart as {', '.join(told_apart)}: "
                "give each a name of its own"
            )
    return result


def _stored(key: str) -> str:
    """Return a key that fits a column of a database: the end of a very long one becomes a digest."""
    if len(key) <= LONGEST_KEY:
        return key
    return f"{key[: LONGEST_KEY - 17]} {hashlib.sha256(key.encode()).hexdigest()[:16]}"


def _default_key(target: Any) -> str:
    if inspect.isclass(target):
        return target.__name__
    command = getattr(target, "command", "") if type(target).__module__ == "masonite.scheduling.CommandTask" else ""
    return str(getattr(target, "default_key", "") or command or type(target).__name__)


def _notice_equal_names(tasks: Tasks) -> None:
    for name, count in Counter(task.name for task in tasks.usable if task.name).items():
        if count > 1:
            keys = ", ".join(task.key for task in tasks.usable if task.name == name)
            tasks.notices.append(
                f"{count} tasks have the name {name!r} ({keys}): --task {name} means all of them; rename all but one"
            )


def _names(key: str, target: Any) -> frozenset[str]:
    name = getattr(target, "name", "")
    return frozenset({key, class_of(target).__name__} | ({name} if isinstance(name, str) and name else set()))


def _title(target: Any) -> str:
    return class_of(target).__name__


def _where(target: Any) -> str:
    cls = class_of(target)
    try:
        return f"{relative(inspect.getsourcefile(cls) or '')}:{inspect.getsourcelines(cls)[1]}"
    except (OSError, TypeError):
        return ""


def _unknown(name: str, known: set[str], broken: list[Broken]) -> str:
    message = f"there is no task {name!r}"
    from difflib import get_close_matches  # noqa: PLC0415 - only for somebody who has mistyped

    close = get_close_matches(name, known, n=3)
    if close:
        message += f"; did you mean {' or '.join(close)}?"
    elif known:
        message += "; `craft schedule:list` shows those there are"
    else:
        message += "; there are no tasks yet: `craft task SayHi` writes one"
    return message + "".join(
        f"\n  (and {task.key} could not be loaded: {task.error})" for task in broken if task.location and not task.names
    )
