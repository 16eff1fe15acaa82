"""Which fire times are due: tasks and a window of time in, what to run and what was missed out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple, Protocol, TypeVar

from scheduler.Policy import Policy
from scheduler.rules import Moment, Rule

MINUTE = timedelta(minutes=1)
MISSED_LIMIT = 100
"""How many missed fire times of one task are told apart in one tick; older ones become one entry."""


class Schedulable(Protocol):
    """Anything with a key, a rule, a clock and a policy; without a rule it is never due."""

    @property
    def claim_key(self) -> str:
        """What its cursor is kept under."""

    @property
    def rule(self) -> Rule | None:
        """The rule, None for what is only run on demand."""

    @property
    def zone(self) -> tzinfo:
        """The clock the rule reads."""

    @property
    def policy(self) -> Policy:
        """What becomes of late and missed fire times."""


T = TypeVar("T", bound=Schedulable)
PausedAt = Callable[[Any, datetime | None], object]
"""Gives something true for a task that is paused at an instant; None is now."""


class Due(NamedTuple):
    """What is due of one task: fire times to run, the oldest first, those that were missed and those kept back."""

    task: Schedulable
    run: tuple[datetime, ...] = ()
    missed: tuple[datetime, ...] = ()
    missed_since: datetime | None = None
    """Where more were missed than are told apart: the end of the stretch of older ones."""
    paused: tuple[datetime, ...] = ()


def judge(
    tasks: Iterable[T],
    minute: datetime,
    cursors: Mapping[str, datetime] | None = None,
    paused: PausedAt | None = None,
) -> tuple[list[Due], list[tuple[T, BaseException]]]:
    """Return what is due at the tick of `minute` (UTC), and the tasks whose rule raised, with what it raised.

    `cursors` say up to when (exclusive) each task was judged before; a task without one looks back at nothing, and the
    minute itself is judged whatever they say: it is the claim that keeps it from running twice. `paused` says which
    fire times are not to be run although they are due, nor later.
    """
    found: list[Due] = []
    failed: list[tuple[T, BaseException]] = []
    moments: dict[tzinfo, Moment] = {}
    only_now = (minute,)
    for task in tasks:
        rule = task.rule
        if rule is None:
            continue
        zone = task.zone
        try:
            moment = moments[zone]
        except KeyError:
            moment = moments[zone] = Moment.of(minute, zone)
        try:
            if cursors and (since := cursors.get(task.claim_key, minute)) < minute:
                due = _in_window(task, rule, since, minute, moment, paused=paused)
                if due.run or due.missed or due.paused:
                    found.append(due)
            elif rule.half_hour & moment.half_hour and rule.matches(moment):
                now = only_now if rule.step >= MINUTE else tuple(_within(rule, minute))
                found.append(Due(task, paused=now) if _is_paused(paused, task, None, minute) else Due(task, now))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a rule may be a task's own should_run, a user's code
            failed.append((task, error))
    return found, failed


def _within(rule: Rule, minute: datetime) -> list[datetime]:
    """Return the fire times within a minute that the rule matches: one, or several of a rule of seconds."""
    if rule.step >= MINUTE:
        return [minute]
    return [minute + rule.step * n for n in range(MINUTE // rule.step)]


def _in_window(
    task: Schedulable, rule: Rule, since: datetime, minute: datetime, moment: Moment, *, paused: PausedAt | None
) -> Due:
    """Sort the fire times from `since` on, up to and including `minute`, into those to run and those missed."""
    policy = task.policy
    now = _within(rule, minute) if rule.matches(moment) else []
    limit = max(policy.catch_up_limit, MISSED_LIMIT) + 1
    earlier: list[datetime] = []
    before = minute
    while len(earlier) <= limit and (found := rule.previous_before(before, task.zone)) is not None and found >= since:
        earlier.append(found)
        before = found
    more = earlier.pop() if len(earlier) > limit else None
    held = [instant for instant in earlier if _is_paused(paused, task, instant)]
    earlier = [instant for instant in earlier if instant not in held]
    late = _run_late(policy, earlier, minute, runs_now=bool(now))
    missed = tuple(instant for instant in reversed(earlier) if instant not in late)
    if _is_paused(paused, task, None, minute):
        return Due(task, (), missed, more, tuple(sorted((*held, *late, *now))))
    return Due(task, (*reversed(late), *now), missed, more, tuple(reversed(held)))


def _is_paused(paused: PausedAt | None, task: Schedulable, *instants: datetime | None) -> bool:
    return paused is not None and any(paused(task, instant) for instant in instants)


def _run_late(policy: Policy, earlier: list[datetime], minute: datetime, *, runs_now: bool) -> list[datetime]:
    """Return which of the `earlier` fire times, the latest first, still run."""
    if policy.catch_up == "all":
        return earlier[: policy.catch_up_limit]
    if runs_now or not earlier:
        return []
    if policy.catch_up == "latest" or minute - earlier[0] <= policy.grace:
        return earlier[:1]
    return []
