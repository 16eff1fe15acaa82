"""The listeners, each by itself: for monitors, logs and recipients, and the handling of their errors."""

from __future__ import annotations

import base64
import json
import logging
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError, URLError

import pytest

from scheduler.config.TaskOptions import TaskOptions
from scheduler.errors import SchedulerError
from scheduler.listeners import Delivery, LogListener, NotificationListener, PingListener
from scheduler.listeners.ListenerDispatcher import ListenerDispatcher, within
from scheduler.listeners.PingListener import ping
from scheduler.listeners.web import BODY_SENT, post, run_body, slack_body
from scheduler.processes import EndedBySignal
from scheduler.runs import CompletedRun, Outcome, Run
from scheduler.tasks.RegisteredTask import RegisteredTask, unknown_task

pytestmark = pytest.mark.measured

NOON = datetime(2026, 3, 3, 12, tzinfo=timezone.utc)
FAILED = Run("Sync", NOON, id=7, outcome=Outcome.FAILED, started_at=NOON, ended_at=NOON, host="web1", error="it went wrong", location="app/Sync.py:3", output="x" * 5000 + "the end")


def task(**options: Any) -> RegisteredTask:
    return RegisteredTask("Sync", None, None, timezone.utc, TaskOptions(**options))


# -- monitors --


