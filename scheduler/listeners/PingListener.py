"""Ping a monitor that expects regular requests, such as Healthchecks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from scheduler.listeners.run_text import details, summary
from scheduler.listeners.RunListener import Delivery, NotifiableTask
from scheduler.listeners.web import send_request
from scheduler.runs import CompletedRun, Outcome, Run

SECONDS: Final = 5.0


class PingListener:
    """Requests a task's `ping_url` after a success, `/start` below it before a run, `/fail` after a failure.

    Nothing is sent for a failure that will be retried, nor for a run that never started: monitors notice silence.
    """

    def at_start(self, task: NotifiableTask, run: Run) -> Iterable[Delivery]:  # noqa: ARG002 - a start is a start
        """Return the ping of a start."""
        return _pings(task, "/start")

    def at_end(self, task: NotifiableTask, completed: CompletedRun) -> Iterable[Delivery]:
        """Return the ping of a success or of a failure, the latter with the error and the end of the output."""
        run = completed.run
        if run.outcome is Outcome.SUCCEEDED:
            return _pings(task, "")
        if run.failed and not completed.will_be_retried:
            return _pings(task, "/fail", f"{summary(run)}\n\n{details(run)}\n")
        return ()


def _pings(task: NotifiableTask, suffix: str, body: str = "") -> Iterable[Delivery]:
    url = task.options.ping_url
    if url is None:
        return ()
    data = body.encode("utf-8", "replace") or None
    return (Delivery(f"its monitor at {urlsplit(url).hostname}", lambda: ping(url, suffix, data), SECONDS),)


def ping(url: str, suffix: str, data: bytes | None) -> None:
    """Request `url` with `suffix` at the end of its path, or post `data` there; raise what goes wrong."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/") + suffix if suffix else parts.path
    send_request(urlunsplit(parts._replace(path=path, fragment="")), data, seconds=SECONDS)
