"""Executing the plan of a tick: claim fire times, record the outcomes of abandoned runs, and start runs."""

from __future__ import annotations

import signal
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any, Final

from scheduler.config.TaskOptions import LOCAL
from scheduler.execution.action_text import crash_error, detail_of
from scheduler.execution.claims import WAITED_FOR, claim_key_of, claim_of, retry_of
from scheduler.execution.due import MINUTE
from scheduler.execution.plan import TickPlan, tasks_by_key
from scheduler.execution.reporting import report_handled
from scheduler.execution.Supervisor import Supervisor
from scheduler.execution.waiting import PendingRun
from scheduler.listeners import Listener
from scheduler.processes import leftovers_of, send
from scheduler.processes.identity import ProcessIdentity, host_name, is_gone, typed_on_this_host
from scheduler.runs import Action, Outcome, PlannedAction, Run, SkipReason
from scheduler.stores import Claim, Store, lease_token
from scheduler.tasks.RegisteredTask import RegisteredTask, unknown_task
from scheduler.tasks.Tasks import Tasks

FIRST: Final = datetime.min.replace(tzinfo=timezone.utc)


class TickExecution:
    """Executes plans for `supervisor` at the instant `now`; `every` are all tasks of the app.

    Another process may execute an action first. The store decides, and the other process's action is kept.
    """

    def __init__(
        self,
        store: Store,
        supervisor: Supervisor,
        listener: Listener,
        every: Tasks,
        now: datetime,
        *,
        uses_executors: bool = True,
        is_typed: bool = False,
    ) -> None:
        self._ticked = typed_on_this_host() if is_typed else host_name()
        self._uses_executors = uses_executors
        self._store = store
        self._supervisor = supervisor
        self._listener = listener
        self._by_key = tasks_by_key(every.usable)
        self._now = now

    def execute(self, plan: TickPlan) -> None:
        """Execute the plan: recover open runs, claim fire times, and start the runs that this supervisor now owns."""
        recovered = [pending for action in plan.actions if action.run for pending in self._recover(action, action.run)]
        self._start([*recovered, *self._claim(plan)])

    def _start(self, pending: list[PendingRun]) -> None:
        """Submit pending runs, the oldest fire time first; leave those that start much later to a later tick."""
        for _, run in pending:
            if _is_left(run, self._now):
                self._store.adopt(run, "", self._now)
        soon = [(task, run) for task, run in pending if not _is_left(run, self._now)]
        self._supervisor.submit(sorted(soon, key=lambda each: each[1].fire_time or FIRST))

    def _claim(self, plan: TickPlan) -> list[PendingRun]:
        """Claim the fire times of a plan, move the cursors, and return the runs to start."""
        claims = [self._claim_of(self._by_key[action.key], action) for action in plan.actions if action.run is None]
        cursors = {task.claim_key: plan.minute + MINUTE for task in plan.judged}
        runs = self._store.claim(claims, cursors, self._supervisor.owner, self._now, ticked=self._ticked)
        won = {(run.key, run.fire_time) for run in runs}
        for claim in claims:
            is_known = claim.fire_time is None or (claim.key, claim.fire_time) in won
            if claim.fire_time and not is_known and claim.outcome is not Outcome.MISSED:
                task = self._by_key[claim.key]
                report_handled(task, claim.fire_time, self._store, self._listener)
        for run in runs:
            if run.outcome is not None:
                self._supervisor.notify(self._by_key[run.key], run)
            elif run.is_offered:
                self._listener.offered(run)
        return [(self._by_key[run.key], run) for run in runs if run.outcome is None]

    def _claim_of(self, task: RegisteredTask, action: PlannedAction) -> Claim:
        return claim_of(task, action)._replace(executor=self._executor_of(task))

    def _executor_of(self, task: RegisteredTask) -> str:
        """Return the executor that the task's runs are handed to, empty if they start here."""
        return task.options.executor if self._uses_executors and task.options.executor != LOCAL else ""

    def _recover(self, action: PlannedAction, run: Run) -> list[PendingRun]:
        """Execute the action planned for an open run, and return the run if this supervisor now has to start it."""
        task = self._by_key.get(run.key)
        if action.action is Action.RECORD_CRASH:
            self._record_crash(run, task)
        elif action.action is Action.MISS:
            self._finish(run, outcome=Outcome.MISSED, detail=detail_of(action))
        elif action.action is Action.SKIP:
            self._finish(run, outcome=Outcome.SKIPPED, skip_reason=SkipReason.PAUSED, detail=detail_of(action))
        elif action.action.starts and task is not None:
            return self._take(action, run, task)
        return []

    def _take(self, action: PlannedAction, run: Run, task: RegisteredTask) -> list[PendingRun]:
        """Take over a pending run, or offer it to the workers of its task's executor; return it if that worked."""
        executor = self._executor_of(task)
        owner = "" if executor else self._supervisor.owner
        late = run.late if action.action is Action.RETRY else action.action is Action.RUN_LATE
        taken = replace(run, late=late, executor=executor)
        is_offered_already = executor == run.executor and run.is_offered
        if is_offered_already or self._store.adopt(taken, owner, self._now):
            if executor:
                self._listener.offered(replace(taken, owner=""), is_new=False)
            return [(task, replace(taken, owner=owner))]
        return []

    def _finish(self, run: Run, **outcome: Any) -> None:
        """Record the outcome of a pending run, unless a worker takes it at this moment."""
        owner = self._supervisor.owner if run.is_offered else run.owner
        if run.is_offered and not self._store.adopt(run, owner, self._now):
            return
        run = replace(run, owner=owner, ended_at=self._now, **outcome)
        if self._store.finish(run):
            self._supervisor.notify(self._by_key.get(run.key) or unknown_task(run.key), run)

    def _record_crash(self, run: Run, task: RegisteredTask | None) -> None:
        """Record a run whose process is gone as crashed, claim its retry, release its lease, and notify."""
        process = ProcessIdentity.parse(run.process)
        killed = send(leftovers_of(process), signal.SIGKILL) if process and is_gone(run.owner) else 0
        crashed = replace(run, outcome=Outcome.CRASHED, ended_at=self._now, error=crash_error(run, killed))
        retry = retry_of(task, crashed) if task else None
        if not self._store.finish(crashed, retry, silent_since=run.heartbeat_at):
            return
        claim_key = claim_key_of(task, run) if task else run.claim_key
        self._store.release(claim_key, lease_token(run.owner, run.id))
        known = task or unknown_task(run.key)
        self._supervisor.notify(known, crashed, will_be_retried=retry is not None, hooks_are_due=True)


def _is_left(run: Run, now: datetime) -> bool:
    """Return whether the run starts so much later that no process waits for it."""
    return run.start_after is not None and run.start_after > now + WAITED_FOR
