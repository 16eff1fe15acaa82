"""Recording the outcomes of runs, together with their retries."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from scheduler import clock
from scheduler.errors import StoreUnavailable
from scheduler.execution.ActiveRun import ActiveRun
from scheduler.execution.claims import retry_of
from scheduler.execution.NotificationQueue import NotificationQueue
from scheduler.execution.RunLauncher import RunLauncher
from scheduler.execution.WorkerFactory import apply_report
from scheduler.listeners import Listener
from scheduler.processes import describe_signal, end_leftovers, leftovers_of, send
from scheduler.processes.identity import ProcessIdentity
from scheduler.rules.durations import duration_text
from scheduler.runs import Outcome, Run
from scheduler.stores import Store
from scheduler.tasks.RegisteredTask import RegisteredTask


class _Unsaved(NamedTuple):
    """An outcome that is still to be recorded; `since` is on the monotonic clock."""

    task: RegisteredTask
    run: Run
    hooks_are_due: bool
    since: float


class OutcomeRecorder:
    """The outcomes still to be recorded, each tried for `seconds` by the clock `monotonic`.

    `lost_store` is called if the store is unavailable meanwhile.
    """

    def __init__(
        self,
        store: Store,
        listener: Listener,
        launcher: RunLauncher,
        notifications: NotificationQueue,
        lost_store: Callable[[StoreUnavailable], None],
        *,
        seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._listener = listener
        self._launcher = launcher
        self._notifications = notifications
        self._lost_store = lost_store
        self._seconds = seconds
        self._monotonic = monotonic
        self._unsaved: list[_Unsaved] = []
        self.failed = False

    @property
    def runs(self) -> list[Run]:
        """Return the runs whose outcome is still to be recorded."""
        return [unsaved.run for unsaved in self._unsaved]

    def add_ended(self, active: ActiveRun) -> None:
        """Add the outcome of a run whose worker has ended; if it could not report, its hooks are due."""
        report = active.close()
        run = replace(active.run, ended_at=clock.real_now(), output=active.output.decode("utf-8", "replace"))
        if report is not None:
            run = apply_report(run, report)
        elif active.ended_because is Outcome.TIMED_OUT:
            limit = active.task.options.timeout
            error = f"it was ended after its timeout of {duration_text(limit) if limit else None}"
            run = replace(run, outcome=Outcome.TIMED_OUT, error=error)
        elif active.ended_because is Outcome.CRASHED:
            run = replace(run, outcome=Outcome.CRASHED, error=active.end_error)
        else:
            left = end_leftovers(active.worker.pid) + _end_detached(active.run)
            run = replace(run, outcome=Outcome.CRASHED, error=_crash(active.worker.status or 0, left))
        if active.files is not None:
            active.files.close(ran=run.outcome is not Outcome.SKIPPED)
        self.add(active.task, run, hooks_are_due=report is None)

    def add(self, task: RegisteredTask, run: Run, *, hooks_are_due: bool = False) -> None:
        """Add the outcome of a run."""
        self._unsaved.append(_Unsaved(task, run, hooks_are_due, self._monotonic()))
        self.failed = self.failed or run.failed

    def save(self) -> None:
        """Record outcomes, release leases, claim retries. If one cannot be saved, the others come first next time."""
        while self._unsaved:
            unsaved = self._unsaved[0]
            try:
                self._save(unsaved)
            except StoreUnavailable as error:
                self._lost_store(error)
                self._unsaved.append(self._unsaved.pop(0))
                now = self._monotonic()
                self._unsaved = [each for each in self._unsaved if now - each.since <= self._seconds]
                return
            self._unsaved.remove(unsaved)

    def _save(self, unsaved: _Unsaved) -> None:
        task, run, hooks_are_due, _ = unsaved
        retry = retry_of(task, run)
        recorded = self._store.finish(run, retry)
        self._launcher.release(task, run)
        if recorded:
            self._launcher.take_up(task, run, retry)
        if recorded:
            self._notifications.notify(task, run, will_be_retried=retry is not None, hooks_are_due=hooks_are_due)
        else:
            self._listener.run_ended(run)


def _end_detached(run: Run) -> int:
    worker = ProcessIdentity.parse(run.process)
    return send(leftovers_of(worker), signal.SIGKILL) if worker else 0


def _crash(status: int, ended: int) -> str:
    if status < 0:
        error = f"its process was killed by signal {describe_signal(-status)}"
    else:
        error = f"its process ended with exit code {status} before it had finished"
    if not ended:
        return error
    return f"{error}; {ended} process{'es' if ended > 1 else ''} it had started {'were' if ended > 1 else 'was'} ended"
