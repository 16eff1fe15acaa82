"""The dry run: what a tick would do, without doing it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from scheduler import clock
from scheduler.diagnosis.checks import check_conditions
from scheduler.errors import OK, TASK_FAILED
from scheduler.execution.action_text import preview_of
from scheduler.execution.claims import jitter_of
from scheduler.execution.conditions import Answer, App
from scheduler.execution.plan import StoreState, TickPlan, leave_claimed, plan_tick, read_state, tasks_by_key
from scheduler.execution.reporting import announce, report_idle, should_run_problem
from scheduler.execution.Scheduler import Scheduler
from scheduler.listeners import Listener
from scheduler.rules.durations import duration_text
from scheduler.runs import Action, Pauses, PlannedAction, Run, SkipReason
from scheduler.stores import slot_of
from scheduler.tasks.RegisteredTask import RegisteredTask
from scheduler.tasks.Tasks import Tasks

DECLARED = (SkipReason.ENVIRONMENT, SkipReason.CONDITION)
"""Skip reasons that a task declares itself, and that are shown even if they cannot be predicted."""


class DryRun:
    """Plans ticks of `scheduler` without executing them; `app` is needed to call the conditions of tasks."""

    def __init__(self, scheduler: Scheduler, app: App) -> None:
        self._scheduler = scheduler
        self._store = scheduler.store
        self._app = app

    def report(self, at: datetime | None, listener: Listener, names: Iterable[str] = (), *, force: bool = False) -> int:
        """Report what a tick now, or at `at`, would do; return its exit code.

        Another minute is planned as if no tick before it was missed. Raises `UnknownTask` for an unknown name.
        """
        every = self._scheduler.find()
        tasks = every.called(names) if names else every
        announce(tasks, listener)
        plan = self.plan(at, tasks, every, force=force)
        for task, error in plan.failures:
            listener.found_broken(should_run_problem(task, error))
        for action in self.preview(plan, every, asking=at is None):
            listener.planned(action)
        report_idle(plan, tasks, listener)
        return TASK_FAILED if tasks.broken or plan.failures else OK

    def plan(self, at: datetime | None, tasks: Tasks, every: Tasks | None = None, *, force: bool = False) -> TickPlan:
        """Return the plan of a tick now, or at `at`, for `tasks`; fire times claimed before are left alone."""
        now = at or clock.now()
        if at:
            state = StoreState(clock.real_now(), Pauses(self._store.pauses(), now))
        else:
            state = read_state(self._store, now, every or tasks, cursors=not force)
        plan = plan_tick(now, tasks, state, self._scheduler.settings, every=every, force=force)
        return leave_claimed(plan, self._claimed(plan, tasks_by_key(tasks.usable)))

    def preview(self, plan: TickPlan, every: Tasks, *, asking: bool) -> Iterator[PlannedAction]:
        """Yield the actions with times in the task's zone and details in words.

        If `asking`, the conditions of tasks to start are checked: one that refuses turns the start into a skip.
        """
        by_key = tasks_by_key(every.usable)
        answers: dict[str, list[Answer]] = {}
        for action in plan.actions:
            task = by_key.get(action.key)
            zone = task.zone if task else clock.default_zone()
            shown = replace(
                action,
                fire_time=action.fire_time.astimezone(zone) if action.fire_time else None,
                skip_reason=SkipReason.PAUSED if action.action is Action.SKIP else None,
                detail=preview_of(action, zone),
            )
            if task and action.run is None and action.action.starts and action.fire_time:
                if task.key not in answers:
                    answers[task.key] = self._answers(task, plan.minute, asking=asking)
                shown = _with_answers(task, shown, answers[task.key])
            yield shown

    def _answers(self, task: RegisteredTask, minute: datetime, *, asking: bool) -> list[Answer]:
        """Check conditions up to the first that refuses, as a tick does, and return the results."""
        found = []
        for answer in check_conditions(task, self._store, self._app, minute, asking=asking):
            found.append(answer)
            if answer.refusal:
                break
        return found

    def _claimed(self, plan: TickPlan, by_key: dict[str, RegisteredTask]) -> dict[tuple[str, datetime], Run]:
        """Return the runs of fire times in a plan that were claimed before."""
        return {
            (action.key, action.fire_time): run
            for action in plan.actions
            if action.run is None and action.fire_time
            for run in self._store.runs_for(action.key, action.fire_time, action.fire_time + timedelta.resolution)
            if run.slot == slot_of(by_key[action.key].claim_key, action.fire_time)
        }


def _with_answers(task: RegisteredTask, action: PlannedAction, answers: list[Answer]) -> PlannedAction:
    """Return a start as its task's conditions decide: it is skipped, fails, or runs if …."""
    for answer in answers:
        if answer.refusal and answer.fails:
            return replace(action, action=Action.FAIL, detail=answer.refusal)
        if answer.refusal:
            return replace(action, action=Action.SKIP, detail=answer.refusal, skip_reason=answer.reason)
    unknown = [answer.wanted for answer in answers if answer.refusal is None and answer.reason in DECLARED]
    detail = []
    if wait := timedelta(seconds=round(jitter_of(task).total_seconds())):
        detail.append(f"{duration_text(wait)} later, its jitter")
    if unknown:
        detail.append(f"if {' and '.join(unknown)}")
    return replace(action, detail=", ".join(detail))
