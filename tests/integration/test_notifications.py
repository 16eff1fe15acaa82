"""Events, logs, notifications and monitors: nothing they do changes an outcome."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from masonite_version import masonite_major

from scheduler.errors import StoreUnavailable
from scheduler.processes.identity import this_machine
from scheduler.stores import Claim, Store, local_store, slot_of
from scheduler.testing import run_due

from .apps import ALWAYS, NOON, App
from .booted_app import booted
from .servers import Servers, running

pytestmark = pytest.mark.twice

TASK = """
class Sync(Task):
    {always}
    {says}

    def handle(self):
        print('line 1')
        {does}


class Other(Task):
    {always}

    def handle(self):
        print('other')
"""


@pytest.fixture(scope="session")
def all_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with running(tmp_path_factory.mktemp("servers")) as servers:
        yield servers


@pytest.fixture
def servers(all_servers: Servers) -> Servers:
    """Servers without any requests so far."""
    all_servers.forget()
    return all_servers


def sync(app: App, says: str = "", does: str = "pass") -> None:
    app.tasks(TASK.format(always=ALWAYS, says=says, does=does))


def with_mail(app: App, port: int) -> None:
    """Masonite's mail by SMTP; Masonite 4's app has no notifications until they are listed."""
    app.write(
        "config/mail.py",
        f"FROM_EMAIL = 'blog@example.com'\nDRIVERS = {{'default': 'smtp', 'smtp': {{'host': '127.0.0.1', 'port': {port}, 'from': FROM_EMAIL}}}}\n",
    )
    app.write("config/notification.py", "DRIVERS = {'slack': {'token': ''}}\nDRY = False\n")
    if masonite_major() == 4:
        app.edit("config/providers.py", lambda text: f"from masonite.notification.providers import NotificationProvider\n{text}\nPROVIDERS.append(NotificationProvider)\n")


# -- events --

LISTENERS = """
import json

from scheduler import events


class Witness:
    def handle(self, event):
        with open("heard", "a") as file:
            file.write(json.dumps([type(event).__name__, event.task, event.run.attempt, event.run.error, event.run.detail]) + "\\n")


class Broken:
    def handle(self, event):
        raise ValueError(f"what is {event.task}?")


def listen(app):
    for name in events.__all__:
        app.make("event").listen(getattr(events, name), [Broken, Witness])
"""


@pytest.fixture
def heard(app: App) -> Any:
    """Return the events that the app's listeners got; the first listener always raises."""
    app.write("app/hearing.py", LISTENERS)
    app.provider("listen(app)", header="from app.hearing import listen")

    def read(task: str = "Sync") -> list[tuple[Any, ...]]:
        file = app.root / "heard"
        lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [(name, *more) for name, key, *more in lines if key == task]

    return read


@pytest.mark.parametrize("inline", [(), ("--inline",)])
def test_listeners_are_notified_of_a_start_and_a_success(app: App, heard: Any, inline: tuple[str, ...]) -> None:
    sync(app)
    done = app.craft("schedule:run", *inline).exits(0)
    assert sorted(done.out.splitlines()) == ["line 1", "other"]
    assert heard() == [("ScheduledTaskStarting", 1, "", ""), ("ScheduledTaskFinished", 1, "", "")]


def test_a_listener_that_raises_is_reported_and_the_others_are_called(app: App, heard: Any) -> None:
    sync(app)
    told = app.craft("schedule:run").exits(0).err
    assert "Sync: the listener Broken of ScheduledTaskFinished could not be notified: ValueError: what is Sync? (app/hearing.py:14)" in told
    assert "Sync: the listener Broken of ScheduledTaskStarting could not be notified" in told
    assert len(heard("Sync")) == len(heard("Other")) == 2


@pytest.mark.parametrize("inline", [(), ("--inline",)])
def test_listeners_are_notified_of_each_failure_and_crash(app: App, heard: Any, inline: tuple[str, ...]) -> None:
    sync(app, "retries = 1", "raise ValueError('no')")
    app.craft("schedule:run", *inline).exits(1)
    assert sorted(heard(), key=lambda line: (line[1], line[2])) == [
        ("ScheduledTaskStarting", 1, "", ""),
        ("ScheduledTaskFailed", 1, "ValueError: no", ""),
        ("ScheduledTaskStarting", 2, "", ""),
        ("ScheduledTaskFailed", 2, "ValueError: no", ""),
    ]


