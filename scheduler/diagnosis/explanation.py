"""Why a task does or does not run at a time: the verdict, and the facts it is based on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from scheduler.diagnosis.clock_changes import Change, changes_near
from scheduler.execution.conditions import Answer
from scheduler.execution.due import MINUTE
from scheduler.rules import CONSTRAINTS, Schedule, ZonedMinute
from scheduler.rules.attributes import declares, without
from scheduler.rules.ZonedMinute import in_utc
from scheduler.runs import Action, Outcome, Pauses, PlannedAction, Run
from scheduler.stores import HeardWorker
from scheduler.Task import declared_schedule
from scheduler.tasks.failures import describe_failure
from scheduler.tasks.RegisteredTask import RegisteredTask
from scheduler.text import with_location


class Verdict(str, Enum):
    """What happened, or will happen, to the fire time in question."""

    ON_DEMAND = "on_demand"
    NOT_DUE = "not_due"
    UNFORESEEABLE = "unforeseeable"
    ASKING_FAILED = "asking_failed"
    COMING = "coming"
    DUE = "due"
    WOULD_BE_SKIPPED = "would_be_skipped"
    WOULD_FAIL = "would_fail"
    LATE = "late"
    WILL_BE_MISSED = "will_be_missed"
    WAITING = "waiting"
    RUNNING = "running"
    GONE = "gone"
    RAN = "ran"
    FAILED = "failed"
    SKIPPED = "skipped"
    MISSED = "missed"
    NO_RECORD = "no_record"


@dataclass(frozen=True, slots=True)
class Record:
    """What the store has recorded about a task around the time in question.

    `runs` are the runs of that minute, `planned` is what the next tick would do about it. `judged_until` is the task's
    cursor, `ticked_at` the last tick of any host, or None. `kept_since` is how far back history reaches. `workers` are
    the workers of the task's executor that have reported.
    """

    runs: tuple[Run, ...] = ()
    planned: tuple[PlannedAction, ...] = ()
    judged_until: datetime | None = None
    ticked_at: datetime | None = None
    kept_since: datetime | None = None
    workers: tuple[HeardWorker, ...] = ()

    @property
    def is_gone(self) -> bool:
        """Return whether the last run has no outcome and its process has died."""
        return bool(self.runs) and any(
            action.action is Action.RECORD_CRASH and action.run == self.runs[-1] for action in self.planned
        )


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything known about a task and a time.

    `at` is the minute (UTC) in question; with `asked` the user named it. `is_due` is None if that cannot be predicted,
    and `problem` is the error that `should_run` or `run_except` raised. `before` and `after` are the nearest fire
    times; `refused_by` are the constraints without which the task would be due, `refused_now` those without which it
    would be due at `now`, if `at` is an earlier fire time for which nobody asked.
    """

    task: RegisteredTask
    at: datetime
    now: datetime
    asked: bool
    is_due: bool | None
    record: Record
    conditions: tuple[Answer, ...] = ()
    refused_by: tuple[str, ...] = ()
    refused_now: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    before: datetime | None = None
    after: datetime | None = None
    is_paused: bool = False
    problem: str = ""

    @property
    def verdict(self) -> Verdict:
        """Return what happened, or will happen, to the fire time in question."""
        if self.record.runs:
            return Verdict.GONE if self.record.is_gone else _of_run(self.record.runs[-1])
        if self.problem:
            return Verdict.ASKING_FAILED
        if self.task.rule is None:
            return Verdict.ON_DEMAND
        if self.is_due is None:
            return Verdict.UNFORESEEABLE
        return _without_run(self) if self.is_due else Verdict.NOT_DUE

    @property
    def is_about_now(self) -> bool:
        """Return whether the time in question is the current minute."""
        return self.at == _minute_of(self.now)

    @property
    def is_over(self) -> bool:
        """Return whether the time in question was the last fire time of a rule that has come to its end."""
        return self.is_due is True and not self.is_about_now and self.after is None and not self.is_paused

    @property
    def in_the_way(self) -> Answer | None:
        """Return the first condition that would skip or fail the run, or None."""
        return next((answer for answer in self.conditions if answer.refusal), None)

    @property
    def refusal(self) -> str:
        """Return why the run would be skipped or fail, empty if no condition is known to prevent it."""
        return (self.in_the_way.refusal or "") if self.in_the_way else ""


