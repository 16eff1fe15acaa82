"""Questions about the scheduler: answered with what the store and the app say, and without changing anything."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from scheduler import clock
from scheduler.announcement import announce, explain_idle, raised_when_asked
from scheduler.claims import jitter_of
from scheduler.conditions import Answer, App, asked, conditions_of, unasked
from scheduler.due import MINUTE, Due, judge
from scheduler.errors import OK, TASK_FAILED
from scheduler.explanation import Explanation, Record, explain, time_of_interest
from scheduler.failures import described
from scheduler.listeners import Listener
from scheduler.Policy import in_words
from scheduler.process import is_gone
from scheduler.recovery import Recovery, recovery_of
from scheduler.rules import Moment
from scheduler.runs import Pauses, Plan, Planned, Run, SkipReason
from scheduler.Scheduler import Scheduler
from scheduler.stores import Lease, slot_of
from scheduler.TaskRegistry import RegisteredTask, Tasks

DECLARED = (SkipReason.ENVIRONMENT, SkipReason.CONDITION)
"""Reasons that a task itself gives, and that are worth a word before its time has come."""


class Inquiry:
    """Answers questions about the tasks of `scheduler`; of the app it needs conditions only."""

    def __init__(self, scheduler: Scheduler, app: App) -> None:
        self._scheduler = scheduler
        self._store = scheduler.store
        self._app = app

    # -- why did it not run? --

    def explain(self, task: RegisteredTask, at: datetime | None) -> Explanation:
        """Return why `task` does or does not run in the minute of `at` (aware); None asks about now and the last time.

        Conditions, and a task that decides by itself, are asked about the current minute only.
        """
        now = clock.now()
        minute = clock.floor_minute(at) if at else time_of_interest(task, now)
        is_now = at is None or minute == clock.floor_minute(now)
        is_due, problem = _decided(task, minute) if is_now else (None, "")
        return explain(
            task,
            minute,
            now=now,
            record=self._record(task, minute),
            pauses=Pauses(self._store.pauses(), now),
            asked=at is not None,
            conditions=list(self._conditions(task, minute, asking=is_now)),
            is_due=is_due,
            problem=problem,
        )

    def _record(self, task: RegisteredTask, minute: datetime) -> Record:
        runs = self._store.runs_for(task.key, minute, minute + MINUTE)
        return Record(
            runs=tuple(runs),
            is_gone=bool(runs) and runs[-1].outcome is None and self._is_gone(task, runs[-1]),
            judged_until=self._store.cursors().get(task.claim_key),
            ticked_at=max(self._store.ticks().values(), default=None),
            kept_since=clock.now() - timedelta(days=self._scheduler.settings.keep_days),
        )

    def _is_gone(self, task: RegisteredTask, run: Run) -> bool:
        now, settings = clock.real_now(), self._scheduler.settings
        heartbeat = self._store.heartbeats().get(run.id, now)
        recovery = recovery_of(run, task, now=now, minute=now, heartbeat=heartbeat, settings=settings)
        return recovery is Recovery.BURY

    def _conditions(self, task: RegisteredTask, minute: datetime, *, asking: bool) -> Iterator[Answer]:
        """Return what may keep the task from running, with answers if `asking`; a pause is known for any `minute`."""
        pause = Pauses(self._store.pauses(), clock.now()).of(task, None if asking else minute)
        if pause or asking:
            yield Answer(SkipReason.PAUSED, "it is not paused", pause.describe() if pause else "")
        if not task.policy.overlap:
            wanted = "no earlier run of it still runs"
            held = self._lease_on(task) if asking else None
            refusal = f"an earlier run has not ended (process {held.pid} on {held.host})" if held else ""
            yield Answer(SkipReason.STILL_RUNNING, wanted, refusal if asking else None)
        try:
            instance = self._app.call(task.target) if inspect.isclass(task.target) else task.target
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a constructor may do anything
            failure = described(error)
            refusal = f"its constructor raised {failure.error}" + (f" ({failure.location})" if failure.location else "")
            yield Answer(SkipReason.CONDITION, "it can be built", refusal, fails=True)
            return
        for condition in conditions_of(instance, self._app):
            yield asked(condition) if asking else unasked(condition)

    def _lease_on(self, task: RegisteredTask) -> Lease | None:
        """Return the lease that keeps the task from being started, None if it may start."""
        now = clock.real_now()
        return next(
            (
                lease
                for lease in self._store.leases()
                if lease.key == task.claim_key and lease.expires_at > now and not is_gone(lease.owner)
            ),
            None,
        )

    # -- what would this tick do? --

    def rehearse(
        self, at: datetime | None, listener: Listener, names: Iterable[str] = (), *, force: bool = False
    ) -> int:
        """Tell what the tick of the current minute would do, or with `at` that of another one; return its exit code.

        Of another minute it is told as if every tick before it had come in time, and as far as that can be foretold.
        Raises `UnknownTask` for a name that calls no task.
        """
        every = self._scheduler.find()
        tasks = every.called(names) if names else every
        announce(tasks, listener)
        minute = clock.floor_minute(at or clock.now())
        with clock.standing_at(minute):
            cursors = {} if at else self._store.cursors(before=minute)
            pauses = Pauses(self._store.pauses(), at or clock.now())
            due, failed = ([], []) if force else judge(tasks.usable, minute, cursors, pauses.of)
        for task, error in failed:
            listener.found_broken(raised_when_asked(task, error))
        planned = list(self._planned(every, tasks, due, minute, pauses=pauses, asking=at is None))
        if force:
            planned += [Planned(task.key, Plan.RUN, None) for task in tasks.usable]
        for each in planned:
            listener.planned(each)
        if tasks.usable and not (planned or failed):
            listener.nothing_due()
        if listener.explains and not force:
            told = {each.task.claim_key for each in due} | {task.claim_key for task, _ in failed}
            explain_idle((task for task in tasks.usable if task.claim_key not in told), minute, listener)
        return TASK_FAILED if tasks.broken or failed else OK

    def _planned(
        self, every: Tasks, tasks: Tasks, due: list[Due], minute: datetime, *, pauses: Pauses, asking: bool
    ) -> Iterator[Planned]:
        open_runs = list(self._recovered(every, {task.key for task in tasks.usable}, minute, pauses)) if asking else []
        yield from open_runs
        told = {planned.run_id for planned in open_runs}
        by_claim_key = {task.claim_key: task for task in tasks.usable}
        for each in due:
            task = by_claim_key[each.task.claim_key]
            times = (*each.run, *each.missed, *each.paused)
            claimed = {run.slot: run.id for time in times for run in self._claimed(task, time)}
            for fire_time in each.missed:
                if slot_of(task.claim_key, fire_time) not in claimed:
                    yield Planned(task.key, Plan.MISS, fire_time.astimezone(task.zone), "no tick came in time")
            for fire_time in each.paused:
                if slot_of(task.claim_key, fire_time) not in claimed:
                    shown, why = fire_time.astimezone(task.zone), pauses.why(task, fire_time)
                    yield Planned(task.key, Plan.SKIP, shown, why, reason=SkipReason.PAUSED)
            answers: list[Answer] | None = None
            for fire_time in each.run:
                shown = fire_time.astimezone(task.zone)
                if claimed_as := claimed.get(slot_of(task.claim_key, fire_time)):
                    if claimed_as not in told:
                        yield Planned(task.key, Plan.LEAVE, shown, "it was started before", claimed_as)
                    continue
                answers = _up_to_refusal(self._conditions(task, minute, asking=asking)) if answers is None else answers
                yield _run_or_skip(task, shown, answers, is_late=fire_time < minute)

    def _claimed(self, task: RegisteredTask, fire_time: datetime) -> list[Run]:
        return self._store.runs_for(task.key, fire_time, fire_time + timedelta.resolution)

    def _recovered(self, every: Tasks, chosen: set[str], minute: datetime, pauses: Pauses) -> Iterator[Planned]:
        """Return what becomes of runs that somebody else claimed and has not ended."""
        now, heartbeats = clock.real_now(), self._store.heartbeats()
        by_key = {task.key: task for task in every.usable}
        for run in self._store.open_runs():
            task = by_key.get(run.key)
            if run.key not in chosen and task is not None:
                continue
            heartbeat, settings = heartbeats.get(run.id, now), self._scheduler.settings
            recovery = recovery_of(run, task, now=now, minute=minute, heartbeat=heartbeat, settings=settings)
            zone = task.zone if task else clock.default_zone()
            shown = run.fire_time.astimezone(zone) if run.fire_time else None
            attempt = f"attempt {run.attempt}"
            pause = pauses.of(task) if task and run.fire_time else None
            if recovery is Recovery.TAKE_OVER and pause:
                yield Planned(run.key, Plan.SKIP, shown, pause.describe(), run.id, SkipReason.PAUSED)
            elif recovery is Recovery.TAKE_OVER:
                yield Planned(run.key, Plan.RETRY if run.attempt > 1 else Plan.RUN, shown, attempt, run.id)
            elif recovery is Recovery.WAIT and run.start_after:
                start = f"{run.start_after.astimezone(zone):%Y-%m-%d %H:%M:%S}"
                yield Planned(run.key, Plan.WAIT, shown, f"{attempt} starts at {start}", run.id)
            elif recovery is Recovery.GIVE_UP:
                yield Planned(run.key, Plan.MISS, shown, "it was claimed, but nobody started it in time", run.id)
            elif recovery is Recovery.BURY:
                gone = f"process {run.pid} on {run.host} is gone"
                yield Planned(run.key, Plan.BURY, shown, gone, run.id)


def _up_to_refusal(answers: Iterator[Answer]) -> list[Answer]:
    """Return answers up to the first that refuses: after it, a tick asks no more."""
    found = []
    for answer in answers:
        found.append(answer)
        if answer.refusal:
            break
    return found


def _run_or_skip(task: RegisteredTask, fire_time: datetime, answers: list[Answer], *, is_late: bool) -> Planned:
    for answer in answers:
        if answer.refusal:
            if answer.fails:
                return Planned(task.key, Plan.FAIL, fire_time, answer.refusal)
            return Planned(task.key, Plan.SKIP, fire_time, answer.refusal, reason=answer.reason)
    unknown = [answer.wanted for answer in answers if answer.refusal is None and answer.reason in DECLARED]
    wait = jitter_of(task)
    detail = [f"{in_words(timedelta(seconds=round(wait.total_seconds())))} later, its jitter"] if wait else []
    detail += [f"if {' and '.join(unknown)}"] if unknown else []
    return Planned(task.key, Plan.RUN_LATE if is_late else Plan.RUN, fire_time, ", ".join(detail))


def _decided(task: RegisteredTask, minute: datetime) -> tuple[bool | None, str]:
    """Return what a task says that decides by itself when it is due, and what it raised if it did."""
    if task.rule is None or task.is_foreseeable:
        return None, ""
    try:
        with clock.standing_at(minute):
            return task.rule.matches(Moment.of(minute, task.zone)), ""
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it is its user's code
        failure = described(error)
        return None, f"its should_run() raised {failure.error}" + (f" ({failure.location})" if failure.location else "")
