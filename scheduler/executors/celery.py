"""The worker side of Celery: call `register(app)` in the app's own Celery module."""

from __future__ import annotations

import logging
import mmap
import os
import sys
import threading
from contextlib import suppress
from typing import Any, Final

from scheduler.errors import ExecutorUnavailable
from scheduler.executors.CeleryExecutor import TASK_NAME
from scheduler.executors.execute import execute, record_worker, scheduler_of
from scheduler.listeners.LogListener import LOGGER
from scheduler.runs import Outcome
from scheduler.tasks.failures import describe_failure

NO_LIMIT: Final = 10 * 366 * 24 * 3600
"""Celery's time limits would kill the process that supervises a run; the task's `timeout` ends it properly."""
REFUSED_POOLS: Final = ("eventlet", "gevent")
LOOP_SECONDS: Final = 0.05
"""How long the loop of the pool `solo` waits at most; Celery may acknowledge a message only after that wait."""


def register(celery: Any, application: Any = None) -> Any:
    """Let the workers of a Celery app execute the scheduler's runs; return the Celery task.

    `application` is the Masonite application. Default: the one in `wsgi.py` in the working directory.
    """
    from celery import signals  # noqa: PLC0415 - an extra of this package

    worker = _Worker(celery, application)
    signals.after_setup_logger.connect(worker.log_failures_once, weak=False)
    signals.worker_init.connect(worker.prepare, weak=False)
    signals.worker_ready.connect(worker.announce, weak=False)
    signals.worker_shutting_down.connect(worker.shut_down, weak=False)
    # A shared task would also belong to every other Celery app in this process.
    options = {"acks_late": True, "ignore_result": True, "max_retries": 0, "serializer": "json", "shared": False}
    return celery.task(
        _task_of(worker), name=TASK_NAME, time_limit=NO_LIMIT, soft_time_limit=NO_LIMIT, **options
    )


class _Worker:
    """A worker of a Celery app: its main process, and the processes of its pool, which are forked from it."""

    def __init__(self, celery: Any, application: Any) -> None:
        self._celery = celery
        self._application = application
        self._booting = threading.Lock()
        self._pool = ""
        self._refused_pool = ""
        self._is_shutting_down = mmap.mmap(-1, 1)  # shared with the pool's processes

    def run(self, run_id: int) -> str:
        """Execute a run and return its outcome for the worker's log."""
        if self._refused_pool:
            raise ExecutorUnavailable(_refusal(self._refused_pool))
        outcome = execute(self._booted(), run_id, should_stop=lambda: self._is_shutting_down[0] > 0)
        return outcome.value if outcome else "nothing to do"

    def log_failures_once(self, logger: logging.Logger, logfile: object = None, **_: object) -> None:
        """Keep Celery's own handlers from logging failed runs: the same log has what `execute` writes of them."""
        conf = self._celery.conf
        if conf.worker_hijack_root_logger and (conf.worker_redirect_stdouts or not logfile):
            for handler in logger.handlers:
                handler.addFilter(_is_not_of_a_failure)

    def prepare(self, sender: Any, **_: object) -> None:
        """Boot the app before the pool forks, and refuse a pool that cannot supervise runs."""
        chosen = sender.pool_cls
        self._pool = chosen if isinstance(chosen, str) else chosen.__module__.rpartition(".")[2]
        self._refused_pool = self._pool if self._pool in REFUSED_POOLS else ""
        try:
            scheduler = scheduler_of(self._booted())
            problems = scheduler.find().broken
        except Exception as error:  # noqa: BLE001 - the worker may have other work; the first run reports it again
            _warn(f"the app cannot be booted: {describe_failure(error).error}")
            return
        for problem in problems:
            _warn(f"{problem.key}: {problem.error}")
        if self._refused_pool and self._executors_of(scheduler):
            raise SystemExit(_refusal(self._refused_pool))

    def announce(self, sender: Any, **_: object) -> None:
        """Record that a worker is running, for each executor whose queue it consumes."""
        if self._pool == "solo" and sender.hub is not None:
            sender.hub.call_repeatedly(LOOP_SECONDS, lambda: None)  # a lost connection clears all timers
        with suppress(Exception):  # the first run reports what is wrong
            scheduler = scheduler_of(self._booted())
            for name in self._executors_of(scheduler):
                record_worker(scheduler, name)

    def shut_down(self, **_: object) -> None:
        """Let running tasks end within `STOP_GRACE`."""
        self._is_shutting_down[0] = 1

    def _executors_of(self, scheduler: Any) -> list[str]:
        """Return the executors whose queue this worker consumes."""
        queues, default = self._celery.amqp.queues.consume_from, self._celery.conf.task_default_queue
        configs = [config for config in scheduler.settings.executors.values() if config.driver == "celery"]
        return [config.name for config in configs if config.options.get("queue", default) in queues]

    def _booted(self) -> Any:
        """Return the Masonite application, booted once."""
        with self._booting:
            if self._application is None:
                if os.getcwd() not in sys.path:
                    sys.path.insert(0, os.getcwd())
                from wsgi import application  # type: ignore[import-not-found]  # noqa: PLC0415 - the app's own file

                self._application = application
        return self._application


def _task_of(worker: _Worker) -> Any:
    def run_scheduled(run_id: int) -> str:
        """Execute a run of the scheduler."""
        return worker.run(run_id)

    return run_scheduled


def _is_not_of_a_failure(record: logging.LogRecord) -> bool:
    outcome = getattr(record, "outcome", None) if record.name == LOGGER else None
    return not (outcome and Outcome(outcome).is_failure)


def _warn(text: str) -> None:
    print(f"scheduler: {text}", file=sys.stderr, flush=True)  # noqa: T201 - the worker's log


def _refusal(pool: str) -> str:
    return (
        f"the scheduler's runs cannot be executed in a pool of {pool}: a run is a process, and {pool} cannot supervise "
        "one without blocking all others. Fix: start this worker with --pool prefork, threads or solo"
    )