def time_of_interest(task: RegisteredTask, now: datetime) -> datetime:
    """Return the minute to explain by default: that of `now` if the task is due, else its last fire time."""
    minute = _minute_of(now)
    if task.rule is None or not task.is_foreseeable or _judged(task, minute)[0] is not False:
        return minute
    before = task.rule.previous_before(minute, task.zone)
    return _minute_of(before) if before else minute


def explain(
    task: RegisteredTask,
    at: datetime,
    *,
    now: datetime,
    record: Record,
    pauses: Pauses,
    asked: bool = True,
    conditions: Sequence[Answer] = (),
    is_due: bool | None = None,
    problem: str = "",
) -> Explanation:
    """Explain why `task` does or does not run in the minute `at` (UTC), as far as that is known at `now`.

    For a task that overrides `should_run`, `is_due` is its answer (None if it was not called), and `problem` the error
    that it raised.
    """
    rule, zone = task.rule, task.zone
    if rule is not None and task.is_foreseeable:
        is_due, problem = _judged(task, at)
    minute = _minute_of(now)
    after = at + MINUTE - timedelta.resolution if asked else now
    return Explanation(
        task=task,
        at=at,
        now=now,
        asked=asked,
        is_due=is_due,
        record=record,
        conditions=tuple(conditions),
        refused_by=() if is_due or rule is None else tuple(refusing(task, at)),
        refused_now=() if asked or rule is None or at == minute else tuple(refusing(task, minute)),
        changes=tuple(changes_near(at, zone, rule)) if rule else (),
        before=rule.previous_before(at, zone) if rule else None,
        after=next(pauses.coming(task, after), None),
        is_paused=rule is not None and rule.next_after(after, zone) is not None,
        problem=problem,
    )


def problem_of(task: RegisteredTask, error: BaseException) -> str:
    """Return what is wrong with a task whose `should_run`, or a function in its `run_except`, raised."""
    failure = describe_failure(error)
    return with_location(f"{task.decider} raised {failure.error}", failure.location)


def _judged(task: RegisteredTask, minute: datetime) -> tuple[bool | None, str]:
    """Return whether the rule names a minute; None and the problem if a function in its `run_except` raised."""
    try:
        named = task.rule is not None and task.rule.matches(ZonedMinute.of(minute, task.zone))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the app's own function
        return None, problem_of(task, error)
    return named, ""


def _without_run(found: Explanation) -> Verdict:
    """Return the verdict on a fire time that has no run."""
    at, minute, judged_until = found.at, _minute_of(found.now), found.record.judged_until
    if at > minute or (at == minute and (judged_until is None or judged_until <= at)):
        if found.in_the_way:
            return Verdict.WOULD_FAIL if found.in_the_way.fails else Verdict.WOULD_BE_SKIPPED
        return Verdict.COMING if at > minute else Verdict.DUE
    if judged_until is None or judged_until > at:
        return Verdict.NO_RECORD
    planned = {action.action for action in found.record.planned}
    if Action.SKIP in planned:
        return Verdict.WOULD_BE_SKIPPED
    return Verdict.LATE if Action.RUN_LATE in planned else Verdict.WILL_BE_MISSED


def _minute_of(instant: datetime) -> datetime:
    return in_utc(instant).replace(second=0, microsecond=0)


def _of_run(run: Run) -> Verdict:
    if run.outcome is None:
        return Verdict.RUNNING if run.started_at else Verdict.WAITING
    if run.outcome.is_failure:
        return Verdict.FAILED
    return {Outcome.SKIPPED: Verdict.SKIPPED, Outcome.MISSED: Verdict.MISSED}.get(run.outcome, Verdict.RAN)


def refusing(task: RegisteredTask, at: datetime) -> Iterator[str]:
    """Yield the constraints (`run_on`, `run_between` …) because of which `task` is not due in the minute `at`.

    There are none if it would not be due without them either. A function of the app's that raises leaves nothing out.
    """
    schedule = declared_schedule(task.target)
    narrowing = [name for name in CONSTRAINTS if declares(schedule, name)]
    minute = ZonedMinute.of(at, task.zone)
    if not narrowing or not _names(without(schedule, *narrowing), minute):
        return
    for name in narrowing:
        if not _names(without(schedule, *(other for other in narrowing if other != name)), minute):
            yield name


def _names(schedule: Schedule, minute: ZonedMinute) -> bool:
    try:
        return schedule.rule is not None and schedule.rule.matches(minute)
    except (Exception, SystemExit):  # noqa: BLE001 - the app's own function
        return True
