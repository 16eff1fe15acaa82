"""Tells logs: Python's own, and a channel of the app's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

from scheduler.listeners.account import in_a_line
from scheduler.listeners.RunListener import Telling, Told
from scheduler.runs import Ending, Outcome, Run

LOGGER: Final = "scheduler"
SECONDS: Final = 10.0
QUIET: Final = (Outcome.SUCCEEDED, Outcome.SKIPPED)

Log = Callable[[str, str], object]
"""Writes a text to the app's channel, at the level it names."""


class LogListener:
    """Writes a line for each outcome, and one when a run starts, at the level debug.

    Outcomes that are well are an info, failures an error, those that will be tried again and missed fire times a
    warning. In Python's logging, by the logger "scheduler", a record also has `task`, `outcome`, `fire_time`,
    `attempt`, `seconds` and `run_id`.
    """

    def __init__(self, channel: str | None, log: Log) -> None:
        self._channel = channel
        self._log = log

    def at_start(self, task: Told, run: Run) -> Iterator[Telling]:  # noqa: ARG002 - the run names its task
        """Return a telling for each log that hears of starts."""
        return self._tellings("debug", f"{run.key} starts", run)

    def at_end(self, task: Told, ending: Ending) -> Iterator[Telling]:  # noqa: ARG002 - the run names its task
        """Return a telling for each log."""
        run = ending.run
        level = "info" if run.outcome in QUIET else "error"
        if ending.will_be_retried or run.outcome is Outcome.MISSED:
            level = "warning"
        place = f" ({run.location})" if run.location else ""
        return self._tellings(level, in_a_line(run) + place, run)

    def _tellings(self, level: str, line: str, run: Run) -> Iterator[Telling]:
        if self._channel:
            yield Telling(f"the log channel {self._channel}", lambda: self._log(level, line), SECONDS)
        if self._channel != LOGGER and _is_heard(level):  # a channel of that name is that very logger
            yield Telling("the log", lambda: _write(level, line, run), SECONDS)


def _is_heard(level: str) -> bool:
    logging: Any = sys.modules.get("logging")  # nobody has configured what nobody has imported
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
