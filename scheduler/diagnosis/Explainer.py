"""Explaining why a task does or does not run, from the store and the app, without changing anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from scheduler import clock
from scheduler.config.TaskOptions import LOCAL
from scheduler.diagnosis.checks import check_conditions
from scheduler.diagnosis.explanation import Explanation, Record, explain, problem_of, time_of_interest
from scheduler.execution.conditions import App
from scheduler.execution.due import MINUTE
from scheduler.execution.plan import TickPlan, plan_tick, read_state
from scheduler.execution.Scheduler import Scheduler
from scheduler.processes.identity import unattended
from scheduler.runs import Pauses
from scheduler.stores import HeardWorker
from scheduler.tasks.RegisteredTask import RegisteredTask
from scheduler.tasks.Tasks import Tasks


class Explainer:
    """Explains the tasks of `scheduler`; `app` is needed to call their conditions."""

    def __init__(self, scheduler: Scheduler, app: App) -> None:
        self._scheduler = scheduler
        self._store = scheduler.store
        self._app = app

    def explain(self, task: RegisteredTask, at: datetime | None) -> Explanation:
        """Explain why `task` does or does not run in the minute of `at` (aware). Default: now and its last fire time.

        Conditions and overridden `should_run` methods are called for the current minute only.
        """
        now = clock.now()
        minute = clock.floor_minute(at) if at else time_of_interest(task, now)
        is_now = at is None or minute == clock.floor_minute(now)
        plan = self._next_tick(task, now, asking=is_now)
        record = self._record(task, minute, plan, now)
        return explain(
            task,
            minute,
            now=now,
            record=record,
            pauses=Pauses(self._store.pauses(), now),
            asked=at is not None,
            conditions=list(check_conditions(task, self._store, self._app, minute, asking=is_now)),
            is_due=bool(record.planned) if is_now and not plan.failures else None,
            problem=next((problem_of(task, error) for task, error in plan.failures), ""),
        )

    def _next_tick(self, task: RegisteredTask, now: datetime, *, asking: bool) -> TickPlan:
        """Return the plan of a tick now; a task that overrides `should_run` is left out unless `asking`."""
        every = Tasks([task])
        chosen = every if asking or task.is_foreseeable else Tasks()
        return plan_tick(now, chosen, read_state(self._store, now, every), self._scheduler.settings, every=every)

    def _record(self, task: RegisteredTask, minute: datetime, plan: TickPlan, now: datetime) -> Record:
        return Record(
            runs=tuple(self._store.runs_for(task.key, minute, minute + MINUTE)),
            planned=tuple(action for action in plan.actions if action.is_for(task.key, minute)),
            judged_until=self._store.cursors().get(task.claim_key),
            ticked_at=_last_tick(self._store.ticks()),
            kept_since=now - timedelta(days=self._scheduler.settings.keep_days),
            workers=tuple(self._workers(task.options.executor)),
        )

    def _workers(self, executor: str) -> list[HeardWorker]:
        if executor == LOCAL:
            return []
        return [worker for worker in self._store.heard_workers() if worker.executor == executor]


def _last_tick(ticks: Mapping[str, datetime]) -> datetime | None:
    """Return the last tick of any host; those that a person typed count only if there are no others."""
    return max((unattended(ticks) or ticks).values(), default=None)
