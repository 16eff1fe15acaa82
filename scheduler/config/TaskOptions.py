"""How a task is run, in addition to when: limits, retries, late and missed fire times, output, notifications.

The fields of `TaskOptions` are the one list of options: each has its attribute's name, its default and its reader, and
is `task_only` if it is not a setting for all tasks. `Settings` and the tests of the published config and of the
reference read that list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from datetime import timedelta
from typing import Any, Final

from scheduler.config import readers
from scheduler.errors import InvalidSchedule, UnacceptableValue

Reader = Callable[[object], Any]
LOCAL: Final = "local"
"""The executor that always exists: the server that claims a run executes it."""
BACKOFF_START: Final = timedelta(minutes=1)
"""The first delay of an exponential backoff for a task that sets no `retry_delay`."""
JITTER_SHARE: Final = 0.2
"""How much shorter than computed an exponential delay may be, at most, so that not all retries come at once."""


@dataclass(frozen=True, slots=True)
class TaskOptions:
    """How a task is run; each field is an attribute of the task, or else, if it can be, of `config/scheduler.py`."""

    overlap: bool = field(default=False, metadata={"reader": readers.flag})
    timeout: timedelta | None = field(default=timedelta(hours=24), metadata={"reader": readers.limit})
    grace: timedelta = field(default=timedelta(minutes=5), metadata={"reader": readers.length})
    catch_up: str = field(default="none", metadata={"reader": readers.catch_up})
    catch_up_limit: int = field(default=100, metadata={"reader": readers.count})
    retries: int = field(default=0, metadata={"reader": readers.count})
    retry_delay: tuple[timedelta, ...] = field(default=(timedelta(),), metadata={"reader": readers.retry_delays})
    retry_backoff: str = field(default="none", metadata={"reader": readers.backoff})
    retry_delay_limit: timedelta = field(default=timedelta(hours=1), metadata={"reader": readers.length})
    jitter: timedelta = field(default=timedelta(), metadata={"reader": readers.length})
    on_every_server: bool = field(default=False, metadata={"reader": readers.flag})
    notify_on_failure: tuple[Any, ...] = field(default=(), metadata={"reader": readers.recipients})
    notify_on_success: tuple[Any, ...] = field(default=(), metadata={"reader": readers.recipients})
    run_when_paused: bool = field(default=False, metadata={"reader": readers.flag, "task_only": True})
    executor: str = field(default=LOCAL, metadata={"reader": readers.executor})
    ping_url: str | None = field(default=None, metadata={"reader": readers.url, "task_only": True})
    output_to: str | None = field(default=None, metadata={"reader": readers.optional_path, "task_only": True})
    append_output_to: str | None = field(default=None, metadata={"reader": readers.optional_path, "task_only": True})

    def delay_before(self, attempt: int, seed: str = "") -> timedelta:
        """Return how long after a failed attempt to wait before `attempt` (2 is the first retry).

        With a backoff the delay is shortened by up to a fifth: by the same amount for the same `seed`.
        """
        whole = self.whole_delay_before(attempt)
        if self.retry_backoff == "none":
            return whole
        digest = hashlib.sha256(f"{seed}\n{attempt}".encode(errors="replace")).digest()
        return whole * (1 - JITTER_SHARE * int.from_bytes(digest[:6], "big") / 2**48)

    def whole_delay_before(self, attempt: int) -> timedelta:
        """Return the delay before `attempt` that a backoff then shortens.

        With a backoff the last delay doubles with each further retry, up to `retry_delay_limit`.
        """
        retry = attempt - 2
        last = len(self.retry_delay) - 1
        delay = self.retry_delay[min(retry, last)]
        if self.retry_backoff == "none":
            return delay
        doubled = min(max(retry - last, 0), 40)  # beyond 40, any delay is longer than any limit
        return min((delay or BACKOFF_START) * int(2**doubled), self.retry_delay_limit)


OPTIONS: Final[Mapping[str, Field[Any]]] = {each.name: each for each in fields(TaskOptions)}
TASK_ONLY_OPTIONS: Final = tuple(name for name, each in OPTIONS.items() if "task_only" in each.metadata)
METHODS: Final = ("output_to", "append_output_to")
"""Options that are attributes of a class and methods of an instance; their values have a leading `_`."""
DEFAULT: Final = TaskOptions()


def options_of(title: str, task: object, defaults: TaskOptions = DEFAULT) -> TaskOptions:
    """Return how `task` (called `title` in messages) is run; raise `InvalidSchedule` for an invalid value."""
    values = {name: getattr(task, name) for name in OPTIONS if hasattr(task, name)}
    for name in METHODS:
        if callable(values.get(name)):
            values[name] = getattr(task, f"_{name}", ...)
    return read_options(title, values, defaults)


def read_options(title: str, values: Mapping[str, Any], defaults: TaskOptions = DEFAULT) -> TaskOptions:
    """Return the options that `values` give, with `defaults` for those that are `...` or missing.

    A task that lists several delays and does not say how many retries it wants has one for each delay.
    """
    if all(value is ... for value in values.values()):
        return defaults
    found: dict[str, Any] = {}
    for name, value in values.items():
        if value is ...:
            continue
        try:
            found[name] = OPTIONS[name].metadata["reader"](value)
        except UnacceptableValue as error:
            raise InvalidSchedule(title, name, value, error.problem, error.examples) from None
    if "retries" not in found and len(found.get("retry_delay", ())) > 1:
        found["retries"] = len(found["retry_delay"])
    options = replace(defaults, **found)
    if options.on_every_server and options.executor != LOCAL:
        problem = "a task that runs on every server cannot use an executor, which runs it on one"
        raise InvalidSchedule(title, "executor", options.executor, problem, ("'local'",))
    return options
