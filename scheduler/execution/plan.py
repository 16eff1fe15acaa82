"""The plan of a tick, made before it does anything; a dry run and `explain` use the same plan."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Final

from scheduler import clock
from scheduler.config.Settings import Settings
from scheduler.execution.claims import jitter_of
from scheduler.execution.due import MINUTE, Due, judge
from scheduler.execution.recovery import plan_recovery
from scheduler.runs import Action, Pauses, PlannedAction, Run
from scheduler.stores import Store
from scheduler.tasks.RegisteredTask import RegisteredTask
from scheduler.tasks.Tasks import Tasks

FIRST: Final = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True)
class StoreState:
    """The contents of the store at the beginning of a tick.

    `read_at` is the time of the machine's own clock at that moment. Heartbeats are compared with it, claims are stamped
    with it, and delayed starts are counted from it, because the waiting process uses that clock too.
    """

    read_at: datetime
    pauses: Pauses
    cursors: Mapping[str, datetime] = field(default_factory=dict)
    open_runs: tuple[Run, ...] = ()
    judged_elsewhere: Mapping[str, datetime] = field(default_factory=dict)
    """The cursors of tasks that only other servers have, if there are pending runs of them."""


@dataclass(frozen=True, slots=True)
class TickPlan:
    """The actions of the tick at `now`, in their order.

    `failures` are tasks whose `should_run` raised an error, with the error; `judged` are those whose cursor moves;
    `not_due` are those with no action.
    """

    now: datetime
    actions: tuple[PlannedAction, ...] = ()
    failures: tuple[tuple[RegisteredTask, BaseException], ...] = ()
    judged: tuple[RegisteredTask, ...] = ()
    not_due: tuple[RegisteredTask, ...] = ()

    @property
    def minute(self) -> datetime:
        """Return the minute of the tick."""
        return clock.floor_minute(self.now)

    @property
    def is_idle(self) -> bool:
        """Return whether there is nothing to do."""
        return not (self.actions or self.failures)


def read_state(store: Store, now: datetime, every: Tasks, *, cursors: bool = True) -> StoreState:
    """Read from the store what the plan of the tick at `now` needs; a forced tick needs no `cursors`.

    `every` are all tasks of the app. Cursors that have reached this minute are read only if a sub-minute rule
    needs them.
    """
    read_at, before = clock.real_now(), clock.floor_minute(now)
    if any(task.rule is not None and task.rule.step < MINUTE for task in every.usable):
        before += MINUTE
    judged_until = store.cursors(before=before) if cursors else {}
    pauses = Pauses(store.pauses(), now)
    open_runs = tuple(store.open_runs())
    known = {task.claim_key for task in every.usable}
    others = {key for run in open_runs if run.started_at is None and (key := run.claim_key) not in known}
    elsewhere = {key: until for key, until in store.cursors().items() if key in others} if others else {}
    return StoreState(read_at, pauses, judged_until, open_runs, elsewhere)


def plan_tick(
    now: datetime,
    tasks: Tasks,
    state: StoreState,
    settings: Settings,
    *,
    every: Tasks | None = None,
    owner: str = "",
    handled: Collection[int] = (),
    force: bool = False,
) -> TickPlan:
    """Return the plan of the tick at `now` for `tasks`, without changing anything or reading a clock.

    `every` are all tasks of the app, if `tasks` are only some of them. `owner` is the supervisor that executes the
    plan, and `handled` are the ids of the open runs it already handles. With `force` every task runs, due or not.
    """
    minute = clock.floor_minute(now)
    recovery = list(_plan_open_runs(every or tasks, tasks, minute, state, settings, owner=owner, handled=handled))
    if force:
        forced = (PlannedAction(task.key, Action.RUN) for task in tasks.usable)
        return TickPlan(now, (*recovery, *forced))
    with clock.standing_at(minute):
        due, failed = judge(tasks.usable, minute, state.cursors, state.pauses.of if state.pauses else None, now)
    raised = {task.claim_key for task, _ in failed}
    seen = raised | {each.task.claim_key for each in due}
    by_claim_key = {task.claim_key: task for task in tasks.usable}
    actions = (
        action for each in due for action in _plan_due(by_claim_key[each.task.claim_key], each, now, state)
    )
    return TickPlan(
        now,
        (*recovery, *actions),
        tuple(failed),
        tuple(task for task in tasks.usable if task.rule is not None and task.claim_key not in raised),
        tuple(task for task in tasks.usable if task.claim_key not in seen),
    )


def leave_claimed(plan: TickPlan, claimed: Mapping[tuple[str, datetime], Run]) -> TickPlan:
    """Return the plan without fire times that were claimed before, which are given with their runs.

    Only a dry run needs this: a tick finds out when it claims.
    """
    planned = {action.run.id for action in plan.actions if action.run}
    actions = []
    for action in plan.actions:
        run = claimed.get((action.key, action.fire_time)) if action.fire_time and not action.run else None
        if run is None:
            actions.append(action)
        elif action.action.starts and run.id not in planned:
            actions.append(PlannedAction(action.key, Action.LEAVE, action.fire_time, run))
    return replace(plan, actions=tuple(actions))


def _plan_open_runs(
    every: Tasks,
    chosen: Tasks,
    minute: datetime,
    state: StoreState,
    settings: Settings,
    *,
    owner: str,
    handled: Collection[int],
) -> Iterator[PlannedAction]:
    """Yield the actions for runs without an outcome; of tasks that were not chosen, only crashes are recorded.

    Of a task that does not overlap itself only the first run is handed over again: its worker hands over the next one.
    """
    by_key = {task.key: task for task in every.usable}
    keys = {task.key for task in chosen.usable}
    handed_over: set[str] = set()
    for run in state.open_runs:
        if run.id in handled:
            continue
        task = by_key.get(run.key)
        is_own = bool(owner) and run.owner == owner
        is_known_elsewhere = minute - state.judged_elsewhere.get(run.claim_key, FIRST) <= settings.options.grace
        action = None if run.started_at is None and is_known_elsewhere else plan_recovery(
            run, task, state.pauses, read_at=state.read_at, minute=minute, settings=settings, is_own=is_own
        )  # fmt: skip
        if action and action.action.starts and run.is_offered and task and not task.options.overlap:
            if run.key in handed_over:
                continue
            handed_over.add(run.key)
        if action and (task is None or run.key in keys or action.action is Action.RECORD_CRASH):
            yield action


def _plan_due(task: RegisteredTask, due: Due, now: datetime, state: StoreState) -> Iterator[PlannedAction]:
    """Yield the actions for fire times that were missed, are paused, or run."""
    minute = clock.floor_minute(now)
    for fire_time in due.missed:
        older = due.missed_since if fire_time == due.missed[0] else None
        yield PlannedAction(task.key, Action.MISS, fire_time, also_missed_until=older)
    for fire_time in due.paused:
        yield PlannedAction(task.key, Action.SKIP, fire_time, pause=state.pauses.at(task, fire_time))
    for fire_time in due.run:
        is_late = fire_time < minute
        wait = fire_time + jitter_of(task) - now
        start_after = state.read_at + wait if wait > timedelta() and not is_late else None
        yield PlannedAction(task.key, Action.RUN_LATE if is_late else Action.RUN, fire_time, start_after=start_after)


def tasks_by_key(tasks: Sequence[RegisteredTask]) -> dict[str, RegisteredTask]:
    """Return the tasks by the key of their runs."""
    return {task.key: task for task in tasks}
