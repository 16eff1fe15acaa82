"""A task that puts one of the app's own jobs on its queue."""

from __future__ import annotations

import inspect
from typing import Any

from scheduler.config.call_site import call_site, is_app_starting
from scheduler.config.ExecutorConfig import closest
from scheduler.Task import Task


class JobNotQueued(Exception):
    """A job could not be put on the queue; the message says why."""


class JobTask(Task):
    """A task that puts `job`, an instance or a class of Masonite's `Queueable`, on the app's queue.

    `queue` is by default the one that the job names, `connection` the default one of `config/queue.py`. The outcome is
    that of queueing, not that of the job; on the connection "async" this process does the job before the run ends.
    """

    defined_at = ""

    def __init__(self, job: Any, queue: str | None = None, connection: str | None = None) -> None:
        self.job = job
        self.queue = queue
        self.connection = connection
        self.defined_at = call_site()
        if not is_app_starting():
            self.check()

    @property
    def default_key(self) -> str:
        """Return the task's name, or that of the job's class: what tells several of these apart."""
        return self.name or (self.job.__name__ if inspect.isclass(self.job) else type(self.job).__name__)

    def check(self) -> None:
        """Raise `TypeError` unless there is a job to put on the queue."""
        if not callable(getattr(self.job, "handle", None)):
            raise TypeError(f"JobTask({self.job!r}): pass a job, which has a method handle()")

    def handle(self) -> None:
        """Put the job on the queue."""
        from wsgi import application  # type: ignore[import-not-found]  # noqa: PLC0415 - the app's own file

        queue = application.make("queue")
        if self.connection and self.connection not in queue.drivers:
            is_configured = bool(queue.driver_config.get(self.connection))
            what = "Masonite's queue has no driver" if is_configured else "config/queue.py has no connection"
            raise JobNotQueued(f"{what} {self.connection!r}{closest(self.connection, queue.drivers)}")
        job = application.resolve(self.job) if inspect.isclass(self.job) else self.job
        name = self.queue or (job.queue() if callable(getattr(job, "queue", None)) else "default")
        if (self.connection or queue.driver_config.get("default")) == "async":  # it would give options to `handle`
            queue.get_driver("async").set_options(queue.get_config_options("async")).push(job)
        else:
            queue.push(job, driver=self.connection, queue=name)