def test_listeners_are_notified_of_a_process_that_died(app: App, heard: Any) -> None:
    sync(app, "", "import os; os._exit(3)")
    app.craft("schedule:run").exits(1)
    assert heard()[1:] == [("ScheduledTaskFailed", 1, "its process ended with exit code 3 before it had finished", "")]


def test_listeners_are_notified_of_a_skip_without_a_start(app: App, heard: Any) -> None:
    sync(app, "environments = ('nowhere',)")
    app.craft("schedule:run").exits(0)
    ((name, _, _, detail),) = heard()
    assert name == "ScheduledTaskSkipped"
    assert "it runs only in nowhere" in detail


def test_each_missed_fire_time_is_reported_once(app: App, heard: Any) -> None:
    sync(app)
    app.keep_runs().craft("schedule:run", at=NOON)
    done = app.craft("schedule:run", "-v", at=NOON + timedelta(minutes=3))
    assert re.findall("Sync missed 2026-03-03 12:0[12]: no tick came in time\n", done.err) == [
        "Sync missed 2026-03-03 12:01: no tick came in time\n", "Sync missed 2026-03-03 12:02: no tick came in time\n",
    ]  # fmt: skip
    quiet = app.craft("schedule:run", "--json", at=NOON + timedelta(minutes=6))
    assert [run["fire_time"] for run in quiet.json()["runs"] if run["outcome"] == "missed" and run["key"] == "Sync"] == [
        "2026-03-03T12:04:00+00:00",
        "2026-03-03T12:05:00+00:00",
    ]
    assert [name for name, *_ in heard()].count("ScheduledTaskMissed") == 4
    assert "missed" not in str(app.craft("schedule:run", at=NOON + timedelta(minutes=9)))


@pytest.mark.parametrize("ticks", [1, 2])
def test_a_crash_that_a_later_tick_finds_is_reported_once(app: App, heard: Any, ticks: int) -> None:
    sync(app, "", "import time; open('started', 'w').close(); time.sleep(600)")
    process = app.keep_runs().start("schedule:run", "--task", "Sync")
    while not (app.root / "started").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    process.stdout.close()
    sync(app)
    for _ in range(ticks):
        found = app.craft("schedule:run", "--task", "Other")
        assert found.code == 0
    outcomes = [line for line in heard() if line[0] == "ScheduledTaskFailed"]
    assert len(outcomes) == 1
    assert "is gone, and so is its supervisor" in outcomes[0][2]


def test_a_missed_run_of_a_removed_task_is_reported_under_its_key(app: App, heard: Any) -> None:
    """The process that claimed its run ended before it could start it."""
    sync(app)
    store = local_store(str(app.root / ".scheduler/scheduler.sqlite3"))
    gone = f"{this_machine()}:{2**22 + 1}:99"
    store.claim([Claim("Gone", slot_of("Gone", NOON), NOON)], {}, gone, NOON)
    store.connection.close()
    told = app.keep_runs().craft("schedule:run", "-v", at=NOON + timedelta(hours=1)).err
    assert "Gone missed 2026-03-03 12:00: it was claimed, but nobody started it in time\n" in told
    assert [name for name, *_ in heard("Gone")] == ["ScheduledTaskMissed"]


def test_a_tick_of_a_test_is_heard_by_listeners_only(app: App, heard: Any, servers: Servers) -> None:
    with_mail(app, servers.mail_port)
    sync(app, f"ping_url = {servers.url('/ok')!r}\n    notify_on_failure = 'ops@example.com'", "raise ValueError('no')")
    with booted(app.root) as application:
        run_due(application, NOON)
    assert [name for name, *_ in heard()] == ["ScheduledTaskStarting", "ScheduledTaskFailed"]
    assert servers.pings() == servers.mails() == []


