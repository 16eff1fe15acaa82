"""Why a task does or does not run at a time: what is known of it in, the verdict out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import Enum

from scheduler.conditions import Answer
from scheduler.due import MINUTE, judge
from scheduler.errors import InvalidSchedule
from scheduler.rules import CONSTRAINTS, AnyOf, Moment, Recurrence, Rule, bits, declared_rule, is_undeclared
from scheduler.rules.Moment import DAY, Seam, in_utc, offset_of, wall_of
from scheduler.rules.Seconds import Seconds
from scheduler.runs import Outcome, Pauses, Run
from scheduler.Task import declared_of
from scheduler.TaskRegistry import RegisteredTask

NEAR = timedelta(days=1)
HOUR = timedelta(hours=1)


class Verdict(str, Enum):
    """What becomes, or became, of the time that is asked about."""

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
class Change:
    """A change of the task's clock: what it shows before and after, and the times it names that come never or twice."""

    seam: Seam
    fixed: tuple[int, ...] = ()
    wild: tuple[int, ...] = ()

    @property
    def skips(self) -> bool:
        """Whether times are skipped, and not repeated."""
        return self.seam.wall_after > self.seam.wall_before


@dataclass(frozen=True, slots=True)
class Record:
    """What the store says of a task around the time that is asked about.

    `is_gone` tells that the last of the runs has not ended, and its process is no more. `runs` are those of the time's
    minute, `judged_until` is how far (exclusive) ticks have judged the task, `ticked_at` when the last tick of any host
    was, None if there was none; `kept_since` is as far back as history reaches.
    """

    runs: tuple[Run, ...] = ()
    is_gone: bool = False
    judged_until: datetime | None = None
    ticked_at: datetime | None = None
    kept_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """All there is to say of a task and a time.

    `at` is the minute (UTC) that is looked at, `asked` whether a time was asked about, `is_due` whether the task is due
    then, None where nobody can tell; `problem` is what it raised when it was asked. `before` and `after` are the next
    fire times on both sides; `refused_by` are constraints without which the task would be due.
    """

    task: RegisteredTask
    at: datetime
    now: datetime
    asked: bool
    is_due: bool | None
    record: Record
    conditions: tuple[Answer, ...] = ()
    refused_by: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    before: datetime | None = None
    after: datetime | None = None
    is_held_back: bool = False
    problem: str = ""

    @property
    def verdict(self) -> Verdict:
        """What becomes, or became, of the time that is looked at."""
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
    def in_the_way(self) -> Answer | None:
        """What would let it be skipped or fail, None if nothing of that kind is known."""
        return next((answer for answer in self.conditions if answer.refusal), None)

    @property
    def refusal(self) -> str:
        """Why it would be skipped or fail, empty if nothing is known to be in its way."""
        return (self.in_the_way.refusal or "") if self.in_the_way else ""


def time_of_interest(task: RegisteredTask, now: datetime) -> datetime:
    """Return the minute to look at where nobody says: that of `now`, or else the last one with a fire time before."""
    minute = _minute_of(now)
    if task.rule is None or not task.is_foreseeable or task.rule.matches(Moment.of(minute, task.zone)):
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
    """Return why `task` does or does not run in the minute `at` (UTC), as far as that is known at `now`.

    `conditions` are answered if they were asked. `is_due` is what a task says that decides by itself, None if it was
    not asked, and `problem` what it raised.
    """
    rule, zone = task.rule, task.zone
    if rule is not None and task.is_foreseeable:
        is_due = rule.matches(Moment.of(at, zone))
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
        changes=tuple(changes_near(at, zone, rule)) if rule else (),
        before=rule.previous_before(at, zone) if rule else None,
        after=next(pauses.coming(task, after), None),
        is_held_back=rule is not None and rule.next_after(after, zone) is not None,
        problem=problem,
    )


