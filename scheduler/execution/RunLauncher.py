"""Starting pending runs, each with its task's lease unless it may overlap."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from scheduler import clock
from scheduler.config.Settings import Settings
from scheduler.execution.ActiveRun import ActiveRun
from scheduler.execution.NotificationQueue import NotificationQueue
from scheduler.execution.OutputFiles import OutputFiles
from scheduler.execution.waiting import (
    PendingRun,
    active_run_of,
    backlog,
    contains,
    is_free,
    is_soon,
    not_ended,
    place_of,
    ran_by_then,
)
from scheduler.execution.WorkerFactory import WorkerFactory
from scheduler.listeners.output_format import OutputFormat
from scheduler.processes.Guardian import Guardian
from scheduler.processes.identity import ProcessIdentity, host_name, process_identity
from scheduler.runs import Outcome, Pauses, Run, SkipReason
from scheduler.stores import Claim, Lease, Store, lease_token
from scheduler.tasks.RegisteredTask import RegisteredTask

PAUSES_SECONDS = 1.0
"""How long pauses that were read are used before they are read again."""
BLOCKED_SECONDS = 1.0
"""How long to wait before the next start if the system has no process or descriptor left."""


class RunLauncher:
    """Starts pending runs of `owner`.

    Runs of a task that may not overlap start one after the other. A run whose fire time comes while an earlier run is
    still running is skipped; retries and caught-up fire times wait instead, the oldest first. While the task runs on
    another process, waiting runs have no owner: the process that ends that run takes them over, or the next tick.
    If no process can be started, a start is tried for `starting_seconds` and the task's `grace`, whichever is longer.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        workers: WorkerFactory,
        notifications: NotificationQueue,
        files: Callable[[RegisteredTask], OutputFiles | None],
        *,
        guardian: Guardian,
        owner: str,
        starting_seconds: float,
        output_format: OutputFormat | None = None,
    ) -> None:
        self._output_format = output_format
        self._store = store
        self._settings = settings
        self._workers = workers
        self._notifications = notifications
        self._files = files
        self._guardian = guardian
        self._acquired_at = 0.0
        self._owner = owner
        self._starting = timedelta(seconds=starting_seconds)
        self._pauses = Pauses((), clock.now())
        self._pauses_read_at = -PAUSES_SECONDS
        self._pending: list[PendingRun] = []
        self.is_stopping = False
        self._blocked_until = 0.0
        self._first_tried: dict[int, datetime] = {}

    @property
    def pending(self) -> Sequence[PendingRun]:
        """Return the runs that wait for their start."""
        return self._pending

    def submit(self, runs: Iterable[PendingRun]) -> None:
        """Accept pending runs of this owner."""
        self._pending += runs

    def take_first(self) -> PendingRun:
        """Remove the first pending run and return it."""
        return self._pending.pop(0)

    def clear(self) -> None:
        """Drop all pending runs; the next tick finds them in the store."""
        self._pending.clear()

    def start_ready(self, active: Sequence[ActiveRun]) -> Iterator[ActiveRun]:
        """Start the runs that can start while the `active` ones run; yield each, which the caller adds to `active`.

        If the store fails, the run in question stays pending.
        """
        if time.monotonic() < self._blocked_until or len(active) >= self._settings.workers:
            return
        now = clock.real_now()
        for pending in tuple(self._pending):
            task, run = pending
            if len(active) >= self._settings.workers or self.is_stopping:
                return
            if (run.start_after and run.start_after > now) or not contains(self._pending, pending):
                continue
            earlier = active_run_of(task, active)
            if earlier is not None:
                if not ran_by_then(earlier, run) or self._waits(task, run):
                    continue
                self._skip(task, run, SkipReason.STILL_RUNNING, not_ended(earlier))
            elif self.may_start(task, run):
                try:
                    yield from self._launch(task, run)
                except OSError as error:
                    if not self._give_up(task, run, error):
                        return
            self.forget({run.id})

    def may_start(self, task: RegisteredTask, run: Run) -> bool:
        """Acquire the task's lease and return whether that succeeded.

        If another process holds it, the run is skipped, or given back if it is one that waits. A run is also given
        back if older fire times are still to be caught up. If the task is paused, the run is skipped.
        """
        if self.skip_if_paused(task, run):
            return False
        if task.options.overlap:
            return True
        if run.attempt == 1 and any(each.started_at is None for each in backlog(self._store, task, run)):
            self._give_back_waiting(task, run)
            return False
        now, self._acquired_at = clock.real_now(), time.monotonic()
        token = lease_token(self._owner, run.id)
        lease = Lease(task.claim_key, token, self._owner, host_name(), os.getpid(), now + self._settings.takeover)
        if self._store.acquire(lease, now):
            return True
        held = next((lease for lease in self._store.leases() if lease.key == task.claim_key), None)
        if not self._waits(task, run):
            self._skip(task, run, SkipReason.STILL_RUNNING, not_ended(held))
            return False
        self._give_back_waiting(task, run)
        if held is None:  # it was released before the runs were given back, so its owner has not seen them
            self.take_up(task, run)
        return False

    def forget(self, run_ids: Collection[int]) -> None:
        """Drop pending runs that were started, skipped or taken over."""
        left = len(run_ids)
        for position in reversed(range(len(self._pending))) if left > 1 else range(len(self._pending)):
            if self._pending[position][1].id in run_ids:
                del self._pending[position]
                left -= 1
            if left == 0:
                return

    def use_pauses(self, pauses: Pauses) -> None:
        """Apply these pauses, which were just read."""
        self._pauses = pauses
        self._pauses_read_at = time.monotonic()

    def skip_if_paused(self, task: RegisteredTask, run: Run) -> bool:
        """Skip the run if its task is paused, and return whether it is; a forced run is never skipped."""
        if run.fire_time is None:
            return False
        if time.monotonic() - self._pauses_read_at >= PAUSES_SECONDS:
            self.use_pauses(Pauses(self._store.pauses(), clock.now()))
        pause = self._pauses.of(task)
        if pause is None:
            return False
        self._skip(task, run, SkipReason.PAUSED, pause.describe())
        return True

    def release(self, task: RegisteredTask, run: Run) -> None:
        """Release the lease of the run."""
        if not task.options.overlap:
            self._store.release(task.claim_key, lease_token(self._owner, run.id))

    def take_up(self, task: RegisteredTask, ended: Run, retry: Claim | None = None) -> None:
        """Take over the runs that wait for `ended`: its retry if it is due soon, and the oldest one of its task.

        After a forced run only its retry is taken over: a person waits for the command to end.
        """
        if self.is_stopping or (task.options.overlap and not retry):
            return
        now = clock.real_now()
        waiting = [run for run in self._store.open_runs(task.key) if is_free(task, run)]
        chosen = [run for run in waiting if retry and is_soon(run, retry, task)]
        ready = [run for run in waiting if run not in chosen and (run.start_after is None or run.start_after <= now)]
        if ended.fire_time is not None and not task.options.overlap:
            chosen += sorted(ready, key=lambda run: run.fire_time or now)[:1]
        for run in chosen:
            if run.attempt == 1 and run.fire_time:
                run = replace(run, late=run.fire_time < clock.floor_minute(now))  # noqa: PLW2901 - as it is adopted
            if self._store.adopt(run, self._owner, now):
                self._pending.insert(place_of(self._pending, task, run), (task, replace(run, owner=self._owner)))

    def give_back(self) -> None:
        """Give up ownership of all pending runs: the next tick starts them."""
        while self._pending:
            _, run = self._pending[0]
            self._store.adopt(run, "", clock.real_now())
            self._pending.pop(0)

    def begin(self, task: RegisteredTask, run: Run, process: ProcessIdentity, now: datetime) -> bool:
        """Record that `process` starts the run at `now`; return False if the run or its lease was taken over."""
        token = lease_token(self._owner, run.id)
        if not task.options.overlap and not self._store.hand_over(task.claim_key, token, str(process), process.pid):
            self._store.adopt(run, "", now)
            return False
        if self._store.start(run, process.pid, now):
            return True
        self.release(task, run)
        return False

    def _waits(self, task: RegisteredTask, run: Run) -> bool:
        """Return whether a run whose task is busy waits instead of being skipped.

        Retries and late runs wait, and so does every run while a task with `catch_up = "all"` has a backlog that is not
        longer than its `catch_up_limit`.
        """
        if run.late or run.attempt > 1:
            return True
        return 0 < len(backlog(self._store, task, run)) <= task.options.catch_up_limit

    def _give_back_waiting(self, task: RegisteredTask, first: Run) -> None:
        """Give up ownership of runs of a busy task: the process that ends its current run takes them over."""
        others = (run for other, run in self._pending if other.key == task.key and run.id != first.id)
        waiting = [run for run in others if run.late or run.attempt > 1 or task.options.catch_up == "all"]
        for run in (first, *waiting):
            self._store.adopt(run, "", clock.real_now())
        self.forget({run.id for run in waiting})

    def _skip(self, task: RegisteredTask, run: Run, reason: SkipReason, detail: str) -> None:
        ended_at = clock.real_now()
        skipped = replace(run, outcome=Outcome.SKIPPED, skip_reason=reason, detail=detail, ended_at=ended_at)
        if self._store.finish(skipped):
            self._notifications.notify(task, skipped)

    def _give_up(self, task: RegisteredTask, run: Run, error: OSError) -> bool:
        """Pause all starts, since no process could be started; return whether it is too late for this run.

        If so, it is recorded as missed.
        """
        self.release(task, run)
        self._blocked_until = time.monotonic() + BLOCKED_SECONDS
        now = clock.real_now()
        due = max(filter(None, (run.fire_time, run.start_after)), default=None)
        first_tried = self._first_tried.setdefault(run.id, now)
        if now - first_tried < self._starting or (due is not None and now - due < task.options.grace):
            return False
        detail = f"no process could be started for it: {error.strerror or error}"
        missed = replace(run, outcome=Outcome.MISSED, detail=detail, ended_at=now)
        if self._store.finish(missed):
            self._notifications.notify(task, missed)
        return True

    def _launch(self, task: RegisteredTask, run: Run) -> list[ActiveRun]:
        """Start the run in a worker and return it as the only one; return none if it was taken over."""
        started = replace(run, started_at=clock.real_now(), host=host_name())
        worker = self._workers.start_run(task, started)
        process = process_identity(worker.pid)
        started = replace(started, pid=worker.pid, process=str(process))
        may_start = False
        try:
            if not task.options.overlap:
                self._guardian.guard(worker.pid, self._acquired_at)
            may_start = self.begin(task, run, process, started.started_at or clock.real_now())
        finally:
            if not may_start:
                worker.kill()
                self._guardian.release(worker.pid)
        if not may_start:
            return []
        worker.go()
        limit = task.options.timeout
        before = self._workers.seconds_to_notify_start(task, started)
        active = ActiveRun(
            task, started, worker, limit.total_seconds() if limit else None, self._files(task), before=before,
            output_format=self._output_format,
        )  # fmt: skip
        return [active]
