"""Notifications of outcomes, sent in processes of their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from scheduler.errors import StoreUnavailable
from scheduler.execution.ActiveRun import ActiveRun
from scheduler.execution.Runner import Runner
from scheduler.execution.WorkerFactory import WorkerFactory
from scheduler.listeners import Listener
from scheduler.rules.durations import duration_text
from scheduler.runs import CompletedRun, Outcome, Run
from scheduler.stores import Store
from scheduler.tasks.RegisteredTask import RegisteredTask

PROCESSES = 8
"""How many processes send notifications at once."""


class NotificationQueue:
    """The outcomes to notify listeners of, and the processes that do so.

    The console is notified at once, all other listeners after `start` or `notify_here`. `lost_store` is called if the
    store is unavailable while a streak is forgotten. A process that has not ended after `seconds` is ended.
    """

    def __init__(
        self,
        store: Store,
        runner: Runner,
        workers: WorkerFactory,
        listener: Listener,
        lost_store: Callable[[StoreUnavailable], None],
        *,
        seconds: float,
    ) -> None:
        self._store = store
        self._runner = runner
        self._workers = workers
        self._listener = listener
        self._lost_store = lost_store
        self._seconds = seconds
        self._queue: list[tuple[RegisteredTask, CompletedRun]] = []
        self._blocked_since: float | None = None
        self.active: list[ActiveRun] = []

    @property
    def is_idle(self) -> bool:
        """Return whether every notification was sent."""
        return not (self._queue or self.active)

    @property
    def is_blocked(self) -> bool:
        """Return whether the next notification waits for a process that could not be started."""
        return self._blocked_since is not None and bool(self._queue)

    def notify(
        self, task: RegisteredTask, run: Run, *, will_be_retried: bool = False, hooks_are_due: bool = False
    ) -> None:
        """Notify listeners once of an outcome that was just recorded."""
        begins, since = self._streak(task, run, will_be_retried=will_be_retried)
        self._listener.run_ended(run, will_be_retried=will_be_retried)
        completed = CompletedRun(run, will_be_retried, begins, since, hooks_are_due)
        if self._runner.has_recipients(task, completed):
            self._queue.append((task, completed))

    def start(self) -> None:
        """Start sending queued notifications, in one process for each task."""
        while self._queue and len(self.active) < PROCESSES:
            task, completed_runs = self._next()
            try:
                worker = self._workers.start_notifications(task, completed_runs)
            except OSError as error:
                self._put_back(task, completed_runs, error)
                return
            self._blocked_since = None
            worker.go()
            begins = any(completed.begins_streak for completed in completed_runs)
            run, output_format = completed_runs[-1].run, self._listener.output_format
            active = ActiveRun(task, run, worker, self._seconds, begins_streak=begins, output_format=output_format)
            self.active.append(active)

    def finish_ended(self) -> None:
        """Finish with processes that have ended; if one reached nobody, the next failure is notified instead."""
        for active in [active for active in self.active if active.worker.has_ended()]:
            self.active.remove(active)
            report = active.close()
            for problem in active.worker.take_problems():
                self._listener.noticed(problem)
            if active.ended_because is not None:
                seconds = duration_text(timedelta(seconds=self._seconds))
                self._listener.noticed(
                    f"{active.task.key}: the notifications of its runs took longer than {seconds} and were ended"
                )
            if active.begins_streak and not (report and report["reached"]):
                self._forget_streak(active.task)

    def notify_here(self) -> None:
        """Send queued notifications in this process."""
        while self._queue:
            task, completed_runs = self._next()
            reached = self._runner.notify(task, completed_runs)
            if not reached and any(completed.begins_streak for completed in completed_runs):
                self._forget_streak(task)

    def _next(self) -> tuple[RegisteredTask, list[CompletedRun]]:
        task = self._queue[0][0]
        completed_runs = [completed for other, completed in self._queue if other.key == task.key]
        self._queue = [(other, completed) for other, completed in self._queue if other.key != task.key]
        return task, completed_runs

    def _put_back(self, task: RegisteredTask, completed_runs: list[CompletedRun], error: OSError) -> None:
        """Try again later, but not forever: no process could be started."""
        now = time.monotonic()
        self._blocked_since = self._blocked_since or now
        if now - self._blocked_since < self._seconds:
            self._queue[:0] = [(task, completed) for completed in completed_runs]
            return
        self._listener.noticed(f"{task.key}: nobody was notified of its runs, no process could be started: {error}")
        if any(completed.begins_streak for completed in completed_runs):
            self._forget_streak(task)

    def _streak(self, task: RegisteredTask, run: Run, *, will_be_retried: bool) -> tuple[bool, datetime | None]:
        """Return whether the run begins a streak of failures, and the beginning of the streak that it ends."""
        if task.options.notify_on_failure and run.failed and not will_be_retried:
            return self._store.begin_streak(task.claim_key, run), None
        if task.options.notify_on_failure and run.outcome is Outcome.SUCCEEDED:
            return False, self._store.end_streak(task.claim_key)
        return False, None

    def _forget_streak(self, task: RegisteredTask) -> None:
        try:
            self._store.end_streak(task.claim_key)
        except StoreUnavailable as error:
            self._lost_store(error)
