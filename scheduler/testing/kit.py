"""Questions to a task, and a tick at any time, in this process, against a store in memory."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from typing import Any

from scheduler import clock
from scheduler.listeners import ConsoleListener
from scheduler.rules.Moment import in_utc
from scheduler.runs import Run
from scheduler.Scheduler import Scheduler
from scheduler.stores import Store, memory_store
from scheduler.Task import Task, schedule_of

Time = datetime | str
LONGEST_LIST = 20


def assert_due(task: Task | type[Task], at: Time) -> None:
    """Fail unless the task is due in the minute of `at`: a date, or text ('2027-03-28 02:30') on its own clock."""
    instance, zone = _asked(task)
    instant = _instant(at, zone)
    if not instance.should_run(instant):
        raise AssertionError(f"{_title(task)} is not due at {_shown(instant, zone)}: {_neighbours(instance, instant)}")


def assert_not_due(task: Task | type[Task], at: Time) -> None:
    """Fail if the task is due in the minute of `at`: a date, or text such as '2027-03-28 02:30' on its own clock."""
    instance, zone = _asked(task)
    instant = _instant(at, zone)
    if instance.should_run(instant):
        raise AssertionError(f"{_title(task)} is due at {_shown(instant, zone)}: {instance.describe()}")


def assert_runs(task: Task | type[Task], between: tuple[Time, Time], expected: Iterable[Time]) -> None:
    """Fail unless `expected` are the task's fire times from the first time of `between` on, and before the second."""
    instance, zone = _asked(task)
    start, end = (_instant(time, zone) for time in between)
    wanted = [_shown(_instant(time, zone), zone) for time in expected]
    found: list[str] = []
    following = instance.next_run(start - timedelta(seconds=1))
    while following is not None and following < end and len(found) <= len(wanted) + LONGEST_LIST:
        found.append(_shown(following, zone))
        following = instance.next_run(following)
    if found != wanted:
        more = [time for time in found if time not in wanted][:LONGEST_LIST]
        missing = [time for time in wanted if time not in found][:LONGEST_LIST]
        raise AssertionError(
            f"{_title(task)} ({instance.describe()}) runs otherwise: not expected {', '.join(more) or 'nothing'}; "
            f"missing {', '.join(missing) or 'nothing'}"
        )


@contextmanager
def frozen(at: Time) -> Iterator[None]:
    """Let the scheduler's clock stand still at `at` as long as the block lasts; text is in the default zone."""
    with clock.standing_at(_instant(at, clock.default_zone())):
        yield


def run_due(
    application: Any, at: Time, *names: str, force: bool = False, store: Store | None = None
) -> list[Run]:
    """Run what is due in the minute of `at` (or only what `names` call) in this process and return what came of it.

    It is a tick like any other but for its store: one in memory, where nothing was claimed before. To let one tick know
    of another, give both the same `store`, a `memory_store()`. Text is in the default zone. Raises `UnknownTask` for a
    name that calls no task; broken tasks are printed.
    """
    bound = application.make("scheduler")
    scheduler: Scheduler = getattr(bound.run, "__self__", bound).scheduler
    listener = _Gathering()
    kept = scheduler.__dict__.pop("store", None)
    scheduler.__dict__["store"] = store or memory_store()
    instant = _instant(at, clock.default_zone())
    try:
        with clock.standing_at(instant):
            scheduler.tick(instant, listener, names, force=force, inline=True)
    finally:
        del scheduler.__dict__["store"]
        if kept is not None:
            scheduler.__dict__["store"] = kept
    return listener.runs


class _Gathering(ConsoleListener):
    """Keeps the runs, and prints what is broken."""

    def __init__(self) -> None:
        super().__init__(print, print)
        self.runs: list[Run] = []

    def run_ended(self, run: Run) -> None:
        """Keep the run."""
        self.runs.append(run)


def _asked(task: Task | type[Task]) -> tuple[Task, tzinfo]:
    instance = task() if inspect.isclass(task) else task
    return instance, schedule_of(instance)[1]


def _instant(time: Time, zone: tzinfo) -> datetime:
    return clock.instant_of(datetime.fromisoformat(time) if isinstance(time, str) else time, zone)


def _shown(instant: datetime, zone: tzinfo) -> str:
    local = in_utc(instant).astimezone(zone)
    return (
        f"{local:%Y-%m-%d %H:%M}" + (f":{local:%S}" if local.second else "") + (f" ({local:%Z})" if local.fold else "")
    )


def _title(task: Task | type[Task]) -> str:
    return task.__name__ if inspect.isclass(task) else type(task).__name__


def _neighbours(task: Task, instant: datetime) -> str:
    before, after = task.previous_run(instant), task.next_run(instant)
    near = [
        f"the fire time {word} is {time:%Y-%m-%d %H:%M}"
        for word, time in (("before", before), ("after", after))
        if time
    ]
    return ", ".join([task.describe(), *near])