def _without_run(found: Explanation) -> Verdict:
    """Return what becomes of a fire time of which there is no run."""
    at, minute, judged_until = found.at, _minute_of(found.now), found.record.judged_until
    if at > minute or (at == minute and (judged_until is None or judged_until <= at)):
        if found.in_the_way:
            return Verdict.WOULD_FAIL if found.in_the_way.fails else Verdict.WOULD_BE_SKIPPED
        return Verdict.COMING if at > minute else Verdict.DUE
    if judged_until is None or judged_until > at:
        return Verdict.NO_RECORD
    due, _ = judge([found.task], minute, {found.task.claim_key: judged_until})
    runs_late = any(at <= fire_time < at + MINUTE for each in due for fire_time in each.run)
    return Verdict.LATE if runs_late else Verdict.WILL_BE_MISSED


def _minute_of(instant: datetime) -> datetime:
    return in_utc(instant).replace(second=0, microsecond=0)


def _of_run(run: Run) -> Verdict:
    if run.outcome is None:
        return Verdict.RUNNING if run.started_at else Verdict.WAITING
    if run.outcome.is_failure:
        return Verdict.FAILED
    return {Outcome.SKIPPED: Verdict.SKIPPED, Outcome.MISSED: Verdict.MISSED}.get(run.outcome, Verdict.RAN)


def refusing(task: RegisteredTask, at: datetime) -> Iterator[str]:
    """Return the constraints (`run_on`, `run_between` …) because of which `task` is not due in the minute `at`.

    There are none where it would not be due without them either.
    """
    title, declared = declared_of(task.target)
    narrowing = [name for name in CONSTRAINTS if not is_undeclared(declared[name])]
    moment = Moment.of(at, task.zone)
    if not narrowing or not _would_match(title, declared, narrowing, moment):
        return
    for name in narrowing:
        others = [other for other in narrowing if other != name]
        if not _would_match(title, declared, others, moment):
            yield name


def _would_match(title: str, declared: dict[str, object], without: Sequence[str], moment: Moment) -> bool:
    """Tell whether the rule would name a minute if some constraints were not declared."""
    try:
        rule = declared_rule(title, declared | dict.fromkeys(without))
    except InvalidSchedule:  # pragma: no cover - what is valid with a constraint is valid without it
        return False
    return rule is not None and rule.matches(moment)


def changes_near(at: datetime, zone: tzinfo, rule: Rule) -> Iterator[Change]:
    """Return the changes of a clock within a day of `at`, with the times that the rule names there."""
    instant = at - NEAR
    while instant < at + NEAR:
        before, after = offset_of(instant.astimezone(zone)), offset_of((instant + HOUR).astimezone(zone))
        if before != after:
            seam = _seam(instant, before, after, zone)
            yield Change(seam, tuple(_named(rule, seam, wild=False)), tuple(_named(rule, seam, wild=True)))
        instant += HOUR


def _seam(instant: datetime, before: int, after: int, zone: tzinfo) -> Seam:
    """Return the change of offset within the hour that begins at `instant`."""
    minutes = (instant + minute * MINUTE for minute in range(1, 61))
    changed = wall_of(next(minute for minute in minutes if offset_of(minute.astimezone(zone)) != before))
    return Seam(changed, changed + before, changed + after)


def _named(rule: Rule, seam: Seam, *, wild: bool) -> Iterator[int]:
    """Return the wall minutes that are skipped or repeated and that the rule names."""
    low, high = sorted((seam.wall_before, seam.wall_after))
    times = 0
    for part in _parts(rule):
        if part.wild is wild:
            for day in range(low // DAY, (high - 1) // DAY + 1):
                shift = day * DAY - low
                named = part.named_on(day)
                times |= named << shift if shift > 0 else named >> -shift
    for minute in bits.members(times & (1 << high - low) - 1):
        yield low + minute


def _parts(rule: Rule) -> list[Recurrence]:
    if isinstance(rule, AnyOf):
        return [part for each in rule.rules for part in _parts(each)]
    if isinstance(rule, Seconds):
        return _parts(rule.minutes)
    return [rule] if isinstance(rule, Recurrence) else []
