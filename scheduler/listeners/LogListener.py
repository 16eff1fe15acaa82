"""Log runs: to Python's logging, and to a channel of the app."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

from scheduler.listeners.run_text import summary
from scheduler.listeners.RunListener import Delivery, NotifiableTask
from scheduler.runs import CompletedRun, Outcome, Run
from scheduler.text import one_line

LOGGER: Final = "scheduler"
SECONDS: Final = 10.0
QUIET: Final = (Outcome.SUCCEEDED, Outcome.SKIPPED)

Log = Callable[[str, str], object]
"""Writes a text to the app's channel, at the level it names."""


class LogListener:
    """Logs each outcome, and each start at the level debug.

    Successes and skipped runs are logged as info, failures as error, failures that will be retried and missed fire
    times as warning. In Python's logging, by the logger "scheduler", a record also has `task`, `outcome`, `fire_time`,
    `attempt`, `seconds` and `run_id`.
    """

    def __init__(self, channel: str | None, log: Log) -> None:
        self._channel = channel
        self._log = log

    def at_start(self, task: NotifiableTask, run: Run) -> Iterator[Delivery]:  # noqa: ARG002 - the run names its task
        """Return a delivery for each log that accepts debug records."""
        return self._deliveries("debug", one_line(f"{run.key} starts"), run)

    def at_end(self, task: NotifiableTask, completed: CompletedRun) -> Iterator[Delivery]:  # noqa: ARG002 - the run names its task
        """Return a delivery for each log."""
        run = completed.run
        level = "info" if run.outcome in QUIET else "error"
        if completed.will_be_retried or run.outcome is Outcome.MISSED:
            level = "warning"
        return self._deliveries(level, summary(run, will_be_retried=completed.will_be_retried), run)

    def _deliveries(self, level: str, line: str, run: Run) -> Iterator[Delivery]:
        if self._channel:
            yield Delivery(f"the log channel {self._channel}", lambda: self._log(level, line), SECONDS)
        if self._channel != LOGGER and _is_logged(level):  # a channel of that name is that very logger
            yield Delivery("the log", lambda: _write(level, line, run), SECONDS)


def _is_logged(level: str) -> bool:
    logging: Any = sys.modules.get("logging")  # logging that was never imported is not configured
    if logging is None:
        return False
    logger = logging.getLogger(LOGGER)
    return bool(logger.hasHandlers() and logger.isEnabledFor(getattr(logging, level.upper())))


def _write(level: str, line: str, run: Run) -> None:
    import logging  # noqa: PLC0415 - see above

    extra = {
        "task": run.key,
        "outcome": run.outcome.value if run.outcome else None,
        "fire_time": run.fire_time,
        "attempt": run.attempt,
        "seconds": run.seconds,
        "run_id": run.id,
    }
    logging.getLogger(LOGGER).log(getattr(logging, level.upper()), "%s", line, extra=extra)
