"""Handing runs to their executors in a short-lived process: an engine that does not answer must not block us."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from scheduler.execution.ActiveRun import ActiveRun
from scheduler.execution.waiting import PendingRun
from scheduler.execution.WorkerFactory import WorkerFactory
from scheduler.listeners import Listener
from scheduler.rules.durations import duration_text
from scheduler.runs import Run

AT_ONCE = 1000
"""How many runs one process hands over."""


class HandOver:
    """Hands offered runs to their executors once they may start, within `seconds`.

    They are pending in the store. If one is not handed over, or its message is lost, the next tick hands it over.
    """

    def __init__(self, workers: WorkerFactory, listener: Listener, seconds: float) -> None:
        self._workers = workers
        self._listener = listener
        self._seconds = seconds
        self._waiting: list[PendingRun] = []
        self.active: list[ActiveRun] = []

    @property
    def is_idle(self) -> bool:
        """Return whether everything was handed over."""
        return not (self.waiting or self.active)

    @property
    def waiting(self) -> Sequence[PendingRun]:
        """Return the runs that were not handed over yet."""
        return self._waiting

    def submit(self, runs: Iterable[PendingRun]) -> None:
        """Accept offered runs."""
        self._waiting += runs

    def clear(self) -> None:
        """Drop the runs that were not handed over yet; the next tick finds them in the store."""
        self._waiting.clear()

    def start(self, now: datetime) -> None:
        """Hand over the runs that may start, in one process for each executor."""
        busy = {active.run.executor for active in self.active}
        for executor in dict.fromkeys(run.executor for _, run in self.waiting):
            ready = [] if executor in busy else self._take_ready(executor, now)
            if ready:
                self._start(executor, ready)

    def finish_ended(self) -> None:
        """Report what could not be handed over, once for each process that tried."""
        for active in [active for active in self.active if active.worker.has_ended()]:
            self.active.remove(active)
            report = active.close()
            problem = report["problem"] if report else "handing over crashed"
            if active.ended_because is not None:
                problem = f"it did not answer within {duration_text(timedelta(seconds=self._seconds))}"
            self._notice(active.run.executor, problem)

    def hand_over_here(self, now: datetime) -> None:
        """Hand over the runs that may start, in this process; leave the others to the next tick."""
        for executor in dict.fromkeys(run.executor for _, run in self.waiting):
            if ready := self._take_ready(executor, now):
                self._notice(executor, self._workers.hand_over_here(executor, [run for _, run in ready]))
        self.clear()

    def _start(self, executor: str, ready: list[PendingRun]) -> None:
        task, run = ready[0]
        try:
            worker = self._workers.start_hand_over(task, [run for _, run in ready])
        except OSError as error:
            self._notice(executor, f"no process could be started: {error}")
            return
        worker.go()
        output_format = self._listener.output_format
        self.active.append(ActiveRun(task, run, worker, self._seconds, output_format=output_format))

    def _take_ready(self, executor: str, now: datetime) -> list[PendingRun]:
        ready = [each for each in self.waiting if _may_start(each[1], executor, now)][:AT_ONCE]
        taken = {run.id for _, run in ready}
        self._waiting = [each for each in self.waiting if each[1].id not in taken]
        return ready

    def _notice(self, executor: str, problem: str) -> None:
        if problem:
            self._listener.noticed(f"executor {executor!r}: {problem}; its runs wait, and the next tick tries again")


def _may_start(run: Run, executor: str, now: datetime) -> bool:
    return run.executor == executor and (run.start_after is None or run.start_after <= now)
