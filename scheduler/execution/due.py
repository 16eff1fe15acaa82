"""Which fire times of which tasks are due, to run now, late or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple, Protocol, TypeVar

from scheduler.config.TaskOptions import TaskOptions
from scheduler.rules import Rule, ZonedMinute

MINUTE = timedelta(minutes=1)
MISSED_LIMIT = 100
"""How many missed fire times of one task a tick records one by one; it records older ones as one entry."""

SECONDS_FORGIVEN = timedelta(seconds=5)
"""How old a fire time of a sub-minute rule may be and still count as on time: a tick takes a moment to start."""


class Schedulable(Protocol):
    """Anything with a key, a rule, a time zone and options; without a rule it is never due."""

    @property
    def claim_key(self) -> str:
        """Return the key of its cursor."""

    @property
    def rule(self) -> Rule | None:
        """Return the rule, or None if it runs only on demand."""

    @property
    def zone(self) -> tzinfo:
        """Return the time zone of the rule."""

    @property
    def options(self) -> TaskOptions:
        """Return the options, which decide about late and missed fire times."""


T = TypeVar("T", bound=Schedulable)
PausedAt = Callable[[Any, datetime | None], object]
"""Returns something true if a task is paused at an instant; None is now."""


class Due(NamedTuple):
    """The fire times of one task: those to run, the oldest first, those that were missed and those that are paused."""

    task: Schedulable
    run: tuple[datetime, ...] = ()
    missed: tuple[datetime, ...] = ()
    missed_since: datetime | None = None
    """If more than MISSED_LIMIT were missed: the latest one that is only recorded in summary."""
    paused: tuple[datetime, ...] = ()


def judge(
    tasks: Iterable[T],
    minute: datetime,
    cursors: Mapping[str, datetime] | None = None,
    paused: PausedAt | None = None,
    now: datetime | None = None,
) -> tuple[list[Due], list[tuple[T, BaseException]]]:
    """Return what is due at the tick of `minute` (UTC), and the tasks whose rule raised an error, with the error.

    `cursors` are the minutes (exclusive) up to which tasks were checked before. A task without a cursor has no earlier
    fire times. The minute itself is checked whatever its cursor: the claim keeps it from running twice. `paused`
    returns the pause of a fire time that is due but does not run, now or later. `now` is the instant within the minute,
    if known: it decides which fire times of a sub-minute rule are late.
    """
    found: list[Due] = []
    failed: list[tuple[T, BaseException]] = []
    moments: dict[tzinfo, ZonedMinute] = {}
    cursors, now = cursors or {}, now or minute
    for task in tasks:
        rule = task.rule
        if rule is None:
            continue
        zone = task.zone
        try:
            moment = moments[zone]
        except KeyError:
            moment = moments[zone] = ZonedMinute.of(minute, zone)
        try:
            if cursors and (since := cursors.get(task.claim_key)) and (since < minute or rule.step < MINUTE):
                due = _due_in_window(task, rule, since, minute, moment, paused=paused, now=now)
                if due.run or due.missed or due.paused:
                    found.append(due)
            elif rule.half_hour & moment.half_hour and rule.matches(moment):
                found.append(_due_in_minute(task, rule, minute, paused=paused, now=now))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a rule may be a task's own should_run, a user's code
            failed.append((task, error))
    return found, failed


def _due_in_minute(
    task: Schedulable, rule: Rule, minute: datetime, *, paused: PausedAt | None, now: datetime
) -> Due:
    """Return the fire times of a rule that matches `minute`, to run or paused."""
    times = _within(rule, minute, now)[0]
    return Due(task, paused=times) if _is_paused(paused, task, None, minute) else Due(task, times)


def _within(rule: Rule, minute: datetime, now: datetime) -> tuple[tuple[datetime, ...], tuple[datetime, ...]]:
    """Return the fire times of a matching rule within a minute: those on time, and those that are late already."""
    if rule.step >= MINUTE:
        return (minute,), ()
    oldest = now - max(rule.step, SECONDS_FORGIVEN)
    times = [minute + rule.step * n for n in range(MINUTE // rule.step)]
    return tuple(time for time in times if time >= oldest), tuple(time for time in times if time < oldest)


def _due_in_window(
    task: Schedulable,
    rule: Rule,
    since: datetime,
    minute: datetime,
    moment: ZonedMinute,
    *,
    paused: PausedAt | None,
    now: datetime,
) -> Due:
    """Sort the fire times from `since` up to and including `minute` into those to run, missed and paused."""
    options = task.options
    coming, passed = _within(rule, minute, now) if rule.matches(moment) else ((), ())
    limit = max(options.catch_up_limit, MISSED_LIMIT) + 1
    earlier = list(reversed(passed))
    before = minute
    while len(earlier) <= limit and (found := rule.previous_before(before, task.zone)) is not None and found >= since:
        earlier.append(found)
        before = found
    more = earlier.pop() if len(earlier) > limit else None
    held = [instant for instant in earlier if _is_paused(paused, task, instant)]
    earlier = [instant for instant in earlier if instant not in held]
    late = _run_late(options, earlier, minute, runs_now=bool(coming))
    missed = tuple(instant for instant in reversed(earlier) if instant not in late)
    if _is_paused(paused, task, None, minute):
        return Due(task, (), missed, more, tuple(sorted((*held, *late, *coming))))
    return Due(task, (*reversed(late), *coming), missed, more, tuple(reversed(held)))


def _is_paused(paused: PausedAt | None, task: Schedulable, *instants: datetime | None) -> bool:
    return paused is not None and any(paused(task, instant) for instant in instants)


def _run_late(options: TaskOptions, earlier: list[datetime], minute: datetime, *, runs_now: bool) -> list[datetime]:
    """Return which of the `earlier` fire times (latest first) still run."""
    if options.catch_up == "all":
        return earlier[: options.catch_up_limit]
    if runs_now or not earlier:
        return []
    if options.catch_up == "latest" or minute - earlier[0] <= options.grace:
        return earlier[:1]
    return []
