"""Executing a pending run in the worker of any engine."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from scheduler import clock
from scheduler.errors import StoreUnavailable
from scheduler.execution.Scheduler import Scheduler
from scheduler.execution.Supervisor import Supervisor
from scheduler.listeners import ConsoleListener, Listener
from scheduler.processes.identity import host_name, is_gone
from scheduler.runs import Outcome, Run
from scheduler.stores import Store
from scheduler.tasks.RegisteredTask import RegisteredTask

EARLY: Final = timedelta(minutes=1)
"""How long before its start a run may be taken, since clocks differ; the worker waits for the rest."""
AT_ONCE: Final = timedelta(seconds=10)
"""How soon a retry must be due to be handed over at once; a tick does the others, so that no worker waits for long."""
STEP_SECONDS: Final = 0.5
RECORDED_AGAIN: Final = 30.0
"""How many seconds after its last report a worker reports again."""

_of_thread = threading.local()
_finding = threading.Lock()


def execute(
    application: Any,
    run_id: int,
    *,
    should_stop: Callable[[], bool] | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Outcome | None:
    """Execute a pending run in a child process and return its outcome.

    Return None if there was nothing to do: another worker has the run, or it has ended. A message that comes twice or
    late is not an error, so nothing is raised. `should_stop` is called often; once it returns true, the run has
    `STOP_GRACE` to end. Without it, SIGTERM and SIGINT stop the run, and then take effect on this process. `meanwhile`
    is called often, too.
    """
    scheduler: Scheduler = scheduler_of(application)
    listener = ConsoleListener(_print, _print_error)
    try:
        store = _store_of(scheduler)
        supervisor = scheduler.supervisor(listener, store)
        found = _take(scheduler, store, run_id, listener, supervisor.owner)
        if found is None:
            return None
        task, run = found
        supervisor.submit([found])
        with _stopping(supervisor, should_stop) as stop_if_asked:
            _finish(supervisor, stop_if_asked, meanwhile)
            supervisor.submit(_next_runs(store, task, run))
            _finish(supervisor, stop_if_asked, meanwhile)
        ended = store.run(run.id)
    except StoreUnavailable as error:
        listener.lost_store(error)
        return None
    return ended.outcome if ended else None


def scheduler_of(application: Any) -> Scheduler:
    """Return the app's scheduler; `scheduler` may be bound to Masonite's handler, which passes all calls on."""
    bound = application.make("scheduler")
    found: Scheduler = getattr(bound.run, "__self__", bound).scheduler
    return found


def _finish(
    supervisor: Supervisor, stop_if_asked: Callable[[], None], meanwhile: Callable[[], None] | None
) -> None:
    while not supervisor.is_idle:
        supervisor.step(STEP_SECONDS)
        stop_if_asked()
        if meanwhile:
            meanwhile()


def _take(
    scheduler: Scheduler, store: Store, run_id: int, listener: Listener, owner: str
) -> tuple[RegisteredTask, Run] | None:
    """Take over a pending run for `owner` and return it: of a task that may not overlap, the earliest one.

    Return None if there is nothing to execute.
    """
    run = store.run(run_id)
    if run is None or not run.executor:
        return None
    record_worker(scheduler, run.executor)
    task = _task_of(scheduler, run.key)
    if task is None:
        if run.is_offered:
            listener.noticed(f"{run.key}: {_why_unknown(scheduler, run.key)}")
        return None
    now = clock.real_now()
    candidates = [run] if task.options.overlap or run.fire_time is None else store.offered_runs(run.key)
    for candidate in candidates:
        if not candidate.is_offered or (candidate.start_after and candidate.start_after > now + EARLY):
            continue
        if not task.options.overlap and _waits(store, task, candidate, now):
            return None
        due = max(filter(None, (candidate.fire_time, candidate.start_after)), default=now)
        is_late = candidate.attempt == 1 and due < clock.floor_minute(now)  # a retry is as late as the first attempt
        taken = replace(candidate, late=candidate.late or is_late)
        if store.adopt(taken, owner, now):
            return task, replace(taken, owner=owner)
    return None


def _waits(store: Store, task: RegisteredTask, run: Run, now: datetime) -> bool:
    """Return whether the run waits for an earlier one; the worker of that one then starts it."""
    held = next((lease for lease in store.leases() if lease.key == task.claim_key), None)
    if held is None or held.expires_at <= now or is_gone(held.owner) or run.fire_time is None:
        return False
    if run.attempt > 1 or run.late or task.options.catch_up == "all":
        return True
    earlier = [other.started_at for other in store.open_runs() if other.key == run.key and other.started_at]
    return not any(started_at < run.fire_time for started_at in earlier)


def _next_runs(store: Store, task: RegisteredTask, ended: Run) -> list[tuple[RegisteredTask, Run]]:
    """Return the runs to hand over at once: the retry of `ended`, if due soon, and the earliest that waited for it.

    The worker that takes the retry waits until it may start.
    """
    now = clock.real_now()
    waiting = store.offered_runs(task.key)
    attempt = (ended.fire_time, ended.attempt + 1)
    retries = [run for run in waiting if (run.fire_time, run.attempt) == attempt and _is_due(run, now + AT_ONCE)]
    ready = [] if task.options.overlap else [run for run in waiting if _is_due(run, now)]
    chosen = {run.id: run for run in (*retries, *ready[:1])}
    return [(task, replace(run, start_after=None)) for run in chosen.values()]


def _is_due(run: Run, now: datetime) -> bool:
    return run.start_after is None or run.start_after <= now


def _task_of(scheduler: Scheduler, key: str) -> RegisteredTask | None:
    """Return the task, found once for the whole process."""
    with _finding:
        found = scheduler.found or scheduler.find()
    return next((task for task in found.usable if task.key == key), None)


def _why_unknown(scheduler: Scheduler, key: str) -> str:
    broken = [] if scheduler.found is None else [each.error for each in scheduler.found.broken if each.key == key]
    return broken[0] if broken else "the app of this worker has no such task; deploy it here and restart the worker"


def _store_of(scheduler: Scheduler) -> Store:
    """Return the store with a connection that only this thread of this process uses."""
    known: tuple[int, Scheduler, Store] | None = getattr(_of_thread, "store", None)
    if known and known[:2] == (os.getpid(), scheduler):
        return known[2]
    if known:
        known[2].connection.forget()
    scheduler.forget_inherited()
    opened = scheduler.store.reopened() or scheduler.store
    _of_thread.store = (os.getpid(), scheduler, opened)
    return opened


def record_worker(scheduler: Scheduler, executor: str) -> None:
    """Record in the store that a worker of an executor has reported, unless it did so a moment ago."""
    recorded: dict[tuple[int, str], float] = _of_thread.__dict__.setdefault("recorded", {})
    key, now = (os.getpid(), executor), time.monotonic()
    if now - recorded.get(key, -RECORDED_AGAIN) >= RECORDED_AGAIN:
        _store_of(scheduler).record_worker(executor, host_name(), os.getpid(), clock.real_now())
        recorded[key] = now


@contextmanager
def _stopping(supervisor: Supervisor, should_stop: Callable[[], bool] | None) -> Iterator[Callable[[], None]]:
    """Yield a function that stops the supervisor if `should_stop` returns true; without it, let signals stop it.

    A signal takes effect on this process after the block.
    """
    if should_stop is not None:

        def stop_if_asked() -> None:
            if not supervisor.is_stopping and should_stop():
                supervisor.stop()

        yield stop_if_asked
        return
    with supervisor.stop_on_signals():
        yield lambda: None
    if supervisor.is_stopping:
        signal.raise_signal(signal.SIGTERM)


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the worker's log


def _print_error(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the worker's log
