"""Handing runs to the workers of a Celery app."""

from __future__ import annotations

from contextlib import suppress
from importlib.util import find_spec
from typing import Any, Final

from scheduler.errors import ExecutorUnavailable
from scheduler.executors.Executor import Executor
from scheduler.executors.loading import load, missing_module
from scheduler.runs import Run
from scheduler.tasks.failures import describe_failure

TASK_NAME: Final = "scheduler.execute"
"""The task that `register` gives to a Celery app."""
ANSWER_SECONDS: Final = 2.0
"""How long workers have to answer that they listen."""


class CeleryExecutor(Executor):
    """Sends messages through the broker of a Celery app, over a connection of its own."""

    _app: Any = None
    _connection: Any = None
    _producer: Any = None

    def problem(self) -> str:
        """Return what is wrong with the settings, empty if nothing is."""
        if find_spec("celery") is None:
            return "Celery is not installed: pip install 'masonite-scheduler[celery]'"
        return missing_module(self.options["app"])

    def prepare(self) -> None:
        """Import the Celery app."""
        if self._app is None:
            app = load(self.options["app"])
            if not hasattr(app, "send_task"):
                raise ExecutorUnavailable(f"{self.options['app']} is not a Celery app, but {type(app).__name__}")
            self._app = app

    def submit(self, run: Run) -> None:
        """Send the id of a pending run to the queue."""
        self.prepare()
        try:
            if self._producer is None:
                self._connection = self._app.connection_for_write()
                self._producer = self._app.amqp.Producer(self._connection)
            queue = {"queue": self.options["queue"]} if "queue" in self.options else {}
            self._app.send_task(
                TASK_NAME,
                args=[run.id],
                producer=self._producer,
                retry=False,
                ignore_result=True,
                serializer="json",
                **queue,
            )
        except Exception as error:
            self.close()
            raise ExecutorUnavailable(f"the broker cannot be reached ({describe_failure(error).error})") from error

    def close(self) -> None:
        """Close the connection to the broker."""
        connection, self._connection, self._producer = self._connection, None, None
        if connection is not None:
            with suppress(Exception):
                connection.release()

    def listening(self) -> int | None:
        """Return how many workers consume the queue."""
        self.prepare()
        wanted = self.options.get("queue", self._app.conf.task_default_queue)
        try:
            queues = self._app.control.inspect(timeout=ANSWER_SECONDS).active_queues() or {}
        except Exception as error:
            raise ExecutorUnavailable(f"the broker cannot be reached ({describe_failure(error).error})") from error
        return sum(any(queue["name"] == wanted for queue in of_worker) for of_worker in queues.values())
