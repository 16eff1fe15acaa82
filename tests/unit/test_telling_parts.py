"""Those who tell of runs, each by itself: what goes to a monitor, to a log, to people, and what is done about trouble."""

from __future__ import annotations

import base64
import logging
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError, URLError

import pytest

from scheduler.isolation import EndedBySignal
from scheduler.listeners import LogListener, NotificationListener, PingListener, Telling
from scheduler.listeners.PingListener import ping
from scheduler.Policy import Policy
from scheduler.runs import Ending, Outcome, Run
from scheduler.TaskRegistry import RegisteredTask, unknown_task
from scheduler.Teller import Teller, within

NOON = datetime(2026, 3, 3, 12, tzinfo=timezone.utc)
FAILED = Run("Sync", NOON, id=7, outcome=Outcome.FAILED, started_at=NOON, ended_at=NOON, host="web1", error="it went wrong", location="app/Sync.py:3", output="x" * 5000 + "the end")


def task(**policy: Any) -> RegisteredTask:
    return RegisteredTask("Sync", None, None, timezone.utc, Policy(**policy))


# -- monitors --


@pytest.fixture
def web() -> Iterator[Any]:
    """A web server that keeps what it was asked: method, path, body, who asks."""
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
def test_where_it_is_sent_on_it_says_the_same_there(web: Any, code: int) -> None:
    ping(url_of(web, f"/{code}", "anna:s%20t@"), "", b"it went wrong")
    first, second = web.asked
    assert first == ("POST", f"/{code}", "it went wrong", f"Basic {base64.b64encode(b'anna:s t').decode()}")
    assert second == ("POST", "/there", "it went wrong", None), "a name and a password are for the first one only"


@pytest.mark.parametrize("code", [404, 500])
def test_an_answer_that_is_no_good_is_an_error(web: Any, code: int) -> None:
    with pytest.raises(HTTPError):
        ping(url_of(web, f"/{code}"), "", None)


def test_nobody_there_is_an_error() -> None:
    with pytest.raises(URLError):
        ping("http://127.0.0.1:1/", "", None)


@pytest.mark.parametrize(
    ("ending", "suffixes"),
    [
        (Ending(Run("Sync", NOON, outcome=Outcome.SUCCEEDED)), [""]),
        (Ending(FAILED), ["/fail"]),
        (Ending(FAILED, will_be_retried=True), []),
        (Ending(Run("Sync", NOON, outcome=Outcome.SKIPPED)), []),
        (Ending(Run("Sync", NOON, outcome=Outcome.MISSED)), []),
    ],
)
def test_which_outcomes_a_monitor_hears_of(web: Any, ending: Ending, suffixes: list[str]) -> None:
    its_url = url_of(web, "/uuid")
    for telling in PingListener().at_end(task(ping_url=its_url), ending):
        assert telling.seconds == 5
        telling.tell()
    assert [path for _, path, _, _ in web.asked] == [f"/uuid{suffix}" for suffix in suffixes]
    assert list(PingListener().at_end(task(), ending)) == []


def test_a_monitor_gets_the_error_and_the_end_of_the_output(web: Any) -> None:
    (telling,) = PingListener().at_end(task(ping_url=url_of(web, "/")), Ending(FAILED))
    telling.tell()
    ((_, _, body, _),) = web.asked
    assert body.startswith("Sync failed after 0 ms: it went wrong\n")
    assert body.endswith("xxx" + "the end\n")
    assert len(body) < 4500


# -- logs --


def test_without_anybody_who_listens_nothing_is_logged() -> None:
    silent = logging.getLogger("scheduler")
    kept, silent.propagate = silent.propagate, False
    try:
        assert list(LogListener(None, print).at_end(task(), Ending(FAILED))) == []
    finally:
        silent.propagate = kept


def test_logging_that_was_never_imported_is_listened_to_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "logging")
    assert list(LogListener(None, print).at_start(task(), FAILED)) == []
    assert "logging" not in sys.modules


def test_a_channel_named_like_the_logger_is_that_logger_and_hears_once(caplog: pytest.LogCaptureFixture) -> None:
    said: list[tuple[str, str]] = []
    for telling in LogListener("scheduler", lambda *line: said.append(line)).at_end(task(), Ending(FAILED)):
        telling.tell()
    assert said == [("error", "Sync failed after 0 ms: it went wrong (app/Sync.py:3)")]
    assert caplog.records == []


