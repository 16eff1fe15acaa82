"""Assertions about a task, and a tick at any time, in this process, with a store in memory."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta, tzinfo
from typing import Any

from scheduler import clock
from scheduler.execution.Scheduler import Scheduler
from scheduler.listeners import ConsoleListener, EventListener
from scheduler.rules.ZonedMinute import in_utc
from scheduler.runs import Run
from scheduler.stores import Store, memory_store
from scheduler.Task import Task, schedule_of

Time = datetime | date | str
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
    """Fail unless `expected` are the task's fire times from the first time of `between` until before the second."""
    instance, zone = _asked(task)
    start, end = _window(between, zone)
    wanted = [_shown(instant, zone) for instant in sorted({_instant(time, zone) for time in _listed(expected)})]
    found: list[str] = []
    following = instance.next_run(start - timedelta(seconds=1))
    while following is not None and following < end and len(found) <= len(wanted) + LONGEST_LIST:
        found.append(_shown(following, zone))
        following = instance.next_run(following)
    if found != wanted:
        more = [time for time in found if time not in wanted][:LONGEST_LIST]
        missing = [time for time in wanted if time not in found][:LONGEST_LIST]
        raise AssertionError(
            f"{_title(task)} ({instance.describe()}) has other fire times: "
            f"not expected {', '.join(more) or 'nothing'}; missing {', '.join(missing) or 'nothing'}"
        )


@contextmanager
def frozen(at: Time) -> Iterator[None]:
    """Freeze the scheduler's clock at `at` during the block; text is in the default zone."""
    with clock.standing_at(_instant(at, clock.default_zone())):
        yield


def run_due(
    application: Any, at: Time, *tasks: str | Task | type[Task], force: bool = False, store: Store | None = None
) -> list[Run]:
    """Run the tasks that are due in the minute of `at`, or only some of them, in this process; return their runs.

    `tasks` are names, task classes or tasks. The tick has a store in memory, in which nothing was claimed before. Give
    two ticks the same `store`, a `memory_store()`, to share their history; a retry runs in the first tick after its
    delay. The app's event listeners are called; monitors, logs, mail and Slack are not notified, and no output file is
    written. Text is in the default zone. Raises `UnknownTask` for an unknown name; broken tasks are printed.
    """
    bound = application.make("scheduler")
    scheduler: Scheduler = getattr(bound.run, "__self__", bound).scheduler.for_tests(store or memory_store())
    listener = _RunCollector()
    instant = _instant(at, clock.default_zone())
    with clock.shifted_to(instant), scheduler.dispatcher.only(EventListener):
        scheduler.tick(instant, listener, [_name_of(task) for task in tasks], force=force, inline=True)
    return listener.runs


class _RunCollector(ConsoleListener):
    """Keeps the runs and prints broken tasks."""

    def __init__(self) -> None:
        super().__init__(print, print)
        self.runs: list[Run] = []

    def run_ended(self, run: Run, *, will_be_retried: bool = False) -> None:  # noqa: ARG002 - a run is a run
        """Keep the run."""
        self.runs.append(run)


def _asked(task: Task | type[Task]) -> tuple[Task, tzinfo]:
    instance = task() if inspect.isclass(task) else task
    if not hasattr(instance, "should_run"):
        raise TypeError(f"{task!r} is not a task: pass a task class or a task")
    return instance, schedule_of(instance)[1]


def _name_of(task: str | Task | type[Task]) -> str:
    if isinstance(task, str):
        return task
    cls = task if inspect.isclass(task) else type(task)
    if not hasattr(cls, "should_run"):
        raise TypeError(f"{task!r} is not a task: pass its name, its class or the task")
    return str(getattr(task, "name", "") or cls.__name__)


def _instant(time: Time, zone: tzinfo) -> datetime:
    if isinstance(time, str):
        try:
            time = datetime.fromisoformat(re.sub(r"(?<=[ T])\d(?=:)", r"0\g<0>", time))
        except ValueError:
            raise ValueError(f"{time!r} is not a time: write it as '2027-03-28 02:30'") from None
    elif isinstance(time, date) and not isinstance(time, datetime):
        time = datetime(time.year, time.month, time.day)  # noqa: DTZ001 - on the clock of `zone`
    if not isinstance(time, datetime):
        raise TypeError(f"{time!r} is not a time: pass a datetime or text such as '2027-03-28 02:30'")
    if time.year in {MINYEAR, MAXYEAR}:
        raise ValueError(f"{time} is beyond the calendar: write it as '2027-03-28 02:30'")
    return clock.instant_of(time, zone)


def _window(between: tuple[Time, Time], zone: tzinfo) -> tuple[datetime, datetime]:
    if not isinstance(between, (tuple, list)) or len(between) != 2:  # noqa: PLR2004 - a start and an end
        raise TypeError(f"{between!r} is not a window: pass two times, such as ('2027-03-28', '2027-03-29')")
    start, end = (_instant(time, zone) for time in between)
    if start >= end:
        raise ValueError(f"the window ends at {between[1]!r}, which is not after its start, {between[0]!r}")
    return start, end


def _listed(times: Iterable[Time]) -> Iterable[Time]:
    if isinstance(times, (str, bytes)) or not isinstance(times, Iterable):
        raise TypeError(f"{times!r} is not a list of times: pass one, such as ['2027-03-28 02:30']")
    return times


def _shown(instant: datetime, zone: tzinfo) -> str:
    return clock.time_text(in_utc(instant), zone)


def _title(task: Task | type[Task]) -> str:
    return task.__name__ if inspect.isclass(task) else type(task).__name__


def _neighbours(task: Task, instant: datetime) -> str:
    before, after = task.previous_run(instant), task.next_run(instant)
    near = [
        f"the fire time {word} is {clock.time_text(time, time.tzinfo)}"
        for word, time in (("before", before), ("after", after))
        if time
    ]
    return ", ".join([task.describe(), *near])