# -- logs --


@pytest.fixture
def records(app: App, tmp_path: Path) -> Iterator[Any]:
    """What Python's logging writes of the logger "scheduler", as JSON; handlers outlive a process's fork."""

    class AsJson(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            names = ("levelname", "task", "outcome", "attempt", "seconds", "run_id", "message")
            record.message = record.getMessage()
            return json.dumps({"fire_time": str(record.fire_time), **{name: getattr(record, name) for name in names}})

    logger, handler = logging.getLogger("scheduler"), logging.FileHandler(tmp_path / "log")
    handler.setFormatter(AsJson())
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.DEBUG)
    yield lambda: [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    logger.setLevel(level)
    logger.removeHandler(handler)
    handler.close()


def test_pythons_log_has_a_record_of_each_outcome_with_its_parts(app: App, records: Any) -> None:
    sync(app, "retries = 1", "raise ValueError('no')")
    app.keep_runs().craft("schedule:run", at=NOON).exits(1)
    mine = [record for record in records() if record["task"] == "Sync"]
    mine.sort(key=lambda record: (record["attempt"], bool(record["outcome"])))
    assert [(record["levelname"], record["outcome"], record["attempt"]) for record in mine] == [
        ("DEBUG", None, 1),
        ("WARNING", "failed", 1),
        ("DEBUG", None, 2),
        ("ERROR", "failed", 2),
    ]
    assert {record["fire_time"] for record in mine} == {str(NOON)}
    assert re.fullmatch(r"Sync failed after .* \(attempt 2\): ValueError: no \(app/tasks/Tasks.py:10\)", mine[3]["message"])
    assert mine[3]["run_id"] > mine[1]["run_id"] > 0
    assert mine[3]["seconds"] >= 0


def test_runs_are_logged_to_a_channel_of_the_app(app: App) -> None:
    app.write("config/scheduler.py", "LOG_CHANNEL = 'runs'\n")
    app.write(
        "config/logging.py",
        """
        CHANNELS = {
            "default": {"driver": "runs", "level": "info", "timezone": "UTC", "format": "{levelname}: {message}", "date_format": "YYYY"},
            "runs": {"driver": "single", "path": "storage/logs/runs.log"},
        }
        """,
    )
    sync(app, "", "raise ValueError('no')")
    done = app.craft("schedule:run").exits(1)
    log = app.root / "storage/logs/runs.log"
    if masonite_major() == 4:
        assert "Sync: the log channel runs could not be notified: the app has no logger: list Masonite 5's LoggingProvider" in done.err
        assert not log.exists()
    else:
        assert re.search(r"(?m)^ERROR: Sync failed after .*: ValueError: no \(app/tasks/Tasks.py:10\)$", log.read_text())
        assert re.search(r"(?m)^INFO: Other succeeded in ", log.read_text())


# -- people --


def test_recipients_are_notified_of_the_first_failure_and_the_recovery(app: App, servers: Servers) -> None:
    with_mail(app.keep_runs(), servers.mail_port)
    says = "notify_on_failure = ['ops@example.com', 'anna@example.com']"
    sync(app, says, "raise ValueError('no <b>ünï</b>')")
    for number in range(3):
        app.craft("schedule:run", "--task", "Sync", "--force").exits(1)
        assert len(servers.mails()) == 2, number
    first, second = servers.mails()
    assert (first["to"], second["to"]) == (["ops@example.com"], ["anna@example.com"])
    assert first["From"] == "blog@example.com"
    assert re.fullmatch(r"Sync failed on \S+", first["Subject"])
    for said in ("ValueError: no <b>ünï</b> (app/tasks/Tasks.py:10)", "line 1", "Traceback", "Attempt:    1"):
        assert said.partition(" (")[0] in first["text"]
    sync(app, says)
    for _ in range(2):
        app.craft("schedule:run", "--task", "Sync", "--force").exits(0)
    *_, recovered = servers.mails()
    assert len(servers.mails()) == 4
    assert re.fullmatch(r"Sync has recovered on \S+", recovered["Subject"])
    assert "It had failed since 20" in recovered["text"]
    sync(app, says, "raise ValueError('again')")
    app.craft("schedule:run", "--task", "Sync", "--force").exits(1)
    assert len(servers.mails()) == 6, "a new streak begins"


def test_a_failure_that_will_be_retried_notifies_nobody(app: App, servers: Servers) -> None:
    with_mail(app, servers.mail_port)
    sync(app, "notify_on_failure = 'ops@example.com'\n    retries = 1", "assert self.current_run.attempt == 2")
    app.craft("schedule:run").exits(1)
    assert servers.mails() == []
    sync(app, "notify_on_failure = 'ops@example.com'\n    retries = 1", "assert not self.current_run.attempt")
    app.craft("schedule:run").exits(1)
    (mail,) = servers.mails()
    assert "(attempt 2)" in mail["text"]


def test_recipients_of_the_app_are_the_default_and_a_task_may_have_none(app: App, servers: Servers) -> None:
    with_mail(app, servers.mail_port)
    app.write("config/scheduler.py", "NOTIFY_ON_FAILURE = ['ops@example.com']\n")
    sync(app, "", "raise ValueError('no')")
    app.craft("schedule:run", "--inline").exits(1)
    (mail,) = servers.mails()
    assert "line 1" in mail["text"], "what it printed is kept inline too"
    sync(app, "notify_on_failure = None", "raise ValueError('no')")
    app.craft("schedule:run").exits(1)
    assert len(servers.mails()) == 1


def test_the_apps_own_mail_keeps_its_sender(app: App, servers: Servers) -> None:
    """Masonite removes the sender from its configuration if a mail has its own."""
    with_mail(app, servers.mail_port)
    sync(app, "notify_on_failure = 'ops@example.com'", "raise ValueError('no')")
    app.tasks(
        f"""
        from masonite.mail import Mail, Mailable


        class ZLetter(Task):
            {ALWAYS}

            def handle(self, mail: Mail):
                mail.mailable(Mailable().to("reader@example.com").subject("Hello").text("Hello")).send()
        """,
        "ZLetter.py",
    )
    app.craft("schedule:run", "--inline").exits(1)
    assert [(mail["to"], mail["From"]) for mail in servers.mails()] == [
        (["ops@example.com"], "blog@example.com"),
        (["reader@example.com"], "blog@example.com"),
    ]


def test_the_next_failure_is_notified_if_no_recipient_was_reached(app: App, servers: Servers) -> None:
    with_mail(app.keep_runs(), 1)
    sync(app, "notify_on_failure = 'ops@example.com'", "raise ValueError('no')")
    done = app.craft("schedule:run", "--task", "Sync", "--force").exits(1)
    assert re.search(r"Sync: ops@example.com could not be notified: ConnectionRefusedError", done.err)
    with_mail_port(app, servers.mail_port)
    for _ in range(2):
        app.craft("schedule:run", "--task", "Sync", "--force", "--inline").exits(1)
    assert len(servers.mails()) == 1


def with_mail_port(app: App, port: int) -> None:
    app.edit("config/mail.py", lambda text: text.replace("'port': 1,", f"'port': {port},"))


def test_a_store_lost_during_the_run_is_reported(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object) -> None:
        raise StoreUnavailable("the store is away")

    monkeypatch.setattr(Store, "end_streak", lost)
    with_mail(app, 1)
    sync(app, "notify_on_failure = 'ops@example.com'", "raise ValueError('no')")
    for inline in ((), ("--inline",)):
        assert "The store is away.\n" in app.craft("schedule:run", "--task", "Sync", *inline).exits(3).err


def test_slack_is_notified_by_its_webhook(app: App, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """A webhook is recognised by the beginning of its URL, so this one's user is named like Slack's host."""
    monkeypatch.setenv("SSL_CERT_FILE", servers.certificate)
    webhook = f"https://hooks.slack.com@127.0.0.1:{servers.tls_port}"
    sync(app, f"notify_on_failure = '{webhook}/services/T1/B1/secret'", "raise ValueError('1 < 2 & 3')")
    app.craft("schedule:run").exits(1)
    (request,) = servers.told("http")
    assert request["path"] == "/services/T1/B1/secret"
    text = json.loads(request["body"])["text"]
    assert re.match(r"Sync failed on \S+\nSync failed after .*: ValueError: 1 &lt; 2 &amp; 3", text)
    assert "line 1" in text


def test_the_secret_in_a_webhook_is_never_shown(app: App, servers: Servers) -> None:
    with_mail(app, servers.mail_port)
    sync(app, "notify_on_failure = 'https://hooks.slack.com@127.0.0.1:1/services/T1/B1/secret'", "raise ValueError('no')")
    done = app.craft("schedule:run").exits(1)
    assert "Sync: the webhook of Slack could not be notified: URLError" in done.err
    assert "secret" not in done.err


def test_a_missing_provider_of_masonite_is_named(app: App) -> None:
    gone = "[p for p in PROVIDERS if p.__name__ not in ('MailProvider', 'NotificationProvider')]"
    app.edit("config/providers.py", lambda text: f"{text}\nPROVIDERS = {gone}\n")
    sync(app, "notify_on_failure = ['ops@example.com', '#ops']", "raise ValueError('no')")
    told = app.craft("schedule:run").exits(1).err
    assert "Sync: ops@example.com could not be notified: the app has no mail: list Masonite's MailProvider" in told
    assert "Sync: #ops could not be notified: the app has no notifications: list Masonite's NotificationProvider" in told


# -- monitors --


def test_a_monitor_is_pinged_at_a_start_and_a_success(app: App, servers: Servers) -> None:
    sync(app, f"ping_url = {servers.url('/ok/uuid?token=a%20b')!r}")
    app.craft("schedule:run").exits(0)
    assert servers.pings() == ["/ok/uuid/start?token=a%20b", "/ok/uuid?token=a%20b"]


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("raise ValueError('no')", "ValueError: no"),
        ("import os; os._exit(3)", "its process ended with exit code 3"),
        ("from scheduler.tasks.CommandTask import run_command; run_command('false')", "false ended with exit code 1"),
    ],
)
def test_a_monitor_gets_the_error_and_output_of_a_failure(app: App, servers: Servers, does: str, said: str) -> None:
    sync(app, f"ping_url = {servers.url('/ok/')!r}", does)
    app.craft("schedule:run").exits(1)
    start, fail = servers.told("http")
    assert (start["method"], start["path"], fail["method"], fail["path"]) == ("GET", "/ok/start", "POST", "/ok/fail")
    assert said in fail["body"]
    assert "line 1" in fail["body"]


