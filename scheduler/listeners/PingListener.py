"""Tells a monitor that waits for a sign of life, such as Healthchecks."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote, urlsplit, urlunsplit

from scheduler.listeners.account import in_a_line, in_full
from scheduler.listeners.RunListener import Telling, Told
from scheduler.runs import Ending, Outcome, Run

SECONDS: Final = 5.0


class PingListener:
    """Asks for a task's `ping_url` once a run has succeeded, for `/start` below it before, for `/fail` if it failed.

    A failure that will be tried again is not told yet, nor is what was never started: monitors notice silence.
    """

    def at_start(self, task: Told, run: Run) -> Iterable[Telling]:  # noqa: ARG002 - a start is a start
        """Return the ping of a start."""
        return _pings(task, "/start")

    def at_end(self, task: Told, ending: Ending) -> Iterable[Telling]:
        """Return the ping of a success or of a failure, the latter with the error and the end of the output."""
        run = ending.run
        if run.outcome is Outcome.SUCCEEDED:
            return _pings(task, "")
        if run.failed and not ending.will_be_retried:
            return _pings(task, "/fail", f"{in_a_line(run)}\n\n{in_full(run)}\n")
        return ()


def _pings(task: Told, suffix: str, body: str = "") -> Iterable[Telling]:
    url = task.policy.ping_url
    if url is None:
        return ()
    data = body.encode("utf-8", "replace") or None
    return (Telling(f"its monitor at {urlsplit(url).hostname}", lambda: ping(url, suffix, data), SECONDS),)


def ping(url: str, suffix: str, data: bytes | None) -> None:
    """Ask for `url` with `suffix` at the end of its path, or post `data` there; raise what goes wrong."""
    from urllib import request  # noqa: PLC0415 - 20 ms, only where there is a monitor

    class Following(request.HTTPRedirectHandler):
        """Posts again where it is sent on; Python would ask there without the body, or not at all."""

        def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:  # noqa: ARG002, PLR0917 - Python's own signature
            kept = {name: value for name, value in req.headers.items() if name.lower() != "content-length"}
            return request.Request(newurl, req.data, kept, req.origin_req_host, unverifiable=True)  # noqa: S310 - see Policy

        http_error_308 = request.HTTPRedirectHandler.http_error_302  # Python 3.10 has none

    parts = urlsplit(url)
    path = parts.path.rstrip("/") + suffix if suffix else parts.path
    place = parts.netloc.rpartition("@")[2]
    whole = urlunsplit(parts._replace(netloc=place, path=path, fragment=""))
    asked = request.Request(whole, data, {"User-Agent": "masonite-scheduler"})  # noqa: S310 - Policy lets only http pass
    if data is not None:
        asked.add_header("Content-Type", "text/plain; charset=utf-8")
    if parts.username is not None:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        asked.add_unredirected_header("Authorization", f"Basic {base64.b64encode(secret).decode()}")
    request.build_opener(Following).open(asked, timeout=SECONDS).close()
