"""Recipes of docs/notifications.md that need another service, tried against a stand-in for it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from masonite_version import masonite_major

from scheduler.events import ScheduledTaskFailed, ScheduledTaskFinished, ScheduledTaskStarting
from scheduler.runs import Outcome, Run

from .apps import ALWAYS, NOON, App
from .pages import ROOT, blocks_of

RUN = Run("Sync", NOON, id=3, outcome=Outcome.FAILED, started_at=NOON, ended_at=NOON + timedelta(seconds=2))


def recipe(name: str) -> str:
    [block] = [block for block in blocks_of(ROOT / "docs" / "notifications.md") if f"class {name}" in block.text]
    return block.text


@contextmanager
def listening() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A server's address, and its requests: paths and bodies."""
    asked: list[tuple[str, bytes]] = []

    class Service(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.rfile.read(int(self.headers.get("Content-Length") or 0))))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_sentrys_cron_monitor_gets_check_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as (url, asked):
        monkeypatch.setenv("SENTRY_CRONS", f"{url}/api/1/cron/<monitor_slug>/key/")
        names: dict[str, Any] = {}
        exec(recipe("SentryCheckIn"), names)
        for event in (ScheduledTaskStarting, ScheduledTaskFinished, ScheduledTaskFailed):
            names["SentryCheckIn"]().handle(event("Sync", RUN))
        names["SentryCheckIn"]().handle(ScheduledTaskFinished("add(1, 2)", RUN))
    assert asked.pop()[0] == "/api/1/cron/add-1-2-/key/?status=ok"
    assert [path for path, _ in asked] == [f"/api/1/cron/sync/key/?status={status}" for status in ("in_progress", "ok", "error")]


def test_sentrys_own_package_gets_two_check_ins_with_one_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for the package is enough: the recipe only calls two of its functions."""
    sent: list[tuple[Any, ...]] = []
    flushed: list[float] = []
    crons = SimpleNamespace(capture_checkin=lambda *arguments: sent.append(arguments))
    monkeypatch.setitem(sys.modules, "sentry_sdk", SimpleNamespace(crons=crons, flush=flushed.append))
    names: dict[str, Any] = {}
    exec(recipe("SentryCron"), names)
    for event in (ScheduledTaskStarting, ScheduledTaskFailed):
        names["SentryCron"]().handle(event("Sync", RUN))
    names["SentryCron"]().handle(ScheduledTaskStarting("Sync", replace(RUN, id=4)))
    assert [(slug, status, seconds) for slug, _, status, seconds in sent] == [("sync", "in_progress", 2), ("sync", "error", 2), ("sync", "in_progress", 2)]
    first, second, third = (number for _, number, *_ in sent)
    assert first == second != third
    assert len(flushed) == 3


def test_opentelemetry_gets_a_span_with_the_times_of_the_run(
    monkeypatch: pytest.MonkeyPatch, missing: Callable[[str], NoReturn]
) -> None:
    try:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    except ImportError:
        missing("opentelemetry-exporter-otlp-proto-http")
    with listening() as (url, asked):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        names: dict[str, Any] = {}
        exec(recipe("TraceRun"), names)
        threads = threading.active_count()
        names["TraceRun"]().handle(ScheduledTaskFailed("Sync", replace(RUN, error="ValueError: no")))
        assert threading.active_count() <= threads + 1, "no thread but that of the server's answer"
    [(path, body)] = asked
    [span] = ExportTraceServiceRequest.FromString(body).resource_spans[0].scope_spans[0].spans
    assert path == "/v1/traces"
    assert (span.name, span.status.message) == ("Sync", "ValueError: no")
    assert (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9 == 2
    assert {each.key: each.value.int_value for each in span.attributes if each.key != "host"} == {"attempt": 1, "run_id": 3}


@pytest.mark.parametrize("setting", ["notify_on_failure = TaskAlert", "notify_on_success = [TaskAlert]"])
def test_a_notification_class_of_the_app_is_sent_by_its_own_channels(app: App, setting: str) -> None:
    app.write(
        "app/notifications/TaskAlert.py",
        """
        from masonite.notification import Notification


        class Journal:
            def set_options(self, options):
                return self

            def send(self, notifiable, notification):
                with open("journal", "a") as file:
                    file.write(f"{notifiable} {notification.to_journal(notifiable)}")


        class TaskAlert(Notification):
            def __init__(self, run):
                self.run = run

            def via(self, notifiable):
                return ["journal"]

            def notifiables(self):
                return ["ops"]

            def to_journal(self, notifiable):
                return f"{self.run.key} {self.run.outcome.value}"
        """,
    )
    if masonite_major() == 4:
        app.edit("config/providers.py", lambda text: f"from masonite.notification.providers import NotificationProvider\n{text}\nPROVIDERS.insert(PROVIDERS.index(AppProvider), NotificationProvider)\n")
        app.write("config/notification.py", "DRIVERS = {'slack': {'token': ''}}\nDRY = False\n")
    app.provider('app.make("notification").add_driver("journal", Journal())', header="from app.notifications.TaskAlert import Journal")
    does = "raise ValueError('no')" if "failure" in setting else "pass"
    app.write(
        "app/tasks/Tasks.py",
        f"""
        from app.notifications.TaskAlert import TaskAlert
        from scheduler import Task


        class Sync(Task):
            {ALWAYS}
            {setting}

            def handle(self):
                {does}
        """,
    )
    done = app.craft("schedule:run")
    assert (app.root / "journal").read_text() == f"ops Sync {'failed' if 'failure' in setting else 'succeeded'}", done
