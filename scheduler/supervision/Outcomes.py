"""What came of runs, written down together with their retries."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import replace

from scheduler import clock
from scheduler.claims import retry_of
from scheduler.errors import StoreUnavailable
from scheduler.listeners import Listener
from scheduler.Policy import in_words
from scheduler.runs import Outcome, Run
from scheduler.stores import Store
from scheduler.supervision.Active import Active
from scheduler.supervision.Starter import Starter
from scheduler.supervision.Tellers import Tellers
from scheduler.supervision.Workers import with_report
from scheduler.TaskRegistry import RegisteredTask

SAVING_TRIES_SECONDS = 60.0


class Outcomes:
    """The outcomes that are to be written down; `lost_store` hears of a store that is away meanwhile."""

    def __init__(
        self,
        store: Store,
        listener: Listener,
        starter: Starter,
        tellers: Tellers,
        lost_store: Callable[[StoreUnavailable], None],
    ) -> None:
        self._store = store
        self._listener = listener
        self._starter = starter
        self._tellers = tellers
        self._lost_store = lost_store
        self._unsaved: list[tuple[RegisteredTask, Run, bool]] = []
        self._unsaved_since = 0.0
        self.failed = False

    @property
    def runs(self) -> list[Run]:
        """The runs whose outcome is still to be written down."""
        return [run for _, run, _ in self._unsaved]

    def add_ended(self, active: Active) -> None:
        """Take on what came of a run whose worker has ended; where that could not report, its hooks are due."""
        report = active.close()
        run = replace(active.run, ended_at=clock.real_now(), output=active.output.decode("utf-8", "replace"))
        if report is not None:
            run = with_report(run, report)
        elif active.ended_because is Outcome.TIMED_OUT:
            limit = active.task.policy.timeout
            error = f"it was ended after its timeout of {in_words(limit) if limit else None}"
            run = replace(run, outcome=Outcome.TIMED_OUT, error=error)
        elif active.ended_because is Outcome.CRASHED:
            run = replace(run, outcome=Outcome.CRASHED, error="it was ended because the scheduler was told to stop")
        else:
            run = replace(run, outcome=Outcome.CRASHED, error=_crash(active.worker.status or 0))
        if active.files is not None:
            active.files.close(ran=run.outcome is not Outcome.SKIPPED)
        self.add(active.task, run, hooks_are_due=report is None)

    def add(self, task: RegisteredTask, run: Run, *, hooks_are_due: bool = False) -> None:
        """Take on the outcome of a run."""
        self._unsaved.append((task, run, hooks_are_due))
        self._unsaved_since = self._unsaved_since or time.monotonic()
        self.failed = self.failed or run.failed

    def save(self) -> None:
        """Write down outcomes, release leases, arrange retries; where the store is away, try again for a while."""
        while self._unsaved:
            try:
                self._save(*self._unsaved[0])
            except StoreUnavailable as error:
                self._lost_store(error)
                if time.monotonic() - self._unsaved_since > SAVING_TRIES_SECONDS:
                    self._unsaved.clear()
                return
            self._unsaved.pop(0)
        self._unsaved_since = 0.0

    def _save(self, task: RegisteredTask, run: Run, hooks_are_due: bool) -> None:
        retry = retry_of(task, run)
        recorded = self._store.finish(run, retry)
        self._starter.release(task, run)
        if retry and recorded:
            self._starter.take_up(task, retry)
        if recorded:
            self._tellers.tell(task, run, will_be_retried=retry is not None, hooks_are_due=hooks_are_due)
        else:
            self._listener.run_ended(run)


def _crash(status: int) -> str:
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = "unknown"
        return f"its process was killed by signal {-status} ({name})"
    return f"its process ended with exit code {status} before it had finished"
