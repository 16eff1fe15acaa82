"""Runs that wait for their start, and starting them: under their task's lease, unless it is paused."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from scheduler import clock
from scheduler.OutputFiles import OutputFiles
from scheduler.process import host_name, identity_of
from scheduler.runs import Outcome, Pauses, Run, SkipReason
from scheduler.Settings import Settings
from scheduler.stores import Claim, Lease, Store, lease_token
from scheduler.supervision.Active import Active
from scheduler.supervision.Tellers import Tellers
from scheduler.supervision.Workers import Workers
from scheduler.TaskRegistry import RegisteredTask

PAUSES_SECONDS = 1.0
"""How old what is known of pauses may be when a run starts."""
RETRIED_HERE = timedelta(minutes=1)
"""A retry that comes sooner than this is waited for, any other is left to a later tick."""


class Starter:
    """Starts pending runs of `owner`.

    Those of one task that may not overlap start one after the other; one whose fire time comes while an earlier one
    runs is skipped.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        workers: Workers,
        tellers: Tellers,
        files: Callable[[RegisteredTask], OutputFiles | None],
        *,
        owner: str,
    ) -> None:
        self._store = store
        self._settings = settings
        self._workers = workers
        self._tellers = tellers
        self._files = files
        self._owner = owner
        self._pauses = Pauses((), clock.now())
        self._pauses_read_at = -PAUSES_SECONDS
        self.waiting: list[tuple[RegisteredTask, Run]] = []
        self.is_stopping = False

    def start_ready(self, active: list[Active]) -> None:
        """Start what can be started beside what is `active`, and add it; what the store fails at stays where it is."""
        now = clock.real_now()
        position = 0
        while position < len(self.waiting) and len(active) < self._settings.workers and not self.is_stopping:
            task, run = self.waiting[position]
            earlier = _active_run_of(task, active)
            if (run.start_after and run.start_after > now) or (earlier and not _ran_by_then(earlier, run)):
                position += 1
                continue
            if earlier:
                self._skip(task, run, SkipReason.STILL_RUNNING, _not_ended(earlier))
            elif self.may_start(task, run) and (started := self._launch(task, run)):
                active.append(started)
            del self.waiting[position]

    def may_start(self, task: RegisteredTask, run: Run) -> bool:
        """Take the task's lease; where somebody else has it, or the task is paused, the run is skipped.

        A retry for which somebody else has the lease is left to a later tick.
        """
        if self.skips_paused(task, run):
            return False
        if task.policy.overlap:
            return True
        now = clock.real_now()
        token = lease_token(self._owner, run.id)
        lease = Lease(task.claim_key, token, self._owner, host_name(), os.getpid(), now + self._settings.lease)
        if self._store.acquire(lease, now):
            return True
        if run.attempt > 1:
            self._store.adopt(run, "", now)
            return False
        held = next((lease for lease in self._store.leases() if lease.key == task.claim_key), None)
        self._skip(task, run, SkipReason.STILL_RUNNING, _not_ended(held))
        return False

    def pauses(self, now: datetime) -> Pauses:
        """Return the pauses there are in the store, as seen at `now`."""
        self._pauses = Pauses(self._store.pauses(), now)
        self._pauses_read_at = time.monotonic()
        return self._pauses

    def skips_paused(self, task: RegisteredTask, run: Run) -> bool:
        """Skip the run if its task is paused, and tell whether it is; what was forced is not kept back."""
        if run.fire_time is None:
            return False
        if time.monotonic() - self._pauses_read_at >= PAUSES_SECONDS:
            self.pauses(clock.now())
        pause = self._pauses.of(task)
        if pause is None:
            return False
        self._skip(task, run, SkipReason.PAUSED, pause.describe())
        return True

    def release(self, task: RegisteredTask, run: Run) -> None:
        """Give up the lease that the run held."""
        if not task.policy.overlap:
            self._store.release(task.claim_key, lease_token(self._owner, run.id))

    def take_up(self, task: RegisteredTask, retry: Claim) -> None:
        """Wait here for a retry that comes soon; any other is left to a later tick."""
        if task.policy.retry_delay >= RETRIED_HERE or self.is_stopping:
            return
        for run in self._store.open_runs():
            is_it = (run.key, run.fire_time, run.attempt, run.owner) == (retry.key, retry.fire_time, retry.attempt, "")
            if is_it and self._store.adopt(run, self._owner, clock.real_now()):
                self.waiting.append((task, replace(run, owner=self._owner)))

    def give_back(self) -> None:
        """Leave what was not started to the next tick."""
        while self.waiting:
            _, run = self.waiting[0]
            self._store.adopt(run, "", clock.real_now())
            self.waiting.pop(0)

    def _skip(self, task: RegisteredTask, run: Run, reason: SkipReason, detail: str) -> None:
        ended_at = clock.real_now()
        skipped = replace(run, outcome=Outcome.SKIPPED, skip_reason=reason, detail=detail, ended_at=ended_at)
        if self._store.finish(skipped):
            self._tellers.tell(task, skipped)

    def _launch(self, task: RegisteredTask, run: Run) -> Active | None:
        """Start the run in a worker; None where it is no longer this owner's to start."""
        started = replace(run, started_at=clock.real_now(), host=host_name())
        worker = self._workers.to_run(task, started)
        identity = str(identity_of(worker.pid))
        started = replace(started, pid=worker.pid)
        may_start = False
        try:
            if not task.policy.overlap:
                self._store.hand_over(task.claim_key, lease_token(self._owner, run.id), identity, worker.pid)
            may_start = self._store.start(run, worker.pid, started.started_at or clock.real_now())
        finally:
            if not may_start:
                worker.send(signal.SIGKILL)
                os.waitpid(worker.pid, 0)
                worker.close()
        if not may_start:
            self.release(task, run)
            return None
        worker.go()
        limit = task.policy.timeout
        before = self._workers.seconds_before(task, started)
        return Active(
            task, started, worker, limit.total_seconds() if limit else None, self._files(task), before=before
        )


def _active_run_of(task: RegisteredTask, actives: Sequence[Active]) -> Run | None:
    """Return the run that keeps the task from being started, None if it may start."""
    if task.policy.overlap:
        return None
    return next((active.run for active in actives if active.task.key == task.key), None)


def _ran_by_then(earlier: Run, run: Run) -> bool:
    """Tell whether the fire time of `run` came while `earlier` ran already; a retry, and what is made up for, waits."""
    if run.attempt > 1 or run.fire_time is None or earlier.started_at is None:
        return False
    return earlier.started_at < run.fire_time


def _not_ended(earlier: Run | Lease | None) -> str:
    return "an earlier run has not ended" + (f" (process {earlier.pid} on {earlier.host})" if earlier else "")
