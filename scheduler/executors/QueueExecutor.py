"""Handing runs to the workers of Masonite's queue (`craft queue:work`)."""

from __future__ import annotations

from typing import Any

from scheduler.config.ExecutorConfig import ExecutorConfig, closest
from scheduler.errors import ExecutorUnavailable
from scheduler.executors.Executor import Executor
from scheduler.executors.RunJob import RunJob
from scheduler.runs import Run
from scheduler.tasks.failures import describe_failure


class QueueExecutor(Executor):
    """Pushes jobs onto a connection of `config/queue.py`.

    It uses a driver of its own: Masonite's shared one would change the queue and the connection of a worker that
    pushes, and `push` would change the options of the whole process.
    """

    def __init__(self, config: ExecutorConfig, application: Any) -> None:
        super().__init__(config)
        self._application = application

    @property
    def connection(self) -> str:
        """Return the connection of `config/queue.py`."""
        return str(self.options.get("connection") or self._settings().get("default"))

    @property
    def queue(self) -> str:
        """Return the queue that workers listen to."""
        return self.options.get("queue", "default")

    def problem(self) -> str:
        """Return what is wrong with the settings, empty if nothing is."""
        if not self._application.has("queue"):
            return "the app has no queue: list Masonite's QueueProvider in config/providers.py"
        drivers = self._application.make("queue").drivers
        usable = sorted(name for name in drivers if name != "async" and self._settings().get(name))
        if self.connection == "async":
            reason = "the connection 'async' runs jobs in threads of the process that pushes them, not in a worker"
            return reason + (closest("async", usable) if usable else ": set up another one in config/queue.py")
        if not self._settings().get(self.connection):
            return f"config/queue.py has no connection {self.connection!r}{closest(self.connection, usable)}"
        if self.connection not in drivers:
            return f"Masonite's queue has no driver {self.connection!r} here{closest(self.connection, usable)}"
        return ""

    def submit(self, run: Run) -> None:
        """Push the id of a pending run onto the queue."""
        try:
            self._driver().push(RunJob(run.id))
        except (Exception, SystemExit) as error:
            text = describe_failure(error).error
            raise ExecutorUnavailable(f"the queue {self.connection!r} cannot be reached ({text})") from error

    def listening(self) -> int | None:
        """Return how many workers consume the queue, if RabbitMQ can be asked; None for databases and Redis."""
        try:
            return self._ask(self._driver())
        except Exception as error:
            text = describe_failure(error).error
            raise ExecutorUnavailable(f"the queue {self.connection!r} cannot be reached ({text})") from error

    def _ask(self, driver: Any) -> int | None:
        if self.connection == "amqp":
            driver.connect()
            answer = driver.publishing_channel.queue_declare(self.queue, durable=True)
            driver.connection.close()
            return int(answer.method.consumer_count)
        if self.connection == "redis":
            driver.get_connection().ping()
        elif self.connection == "database":
            driver.get_builder().limit(1).get()
        return None

    def _driver(self) -> Any:
        shared = self._application.make("queue").get_driver(self.connection)
        options = self._settings().get(self.connection)
        return type(shared)(self._application).set_options({**_plain(options), "queue": self.queue})

    def _settings(self) -> Any:
        return self._application.make("queue").driver_config


def _plain(options: Any) -> dict[str, Any]:
    """Return Masonite's wrapped dictionaries as plain ones."""
    return dict(options.to_dict() if hasattr(options, "to_dict") else options)
