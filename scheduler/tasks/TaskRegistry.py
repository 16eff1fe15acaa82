"""From container objects, added objects and discovered files to ordered, uniquely keyed tasks."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from scheduler import clock
from scheduler.config.TaskOptions import DEFAULT, TaskOptions, options_of
from scheduler.errors import BrokenTask, SchedulerError
from scheduler.rules.DatedRule import DatedRule
from scheduler.Task import schedule_of
from scheduler.tasks.CallbackTask import CallbackTask
from scheduler.tasks.candidates import Candidate, candidate, identity, names_of, place_of, title_of, with_own_keys
from scheduler.tasks.CommandTask import CommandTask
from scheduler.tasks.discovery import discovered_classes
from scheduler.tasks.failures import describe_failure
from scheduler.tasks.injection import injectable
from scheduler.tasks.inspection import (
    ShouldRunRule,
    check_handle,
    class_of,
    environments_of,
    is_base,
    is_class,
    is_task,
    overrides_should_run,
    schedules_itself,
)
from scheduler.tasks.JobTask import JobTask
from scheduler.tasks.NotATask import NotATask
from scheduler.tasks.Notice import Notice
from scheduler.tasks.notices import notices_of
from scheduler.tasks.RegisteredTask import RegisteredTask
from scheduler.tasks.Tasks import TaskProblem, Tasks

LONGEST_KEY = 160


class TaskRegistry:
    """Finds every task of an app.

    `bound` returns what the container holds, `build` makes an instance of a class with injection, `location` is the
    folder of task files and its dotted name, `options` hold for tasks that do not set their own. `executor_problem`
    returns what is wrong with an executor, empty if nothing is, and
    `notices` warnings about the app's settings.
    """

    def __init__(
        self,
        bound: Callable[[], Mapping[Any, Any]],
        build: Callable[[type], Any],
        location: Callable[[], tuple[str, str]],
        options: TaskOptions = DEFAULT,
        *,
        executor_problem: Callable[[str], str] = lambda _: "",
        notices: Callable[[], list[str]] = list,
    ) -> None:
        self._notices = notices
        self._executor_problem = executor_problem
        self._defaults = options
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
        candidates: list[Candidate] = []
        registered = self._registered(result)
        for binding, target in registered:
            with _Reporting(result, target):
                candidates.append(candidate(binding, target))
        found, broken_files, notices = discovered_classes(
            *self._location(), frozenset(id(target) for _, target in registered)
        )
        taken = {id(class_of(target)) for _, target in registered}
        for cls in found:
            with _Reporting(result, cls):
                if id(cls) not in taken and not is_base(cls, found):
                    candidates.append(candidate(None, cls))
        for each in with_own_keys(candidates, result.notices):
            with _Reporting(result, each.target, each.key):
                result.usable.append(self._registered_task(each))
        result.broken += [
            TaskProblem(file.path, file.error, file.location, file.traceback, file.names) for file in broken_files
        ]
        _notice_equal_names(result)
        result.notices += map(Notice, (*notices, *self._notices()))
        for task in result.usable:
            result.notices += (Notice(text, task.key) for text in notices_of(task))
        return result

    def _registered(self, result: Tasks) -> list[tuple[str | None, Any]]:
        """Return the bound and the added tasks, each once, with the binding if that is a string."""
        bound = [(key, target) for key, target in self._bound().items() if _may_be_task(target)]
        every: list[tuple[str | None, Any]] = [(key if isinstance(key, str) else None, target) for key, target in bound]
        for each in self.added:
            target, place = each if isinstance(each, NotATask) else (each, "")
            with _Reporting(result, target, place=place):
                if not is_task(target):
                    problem = "was added to the scheduler but is not a task: subclass scheduler.Task"
                    raise BrokenTask(f"{target!r} {problem}")
                every.append((None, target))
        instances = {id(class_of(target)) for _, target in every if not is_class(target)}
        kept: dict[object, tuple[str | None, Any]] = {}
        for key, target in every:
            if is_class(target) and id(target) in instances:
                continue
            with _Reporting(result, target):
                twin_key, _ = kept.setdefault(identity(target), (key, target))
                if key and twin_key and key != twin_key:
                    twice = f"{title_of(target)} is bound twice, as {twin_key!r} and {key!r}"
                    text = f"{twice}, and runs once, as {twin_key!r}: remove the other binding"
                    result.notices.append(Notice(text, twin_key))
        return list(kept.values())

    def _registered_task(self, each: Candidate) -> RegisteredTask:
        """Read everything about a task whose code may raise, so that it raises here."""
        target = self._ready(each.target)
        rule, zone = schedule_of(target)
        if isinstance(rule, DatedRule):
            rule.excluded.contain(clock.now().astimezone(zone).toordinal())
        if overrides_should_run(target):
            rule = ShouldRunRule(target, rule)
        options = options_of(title_of(target), target, self._defaults)
        environments_of(target)
        self._check_executor(target, options.executor)
        task = RegisteredTask(_stored(each.key), target, rule, zone, options)
        _ = task.names, task.has_hooks
        return task

    def _check_executor(self, target: Any, executor: str) -> None:
        if problem := self._executor_problem(executor):
            is_default = getattr(target, "executor", ...) is ...
            setting = "EXECUTOR of config/scheduler.py" if is_default else f"{title_of(target)}.executor"
            raise BrokenTask(f"{setting} = {executor!r}: {problem}")

    def _ready(self, target: Any) -> Any:
        """Return the object to check: an instance if only that knows when it runs, else `target` itself."""
        if isinstance(target, (CommandTask, CallbackTask, JobTask)):
            target.check()
        check_handle(target)
        if not is_class(target):
            return target
        injectable(target)
        if overrides_should_run(target) or schedules_itself(target):
            return self._build(target)
        return target


def _stored(key: str) -> str:
    """Return a key that any database can hold; the end of a very long one becomes a digest."""
    key = key.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
    if len(key) <= LONGEST_KEY:
        return key
    return f"{key[: LONGEST_KEY - 17]} {hashlib.sha256(key.encode()).hexdigest()[:16]}"


def _notice_equal_names(tasks: Tasks) -> None:
    for name, count in Counter(task.name for task in tasks.usable if task.name).items():
        if count > 1:
            keys = [task.key for task in tasks.usable if task.name == name]
            what = f"{count} tasks have the name {name!r} ({', '.join(keys)})"
            hint = f"--task {name} means all of them; rename all but one"
            tasks.notices.append(Notice(f"{what}: {hint}", *keys))


class _Reporting:
    """Adds a task to the broken ones if a block raises: one bad task must not stop the others."""

    __slots__ = ("_key", "_place", "_result", "_target")

    def __init__(self, result: Tasks, target: Any, key: str = "", place: str = "") -> None:
        self._place = place
        self._result = result
        self._target = target
        self._key = key

    def __enter__(self) -> None:
        """Do nothing before the block."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        """Record an error as the task's problem, but let Ctrl-C through."""
        if error is None or isinstance(error, KeyboardInterrupt):
            return False
        key = self._key or title_of(self._target)
        names = names_of(key, self._target)
        if isinstance(error, SchedulerError):
            message = str(error)
            message = message if key in message else f"{key}: {message}"
            problem = TaskProblem(_stored(key), message, self._place or place_of(self._target), names=names)
        else:
            failure = describe_failure(error)
            location = failure.location or self._place or place_of(self._target)
            problem = TaskProblem(_stored(key), failure.error, location, failure.traceback, names)
        self._result.broken.append(problem)
        return True


def _may_be_task(target: Any) -> bool:
    """Return whether a bound object is a task; one that cannot be inspected is not ours."""
    try:
        return is_task(target)
    except Exception:  # noqa: BLE001 - whatever an app binds
        return False
