"""Workers that run a task or send its notifications, and their reports."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from scheduler.execution.Runner import Runner
from scheduler.processes import Worker, fork_worker, pack_fields, pack_request, spawn_worker, unpack_fields
from scheduler.processes.identity import count_threads
from scheduler.runs import CompletedRun, Run
from scheduler.tasks.RegisteredTask import RegisteredTask

RUN: Final = "run"
NOTIFY: Final = "notify"
HAND_OVER: Final = "hand_over"
REPORTED: Final = ("outcome", "skip_reason", "detail", "error", "location", "traceback")
"""The fields of a run that its worker reports."""


class WorkerHost(Protocol):
    """What starting a worker needs of the app."""

    def before_fork(self) -> None:
        """Load what `after_fork` needs, so that no child has to."""

    def after_fork(self) -> None:
        """Forget what a forked child must not share with its parent: connections to databases."""

    def prepare_executor(self, executor: str) -> None:
        """Load what an executor needs before workers are forked; a problem is reported when a run is handed over."""

    def worker_module(self) -> str:
        """Return the module that a fresh interpreter runs as a worker (`python -m`)."""


class WorkerFactory:
    """Starts workers, which wait for the go signal.

    They are forked, unless this process has other threads, whose locks could stay locked in the child. Every method
    raises `OSError` if the system has no process or descriptor left.
    """

    def __init__(self, runner: Runner, host: WorkerHost) -> None:
        self._runner = runner
        self._host = host

    def start_run(self, task: RegisteredTask, run: Run) -> Worker:
        """Start a worker that runs the task."""
        return self._start(RUN, task, run, [])

    def start_notifications(self, task: RegisteredTask, completed_runs: Sequence[CompletedRun]) -> Worker:
        """Start a worker that notifies of outcomes of the task."""
        return self._start(NOTIFY, task, completed_runs[-1].run, completed_runs)

    def start_hand_over(self, task: RegisteredTask, runs: Sequence[Run]) -> Worker:
        """Start a worker that hands runs of one executor to it."""
        self._host.prepare_executor(runs[0].executor)
        return self._start(HAND_OVER, task, runs[0], [CompletedRun(run) for run in runs])

    def hand_over_here(self, executor: str, runs: Sequence[Run]) -> str:
        """Hand runs to their executor in this process; return what went wrong, empty if nothing."""
        return self._runner.hand_over(executor, runs)

    def seconds_to_notify_start(self, task: RegisteredTask, run: Run) -> float:
        """Return how many seconds the start's notifications may take; they do not count as the task's time."""
        return self._runner.seconds_to_notify_start(task, run)

    def _start(self, what: str, task: RegisteredTask, run: Run, completed_runs: Sequence[CompletedRun]) -> Worker:
        if hasattr(os, "fork") and count_threads() == 1:
            self._host.before_fork()
            return fork_worker(
                lambda: execute(what, self._runner, task, run, completed_runs), self._host.after_fork
            )
        return spawn_worker(self._host.worker_module(), pack_request(what, run, completed_runs))


def execute(
    what: str, runner: Runner, task: RegisteredTask, run: Run, completed_runs: Sequence[CompletedRun] = ()
) -> dict[str, Any]:
    """Do a worker's work, `RUN`, `NOTIFY` or `HAND_OVER`, and return its report."""
    if what == HAND_OVER:
        return {"problem": runner.hand_over(run.executor, [completed.run for completed in completed_runs])}
    if what == NOTIFY:
        return {"reached": runner.notify(task, completed_runs)}
    return pack_fields(runner.run(task, replace(run, pid=os.getpid())), REPORTED)


def apply_report(run: Run, report: dict[str, Any]) -> Run:
    """Return the run with what its worker reported."""
    return replace(run, **unpack_fields(report, REPORTED))
