"""The job on Masonite's queue that executes a run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from scheduler.executors.execute import execute
from scheduler.tasks.failures import describe_failure


class RunJob:
    """Executes the pending run with this id. Its pickle holds nothing else, so that any version can read it.

    Masonite's workers restart a job that raises again and again, so this one never raises. A run that it could not
    execute is still pending, and the next tick hands it over again.
    """

    def __init__(self, run_id: int) -> None:
        self.run_id = run_id

    def handle(self, *_arguments: object, **_options: object) -> None:
        """Execute the run."""
        try:
            from wsgi import application  # type: ignore[import-not-found]  # noqa: PLC0415 - the app's own file

            execute(application, self.run_id, meanwhile=_keep_alive(application))
        except Exception as error:  # noqa: BLE001 - see the class
            print(f"run {self.run_id}: {describe_failure(error).error}", file=sys.stderr, flush=True)  # noqa: T201 - its log

    def failed(self, *_arguments: object) -> None:
        """Do nothing: Masonite's RabbitMQ driver wants every job to have this."""

    def __str__(self) -> str:
        """Return the name that a table of jobs shows."""
        return f"scheduler run {self.run_id}"


def _keep_alive(application: Any) -> Callable[[], None]:
    """Return a function that answers RabbitMQ's heartbeats: it closes connections that are silent for long."""
    driver = application.make("queue").drivers.get("amqp")
    connection = getattr(driver, "connection", None)
    answer = getattr(connection, "process_data_events", None)

    def keep_alive() -> None:
        if answer is not None and connection is not None and connection.is_open:
            with suppress(Exception):  # the run continues without the broker: its outcome is in the store
                answer(0)

    return keep_alive
