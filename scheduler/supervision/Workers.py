"""What a worker is for: to run a task or to tell outcomes, and to report what came of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from scheduler.isolation import Worker, fork_worker, packed, packed_endings, spawn_worker
from scheduler.Runner import Runner
from scheduler.runs import Ending, Outcome, Run, SkipReason
from scheduler.TaskRegistry import RegisteredTask


class Workers:
    """Makes workers, which wait to be let go: forked, unless threads of this process could leave locks in the child."""

    def __init__(self, runner: Runner, after_fork: Callable[[], None]) -> None:
        self._runner = runner
        self._after_fork = after_fork

    def to_run(self, task: RegisteredTask, run: Run) -> Worker:
        """Return a worker that runs the task."""
        return self._worker("run", task, run, [])

    def seconds_before(self, task: RegisteredTask, run: Run) -> float:
        """Return how long telling of the start may take, which is none of the time that the task may take."""
        return self._runner.seconds_to_tell_start(task, run)

    def to_tell(self, task: RegisteredTask, endings: Sequence[Ending]) -> Worker:
        """Return a worker that tells outcomes of the task."""
        return self._worker("tell", task, endings[-1].run, endings)

    def _worker(self, what: str, task: RegisteredTask, run: Run, endings: Sequence[Ending]) -> Worker:
        if hasattr(os, "fork") and _threads() == 1:
            return fork_worker(lambda: done(what, self._runner, task, run, endings), self._after_fork)
        return spawn_worker([what, packed(run)], packed_endings(endings) if endings else "")


def _threads() -> int:
    """Return how many threads this process has, those of libraries written in C too where the system tells."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return threading.active_count()


def done(
    what: str, runner: Runner, task: RegisteredTask, run: Run, endings: Sequence[Ending] = ()
) -> dict[str, Any]:
    """Do in a worker what it is for, to `run` or to `tell` the endings, and return what it reports."""
    if what == "tell":
        return {"told": runner.tell(task, endings)}
    run = runner.run(task, replace(run, pid=os.getpid()))
    return {
        "outcome": run.outcome.value if run.outcome else None,
        "skip_reason": run.skip_reason.value if run.skip_reason else None,
        "detail": run.detail,
        "error": run.error,
        "location": run.location,
        "traceback": run.traceback,
    }


def with_report(run: Run, report: dict[str, Any]) -> Run:
    """Return the run with what its worker reported, which is what `done` returned there."""
    reason = report["skip_reason"]
    return replace(
        run,
        outcome=Outcome(report["outcome"]),
        skip_reason=SkipReason(reason) if reason else None,
        detail=report["detail"],
        error=report["error"],
        location=report["location"],
        traceback=report["traceback"],
    )