@pytest.fixture
def web() -> Iterator[Any]:
    """A web server that records its requests: method, path, body, credentials."""
    asked: list[tuple[str, str, str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            asked.append((self.command, self.path, body, self.headers.get("Authorization")))
            code = int(self.path[1:4]) if self.path[1:4].isdigit() else 200
            self.send_response(code)
            if code in range(300, 400):
                self.send_header("Location", "/there")
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - Python looks for these names

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked = asked
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def url_of(web: Any, path: str, who: str = "") -> str:
    return f"http://{who}127.0.0.1:{web.server_address[1]}{path}"


@pytest.mark.parametrize(
    ("path", "suffix", "asked"),
    [
        ("/uuid", "", "/uuid"),
        ("/uuid", "/fail", "/uuid/fail"),
        ("/uuid/", "/start", "/uuid/start"),
        ("/uuid/", "", "/uuid/"),
        ("", "/start", "/start"),
        ("/api/push?token=a%20b&msg=", "/fail", "/api/push/fail?token=a%20b&msg="),
        ("/uuid#part", "/fail", "/uuid/fail"),
    ],
)
def test_the_word_goes_to_the_end_of_the_path_and_the_query_stays(web: Any, path: str, suffix: str, asked: str) -> None:
    ping(url_of(web, path), suffix, None)
    assert web.asked == [("GET", asked, "", None)]


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirected_ping_repeats_its_method_and_body(web: Any, code: int) -> None:
    ping(url_of(web, f"/{code}", "anna:s%20t@"), "", b"it went wrong")
    first, second = web.asked
    assert first == ("POST", f"/{code}", "it went wrong", f"Basic {base64.b64encode(b'anna:s t').decode()}")
    assert second == ("POST", "/there", "it went wrong", None), "a name and a password are for the first one only"


class Endless:
    """Answers with headers of the test's own, and a body that never ends; it counts what it could send."""

    def __init__(self, head: bytes) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.sent = 0
        self.requests: list[bytes] = []
        self._head = head
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End its thread: a process with threads cannot fork."""
        self.socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self.socket.close()
        assert not self._thread.is_alive()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}/"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.requests.append(connection.recv(65536))
            try:
                connection.sendall(self._head)
                while True:
                    self.sent += connection.send(b"x" * 65536)
            except OSError:
                connection.close()


@pytest.fixture
def endless() -> Iterator[Any]:
    servers: list[Endless] = []

    def make(head: bytes) -> Endless:
        servers.append(Endless(head))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


@pytest.mark.parametrize("status", ["200 OK", "302 Found", "500 No"])
def test_no_body_of_an_answer_is_read(web: Any, endless: Any, status: str) -> None:
    server = endless(f"HTTP/1.1 {status}\r\nLocation: {url_of(web, '/there')}\r\n\r\n".encode())
    with suppress(HTTPError):
        ping(server.url, "", None)
    assert server.sent < 20_000_000, "no more than the buffers of the operating system took"
    assert b"Connection: close" in server.requests[0]


@pytest.mark.parametrize("target", ["ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/"])
def test_only_redirects_to_http_are_followed(endless: Any, target: str) -> None:
    server = endless(f"HTTP/1.1 302 Found\r\nLocation: {target}\r\n\r\n".encode())
    with pytest.raises(SchedulerError, match=r"redirects to \w+://, and only http\(s\) is followed"):
        ping(server.url, "", None)


def test_redirects_in_a_circle_end(endless: Any) -> None:
    server = endless(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n")
    with pytest.raises(SchedulerError, match="redirects more than 5 times"):
        ping(server.url, "", None)
    assert len(server.requests) == 6


def test_a_body_is_sent_up_to_64_kib(web: Any) -> None:
    ping(url_of(web, "/fail"), "", b"x" * 5_000_000)
    assert len(web.asked[0][2]) == 64 * 1024


def test_a_failure_of_5_mb_is_reported_in_a_small_message(web: Any) -> None:
    huge = replace(FAILED, error="e" * 5_000_000, traceback="t" * 5_000_000, output="o" * 5_000_000)
    (delivery,) = PingListener().at_end(task(ping_url=url_of(web, "/")), CompletedRun(huge))
    delivery.send()
    assert len(web.asked[0][2]) <= 64 * 1024


@pytest.mark.parametrize("code", [404, 500])
def test_a_ping_that_gets_an_error_status_raises(web: Any, code: int) -> None:
    with pytest.raises(HTTPError):
        ping(url_of(web, f"/{code}"), "", None)


def test_a_ping_that_nobody_answers_raises() -> None:
    with pytest.raises(URLError):
        ping("http://127.0.0.1:1/", "", None)


@pytest.mark.parametrize(
    ("completed", "suffixes"),
    [
        (CompletedRun(Run("Sync", NOON, outcome=Outcome.SUCCEEDED)), [""]),
        (CompletedRun(FAILED), ["/fail"]),
        (CompletedRun(FAILED, will_be_retried=True), []),
        (CompletedRun(Run("Sync", NOON, outcome=Outcome.SKIPPED)), []),
        (CompletedRun(Run("Sync", NOON, outcome=Outcome.MISSED)), []),
    ],
)
def test_a_monitor_is_pinged_as_each_outcome_requires(web: Any, completed: CompletedRun, suffixes: list[str]) -> None:
    its_url = url_of(web, "/uuid")
    for delivery in PingListener().at_end(task(ping_url=its_url), completed):
        assert delivery.seconds == 5
        delivery.send()
    assert [path for _, path, _, _ in web.asked] == [f"/uuid{suffix}" for suffix in suffixes]
    assert list(PingListener().at_end(task(), completed)) == []


def test_a_monitor_gets_the_error_and_the_end_of_the_output(web: Any) -> None:
    (delivery,) = PingListener().at_end(task(ping_url=url_of(web, "/")), CompletedRun(FAILED))
    delivery.send()
    ((_, _, body, _),) = web.asked
    assert body.startswith("Sync failed after 0 ms: it went wrong (app/Sync.py:3)\n")
    assert body.endswith("xxx" + "the end\n")
    assert len(body) < 4500


# -- logs --


def test_nothing_is_logged_without_a_handler() -> None:
    silent = logging.getLogger("scheduler")
    kept, silent.propagate = silent.propagate, False
    try:
        assert list(LogListener(None, print).at_end(task(), CompletedRun(FAILED))) == []
    finally:
        silent.propagate = kept


def test_nothing_is_logged_if_logging_was_never_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "logging")
    assert list(LogListener(None, print).at_start(task(), FAILED)) == []
    assert "logging" not in sys.modules


def test_a_channel_named_like_the_logger_gets_each_record_once(caplog: pytest.LogCaptureFixture) -> None:
    said: list[tuple[str, str]] = []
    for delivery in LogListener("scheduler", lambda *line: said.append(line)).at_end(task(), CompletedRun(FAILED)):
        delivery.send()
    assert said == [("error", "Sync failed after 0 ms: it went wrong (app/Sync.py:3)")]
    assert caplog.records == []


@pytest.mark.parametrize(
    ("completed", "level"),
    [
        (CompletedRun(FAILED), "error"),
        (CompletedRun(FAILED, will_be_retried=True), "warning"),
        (CompletedRun(Run("Sync", NOON, outcome=Outcome.MISSED)), "warning"),
        (CompletedRun(Run("Sync", NOON, outcome=Outcome.SKIPPED)), "info"),
        (CompletedRun(Run("Sync", NOON, outcome=Outcome.SUCCEEDED)), "info"),
    ],
)
def test_each_outcome_is_logged_at_its_level(completed: CompletedRun, level: str) -> None:
    levels: list[str] = []
    for delivery in LogListener("a channel", lambda level, _: levels.append(level)).at_end(task(), completed):
        delivery.send()
    assert levels[0] == level


# -- people --


def test_each_recipient_is_notified_by_its_own_channel() -> None:
    sent: list[tuple[str, str, str]] = []
    listener = NotificationListener(
        mail=lambda *mail: sent.append(("mail", *mail[:2])),
        slack=lambda *message: sent.append(("slack", *message[:2])),
        notify=print,
        post=lambda url, data, _: sent.append(("webhook", url, json.loads(data)["text"].partition("\n")[0])),
    )
    told = task(notify_on_failure=("ops@example.com", "#ops", "https://hooks.slack.com/services/T/B/x"))
    for delivery in listener.at_end(told, CompletedRun(FAILED, begins_streak=True)):
        assert delivery.is_notice
        delivery.send()
    assert sent == [
        ("mail", "ops@example.com", "Sync failed on web1"),
        ("slack", "#ops", "Sync failed on web1"),
        ("webhook", "https://hooks.slack.com/services/T/B/x", "Sync failed on web1"),
    ]
    assert list(listener.at_end(told, CompletedRun(FAILED))) == []
    assert list(listener.at_start(told, FAILED)) == []


@pytest.mark.parametrize("letter", ["x", "<", "\U0001f600", '"', "\\"])
def test_a_message_to_slack_fits_into_one_request(letter: str) -> None:
    body = slack_body(letter * 100_000)
    assert len(body) <= BODY_SENT
    assert len(json.loads(body)["text"]) > 10_000
    assert json.loads(body)["mrkdwn"] is False


def test_a_success_is_sent_to_those_who_asked_for_it_with_its_output() -> None:
    sent: list[tuple[str, ...]] = []
    listener = NotificationListener(lambda *mail: sent.append(mail), print, print)
    done = Run("Sync", NOON, outcome=Outcome.SUCCEEDED, host="web1", output="saved 812 files\n")
    for delivery in listener.at_end(task(notify_on_success=("a@b",)), CompletedRun(done)):
        assert not delivery.is_notice
        delivery.send()
    [(to, subject, text)] = sent
    assert (to, subject) == ("a@b", "Sync succeeded on web1")
    assert text.endswith("Output:\nsaved 812 files")
    assert list(listener.at_end(task(notify_on_success=("a@b",)), CompletedRun(FAILED))) == []


def test_a_recovery_is_one_message_for_who_wants_both() -> None:
    done = Run("Sync", NOON, outcome=Outcome.SUCCEEDED)
    listener = NotificationListener(print, print, print)
    both = task(notify_on_failure=("a@b",), notify_on_success=("a@b", "c@d"))
    deliveries = list(listener.at_end(both, CompletedRun(done, failing_since=NOON)))
    assert [(delivery.whom, delivery.is_notice) for delivery in deliveries] == [("a@b", True), ("c@d", False)]


def test_any_other_webhook_gets_json(web: Any) -> None:
    listener = NotificationListener(print, print, print)
    told = task(notify_on_failure=(url_of(web, "/hook"),), notify_on_success=(url_of(web, "/hook"),))
    done = Run("Sync", NOON, id=8, outcome=Outcome.SUCCEEDED, host="web1")
    for completed in (CompletedRun(FAILED, begins_streak=True), CompletedRun(done, failing_since=NOON), CompletedRun(done)):
        for delivery in listener.at_end(told, completed):
            assert delivery.whom == "the webhook at 127.0.0.1"
            delivery.send()
    documents = [json.loads(body) for _, _, body, _ in web.asked]
    assert [document["event"] for document in documents] == ["failed", "recovered", "succeeded"]
    assert documents[0]["subject"] == "Sync failed on web1"
    assert documents[0]["run"]["error"] == "it went wrong"
    assert documents[1]["run"]["id"] == 8


def test_json_for_a_webhook_is_whole_however_long_the_run() -> None:
    huge = replace(FAILED, error="é" * 5_000_000, traceback="\x1b" * 5_000_000, output="o" * 5_000_000)
    body = run_body({"event": "failed", "run": huge.as_dict()})
    assert len(body) <= 64 * 1024
    assert json.loads(body)["run"]["output"].endswith("oo")


def test_the_path_of_a_webhook_is_in_no_error(web: Any) -> None:
    with pytest.raises(SchedulerError, match="HTTP Error 500") as raised:
        post(url_of(web, "/500/hunter2?key=hunter3"), run_body({"event": "failed", "run": {}}), 5)
    assert "hunter" not in str(raised.value)


class Alert:
    """Stands for a notification class of the app."""


def test_a_notification_class_of_the_app_is_made_with_the_run() -> None:
    made: list[tuple[type, Run]] = []
    listener = NotificationListener(print, print, lambda kind, run: made.append((kind, run)))
    for delivery in listener.at_end(task(notify_on_failure=(Alert,)), CompletedRun(FAILED, begins_streak=True)):
        assert delivery.whom == "Alert"
        delivery.send()
    assert made == [(Alert, FAILED)]


def test_nothing_forged_reaches_a_log_a_mail_or_a_monitor() -> None:
    """Line breaks, escape sequences and right-to-left overrides in names and errors are shown, not interpreted."""
    forged = replace(FAILED, key="a\n2027 ERROR b", error="\x1b]0;x\x07\u202e", output="\x9b2J")
    lines: list[str] = []
    listener = NotificationListener(lambda _, subject, text: lines.extend((subject, text)), print, print)
    for delivery in listener.at_end(task(notify_on_failure=("a@b",)), CompletedRun(forged, begins_streak=True)):
        delivery.send()
    for delivery in LogListener("a channel", lambda _, line: lines.append(line)).at_end(task(), CompletedRun(forged)):
        delivery.send()
    assert lines[2].splitlines() == lines[2:3]
    assert all(letter.isprintable() or letter == "\n" for line in lines for letter in line)


def test_a_subject_is_one_line() -> None:
    subjects: list[str] = []
    listener = NotificationListener(lambda _to, subject, _text: subjects.append(subject), print, print)
    odd = Run("a\nBcc: b@c.d", None, outcome=Outcome.TIMED_OUT)
    for delivery in listener.at_end(task(notify_on_failure=("a@b",)), CompletedRun(odd, begins_streak=True)):
        delivery.send()
    assert subjects == ["a Bcc: b@c.d timed out"]


# -- trouble --


class Says:
    """Has one delivery for a start and one for an outcome."""

    def __init__(self, *deliveries: Delivery) -> None:
        self.deliveries = deliveries

    def at_start(self, task: Any, run: Run) -> Any:
        return self.deliveries

    def at_end(self, task: Any, completed: CompletedRun) -> Any:
        if not self.deliveries:
            raise LookupError("no such binding")
        return self.deliveries


def raising(error: BaseException) -> Any:
    def tell() -> None:
        raise error

    return tell


def test_a_failed_delivery_is_reported_and_the_rest_is_sent(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[str] = []
    dispatcher = ListenerDispatcher(
        [
            Says(Delivery("the first", raising(ValueError("no"))), Delivery("the second", raising(SystemExit(3)), 5)),
            Says(),
            Says(Delivery("the last", lambda: heard.append("it"))),
        ]
    )
    assert dispatcher.ended(task(), CompletedRun(FAILED))
    assert heard == ["it"]
    first, second, third = sorted(capsys.readouterr().err.splitlines())
    assert first.startswith("Sync: Says could not be notified: LookupError: no such binding")
    assert second.startswith("Sync: the first could not be notified: ValueError: no")
    assert third.startswith("Sync: the second could not be notified: SystemExit: sys.exit(3) was called")
    problems = dispatcher.started(task(), FAILED)
    assert heard == ["it", "it"]
    assert [problem.partition(" could not be notified")[0] for problem in problems] == ["Sync: the first", "Sync: the second"]
    assert capsys.readouterr().err == "", "the output is the task's own by then"


@pytest.mark.parametrize(
    ("works", "reached"), [((), True), ((True,), True), ((False,), False), ((False, True), True), ((False, False), False)]
)
def test_people_were_reached_if_any_was(works: tuple[bool, ...], reached: bool) -> None:
    deliveries = [Delivery("p", (lambda: None) if well else raising(OSError()), is_notice=True) for well in works]
    assert ListenerDispatcher([Says(*deliveries, Delivery("a log", raising(OSError())))]).ended(task(), CompletedRun(FAILED)) is reached


def test_a_process_that_gets_sigterm_ends() -> None:
    with pytest.raises(EndedBySignal):
        ListenerDispatcher([Says(Delivery("x", raising(EndedBySignal(143))))]).ended(task(), CompletedRun(FAILED))


def test_nothing_is_waited_for_longer_than_it_may_take() -> None:
    never = threading.Event()
    with pytest.raises(TimeoutError, match=r"no answer within 0\.05 seconds"):
        within(0.05, never.wait)
    never.set()


def test_a_removed_task_is_reported_under_its_key() -> None:
    gone = unknown_task("Gone")
    assert (gone.key, gone.options, gone.has_hooks, gone.describe()) == ("Gone", TaskOptions(), False, "only on demand")