@pytest.mark.parametrize(
    ("ending", "level"),
    [
        (Ending(FAILED), "error"),
        (Ending(FAILED, will_be_retried=True), "warning"),
        (Ending(Run("Sync", NOON, outcome=Outcome.MISSED)), "warning"),
        (Ending(Run("Sync", NOON, outcome=Outcome.SKIPPED)), "info"),
        (Ending(Run("Sync", NOON, outcome=Outcome.SUCCEEDED)), "info"),
    ],
)
def test_levels(ending: Ending, level: str) -> None:
    levels: list[str] = []
    for telling in LogListener("a channel", lambda level, _: levels.append(level)).at_end(task(), ending):
        telling.tell()
    assert levels[0] == level


# -- people --


def test_each_is_told_by_their_own_means() -> None:
    sent: list[tuple[str, str, str]] = []
    listener = NotificationListener(lambda *mail: sent.append(("mail", *mail[:2])), lambda *post: sent.append(("slack", *post[:2])))
    told = task(notify_on_failure=("ops@example.com", "#ops", "https://hooks.slack.com/services/T/B/x"))
    for telling in listener.at_end(told, Ending(FAILED, begins_streak=True)):
        assert telling.is_notice
        telling.tell()
    assert sent == [
        ("mail", "ops@example.com", "Sync failed on web1"),
        ("slack", "#ops", "Sync failed on web1"),
        ("slack", "https://hooks.slack.com/services/T/B/x", "Sync failed on web1"),
    ]
    assert list(listener.at_end(told, Ending(FAILED))) == []
    assert list(listener.at_start(told, FAILED)) == []


def test_a_subject_is_one_line() -> None:
    subjects: list[str] = []
    listener = NotificationListener(lambda _to, subject, _text: subjects.append(subject), print)
    odd = Run("a\nBcc: b@c.d", None, outcome=Outcome.TIMED_OUT)
    for telling in listener.at_end(task(notify_on_failure=("a@b",)), Ending(odd, begins_streak=True)):
        telling.tell()
    assert subjects == ["a Bcc: b@c.d timed out"]


# -- trouble --


class Says:
    """Has one telling for a start and one for an outcome."""

    def __init__(self, *tellings: Telling) -> None:
        self.tellings = tellings

    def at_start(self, task: Any, run: Run) -> Any:
        return self.tellings

    def at_end(self, task: Any, ending: Ending) -> Any:
        if not self.tellings:
            raise LookupError("no such binding")
        return self.tellings


def raising(error: BaseException) -> Any:
    def tell() -> None:
        raise error

    return tell


def test_what_goes_wrong_is_reported_and_the_rest_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[str] = []
    teller = Teller(
        [
            Says(Telling("the first", raising(ValueError("no"))), Telling("the second", raising(SystemExit(3)), 5)),
            Says(),
            Says(Telling("the last", lambda: heard.append("it"))),
        ]
    )
    assert teller.ended(task(), Ending(FAILED))
    assert heard == ["it"]
    first, second, third = sorted(capsys.readouterr().err.splitlines())
    assert first.startswith("Sync: Says could not be told: LookupError: no such binding")
    assert second.startswith("Sync: the first could not be told: ValueError: no")
    assert third.startswith("Sync: the second could not be told: it called sys.exit(3)")
    teller.started(task(), FAILED)
    assert heard == ["it", "it"]


@pytest.mark.parametrize(
    ("works", "reached"), [((), True), ((True,), True), ((False,), False), ((False, True), True), ((False, False), False)]
)
def test_people_were_reached_if_any_was(works: tuple[bool, ...], reached: bool) -> None:
    tellings = [Telling("p", (lambda: None) if well else raising(OSError()), is_notice=True) for well in works]
    assert Teller([Says(*tellings, Telling("a log", raising(OSError())))]).ended(task(), Ending(FAILED)) is reached


def test_a_process_that_is_told_to_end_ends() -> None:
    with pytest.raises(EndedBySignal):
        Teller([Says(Telling("x", raising(EndedBySignal(143))))]).ended(task(), Ending(FAILED))


def test_nothing_is_waited_for_longer_than_it_may_take() -> None:
    never = threading.Event()
    with pytest.raises(TimeoutError, match=r"no answer within 0\.05 seconds"):
        within(0.05, never.wait)
    never.set()


def test_a_task_that_the_app_no_longer_has_is_told_of_by_its_key() -> None:
    gone = unknown_task("Gone")
    assert (gone.key, gone.policy, gone.has_hooks, gone.describe()) == ("Gone", Policy(), False, "only on demand")