def test_a_monitor_is_pinged_after_a_timeout(app: App, servers: Servers) -> None:
    sync(app, f"ping_url = {servers.url('/ok')!r}\n    timeout = '1 second'", "import time; time.sleep(60)")
    app.craft("schedule:run").exits(1)
    assert servers.pings() == ["/ok/start", "/ok/fail"]
    assert "timeout of 1 second" in servers.told("http")[1]["body"]


def test_a_monitor_is_not_pinged_for_skips_and_retries(app: App, servers: Servers) -> None:
    sync(app, f"ping_url = {servers.url('/ok')!r}\n    environments = 'nowhere'")
    app.craft("schedule:run").exits(0)
    assert servers.pings() == []
    sync(app, f"ping_url = {servers.url('/ok')!r}\n    retries = 1", "assert self.current_run.attempt == 2")
    app.craft("schedule:run").exits(1)
    assert servers.pings() == ["/ok/start", "/ok/start", "/ok"]


@pytest.mark.parametrize(("path", "complaint"), [("/500", "HTTP Error 500"), ("/to/302/to/302/500", "HTTP Error 500"), (None, "Connection refused")])
def test_a_ping_that_fails_is_reported_and_changes_no_outcome(app: App, servers: Servers, path: str | None, complaint: str) -> None:
    url = servers.url(path) if path else "http://127.0.0.1:1/x"
    sync(app, f"ping_url = {url!r}")
    done = app.craft("schedule:run").exits(0)
    assert done.err.count("Sync: its monitor at 127.0.0.1 could not be notified: ") == 2, done
    assert complaint in done.err


@pytest.fixture
def another_thread() -> Iterator[None]:
    """A second thread in this process: it cannot fork workers, and starts fresh interpreters instead."""
    is_over = threading.Event()
    thread = threading.Thread(target=is_over.wait)
    thread.start()
    yield
    is_over.set()
    thread.join()


@pytest.mark.parametrize("how", ["forked", "spawned", "inline"])
@pytest.mark.parametrize("does", ["print('done')", "raise ValueError('no')"])
def test_a_failed_ping_of_a_start_is_not_in_the_tasks_output(
    app: App, request: pytest.FixtureRequest, does: str, how: str
) -> None:
    if how == "spawned":
        request.getfixturevalue("another_thread")
    sync(app, "ping_url = 'http://127.0.0.1:1/ping'\n    append_output_to = 'sync.log'", does)
    arguments = ["--inline"] if how == "inline" else []
    done = app.craft("schedule:run", "--task", "Sync", *arguments).exits(int("raise" in does))
    assert done.err.count("Sync: its monitor at 127.0.0.1 could not be notified: URLError") == 2, done
    assert "monitor" not in (app.root / "sync.log").read_text()
    [run] = app.keep_runs().craft("schedule:history", "Sync", "--json").json()["runs"]
    assert "monitor" not in run["output"]


def test_a_failed_ping_of_a_start_is_reported_for_a_killed_run(app: App) -> None:
    sync(app, "ping_url = 'http://127.0.0.1:1/ping'\n    timeout = '1 second'", "import time; time.sleep(60)")
    assert app.craft("schedule:run", "--task", "Sync").exits(1).err.count("Sync: its monitor at 127.0.0.1 could not be") == 2


@pytest.mark.once
def test_a_monitor_that_never_answers_delays_nobody_else(app: App, servers: Servers) -> None:
    """Its own task waits five seconds before it starts; the next task starts at once."""
    app.write("config/scheduler.py", "WORKERS = 1\n")
    write = "import time; open(type(self).__name__, 'w').write(str(time.time()))"
    sync(app, f"ping_url = {servers.url('/hang')!r}", write)
    app.edit("app/tasks/Tasks.py", lambda text: text.replace("Other", "ZOther").replace("print('other')", write))
    done = app.craft("schedule:run").exits(0)
    assert done.err.count("could not be notified: TimeoutError") == 2
    assert done.seconds >= 10
    ended = {name: float((app.root / name).read_text()) for name in ("Sync", "ZOther")}
    assert 0 <= ended["ZOther"] - ended["Sync"] < 4


@pytest.mark.once
@pytest.mark.parametrize("how", ["forked", "spawned"])
def test_a_monitor_that_never_answers_takes_nothing_of_the_timeout(
    app: App, servers: Servers, request: pytest.FixtureRequest, how: str
) -> None:
    if how == "spawned":
        request.getfixturevalue("another_thread")
    sync(app, f"ping_url = {servers.url('/hang')!r}\n    timeout = '2 seconds'", "print('done')")
    assert "done" in app.craft("schedule:run", "--task", "Sync").exits(0).out


# -- in a process with threads, which cannot fork --


@pytest.mark.usefixtures("another_thread")
def test_notifications_are_sent_where_forking_is_not_safe(app: App, servers: Servers) -> None:
    with_mail(app, servers.mail_port)
    app.tasks(
        f"""
        import os


        class Sync(Task):
            {ALWAYS}
            notify_on_failure = 'ops@example.com'
            ping_url = {servers.url("/ok")!r}

            def failed(self, run):
                print('told', run.error)

            def handle(self):
                print('x' * 200_000, flush=True)
                os._exit(3)
        """
    )
    done = app.craft("schedule:run").exits(1)
    assert "told its process ended with exit code 3" in done.out
    assert servers.pings() == ["/ok/start", "/ok/fail"]
    (mail,) = servers.mails()
    assert 60_000 < mail["text"].count("x") <= 64 * 1024 + 100, "all of the output that is kept, in lines that mail servers take"
