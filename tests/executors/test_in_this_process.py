"""What workers of all engines do, done in this process: no broker is needed, and coverage sees it."""

from __future__ import annotations

import logging
import pickle
import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from integration.apps import ARRANGEMENTS, make_app
from integration.booted_app import booted

from executors.engines import ENGINES, NAME, Celery, Engine
from executors.fleet import Fleet
from scheduler import clock
from scheduler.executors import execute
from scheduler.executors.celery import register
from scheduler.executors.CeleryExecutor import TASK_NAME
from scheduler.processes.identity import host_name, this_process
from scheduler.runs import Outcome, Run, SkipReason
from scheduler.stores import Lease

pytestmark = pytest.mark.measured


class ByHand(Engine):
    """An engine whose messages wait in a file until the test executes them."""

    config = {"driver": "custom", "submit": "app.jobs.submit"}

    def files(self) -> dict[str, str]:
        return {"app/jobs.py": "def submit(run_id):\n    with open('messages', 'a') as file:\n        file.write(f'{run_id}\\n')\n"}


@pytest.fixture
def of_engine(
    template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Engine], Fleet]]:
    """Makes an app for an engine; this process is a worker that has done nothing yet."""
    monkeypatch.setattr(import_module("scheduler.executors.execute"), "_of_thread", threading.local())
    made: list[Fleet] = []

    def make(engine: Engine) -> Fleet:
        made.append(Fleet(make_app(template, tmp_path / "blog", ARRANGEMENTS["ours last"], capfd), engine))
        made[-1].store.leases()  # opens it: with Masonite 4 an app that boots here changes what others connect to
        return made[-1]

    yield make
    for fleet in made:
        fleet.store.close()


@pytest.fixture
def fleet(of_engine: Callable[[Engine], Fleet]) -> Fleet:
    return of_engine(ByHand())


def do(fleet: Fleet, run: Run, **how: Any) -> Outcome | None:
    with booted(fleet.root) as application:
        return execute(application, run.id, **how)


def test_a_run_is_handed_over_and_done_once(fleet: Fleet) -> None:
    run = fleet.run("Quick")
    assert (fleet.root / "messages").read_text() == f"{run.id}\n"
    assert do(fleet, run) is Outcome.SUCCEEDED
    assert do(fleet, run) is None
    assert fleet.starts_of(run) == 1
    ended = fleet.store.run(run.id)
    assert (ended.host, ended.output) == (host_name(), "Hello from a worker.\n")
    assert [worker.executor for worker in fleet.store.heard_workers()] == ["fleet"]


def test_an_unknown_run_id_is_ignored(fleet: Fleet) -> None:
    of_no_executor = fleet.claim("Quick", executor="")
    assert do(fleet, SimpleNamespace(id=4711)) is None
    assert do(fleet, of_no_executor) is None
    assert fleet.notes() == []


def test_a_task_that_the_worker_does_not_have_is_reported(fleet: Fleet, capfd: pytest.CaptureFixture[str]) -> None:
    assert do(fleet, fleet.claim("Gone")) is None
    assert "Gone: the app of this worker has no such task; deploy it here and restart the worker" in capfd.readouterr().err


def test_a_task_that_is_broken_on_the_worker_is_reported(fleet: Fleet, capfd: pytest.CaptureFixture[str]) -> None:
    fleet.app.write("app/tasks/Bad.py", "from scheduler import Task\n\n\nclass Bad(Task):\n    run_every = '5 minuets'\n    handle = print\n")
    assert do(fleet, fleet.claim("Bad")) is None
    assert "Bad: Bad.run_every = '5 minuets': unknown unit 'minuets'" in capfd.readouterr().err


def test_a_failed_run_is_retried_by_whoever_gets_the_retry(fleet: Fleet) -> None:
    assert do(fleet, fleet.claim("Failing")) is Outcome.FAILED
    (retry,) = fleet.store.offered_runs("Failing")
    assert retry.attempt == 2
    assert do(fleet, retry) is Outcome.FAILED
    assert fleet.store.offered_runs("Failing") == []


@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize(("delay", "sent"), [("0 seconds", True), ("5 seconds", True), ("2 minutes", False)])
def test_a_retry_that_is_due_soon_is_handed_over_at_once(fleet: Fleet, overlap: bool, delay: str, sent: bool) -> None:
    changes = f"    retry_delay = {delay!r}\n    overlap = {overlap}\n"
    fleet.app.edit("app/tasks/Tasks.py", lambda text: text.replace("    retries = 1\n", f"    retries = 1\n{changes}", 1))
    assert do(fleet, fleet.claim("Failing")) is Outcome.FAILED
    (retry,) = fleet.store.offered_runs("Failing")
    messages = fleet.root / "messages"
    assert (messages.read_text() if messages.exists() else "") == (f"{retry.id}\n" if sent else "")


@pytest.mark.parametrize(("attempt", "late"), [(1, True), (2, False)])
def test_a_run_that_waited_for_a_worker_is_late_unless_it_is_a_retry(fleet: Fleet, attempt: int, late: bool) -> None:
    run = fleet.claim("Quick", minutes=-2, attempt=attempt, start_after=clock.real_now() - timedelta(seconds=100))
    assert do(fleet, run) is Outcome.SUCCEEDED
    assert fleet.store.run(run.id).late is late


def test_a_run_over_its_timeout_and_one_whose_condition_fails(fleet: Fleet) -> None:
    assert do(fleet, fleet.claim("Endless")) is Outcome.TIMED_OUT
    refused = fleet.claim("Refusing")
    assert do(fleet, refused) is Outcome.SKIPPED
    assert fleet.store.run(refused.id).skip_reason is SkipReason.CONDITION


def test_a_run_waits_while_its_task_runs_elsewhere(fleet: Fleet) -> None:
    run = fleet.claim("Patient", late=True)
    fleet.go(run)
    lease = Lease("Patient", "another#1", str(this_process()), "db1", 4711, clock.real_now() + timedelta(hours=1))
    assert fleet.store.acquire(lease, clock.real_now())
    assert do(fleet, run) is None
    fleet.store.release("Patient", "another#1")
    assert do(fleet, run) is Outcome.SUCCEEDED


def test_a_waiting_run_starts_right_after_the_one_before_it(fleet: Fleet) -> None:
    first, second = fleet.claim("Patient", minutes=-2, late=True), fleet.claim("Patient", minutes=-1, late=True)
    fleet.go(first)
    fleet.go(second)
    assert do(fleet, second) is Outcome.SUCCEEDED, "the earlier one, whichever message came first"
    assert [note["run"] for note in fleet.notes("Patient")] == [first.id, second.id] or fleet.store.offered_runs("Patient") == [second]


def test_a_run_that_may_start_soon_is_waited_for_and_a_later_one_is_not(fleet: Fleet) -> None:
    soon = fleet.claim("Quick", start_after=clock.real_now() + timedelta(seconds=1))
    later = fleet.claim("Quick", minutes=1, start_after=clock.real_now() + timedelta(hours=1))
    assert do(fleet, soon) is Outcome.SUCCEEDED
    assert fleet.notes("Quick")[0]["at"] >= soon.start_after.timestamp()
    assert do(fleet, later) is None


def test_a_worker_that_shuts_down_ends_its_run(fleet: Fleet) -> None:
    asked: list[bool] = []
    run = fleet.claim("Patient")
    assert do(fleet, run, should_stop=lambda: fleet.starts_of(run) > 0, meanwhile=lambda: asked.append(True)) is Outcome.CRASHED
    assert "the scheduler was stopped" in fleet.store.run(run.id).error
    assert asked
    assert fleet.store.leases() == []


def test_an_unavailable_store_is_reported_and_the_run_stays_pending(fleet: Fleet, capfd: pytest.CaptureFixture[str]) -> None:
    run = fleet.claim("Quick")
    with sqlite3.connect(fleet.root / "store.sqlite3") as database:
        database.execute("ALTER TABLE scheduler_runs RENAME TO elsewhere")
        database.commit()
        assert do(fleet, run) is None
        assert "scheduler_runs" in capfd.readouterr().err
        database.execute("ALTER TABLE elsewhere RENAME TO scheduler_runs")
    assert fleet.store.run(run.id).is_offered


# --- Masonite's queue ------------------------------------------------------------------------------------------------


def test_a_job_on_masonites_queue_does_its_run(of_engine: Callable[[Engine], Fleet]) -> None:
    fleet = of_engine(ENGINES["queue, database"])
    run = fleet.run("Quick")
    with sqlite3.connect(fleet.root / "app.sqlite3") as database:
        ((payload, queue),) = database.execute("SELECT payload, queue FROM jobs").fetchall()
    assert queue == NAME
    with booted(fleet.root):
        pickle.loads(payload)["obj"].handle()
    assert fleet.store.run(run.id).outcome is Outcome.SUCCEEDED
    findings = fleet.app.craft("schedule:doctor", "--json").json()["findings"]
    assert any("'fleet'" in each["message"] for each in findings if each["check"] == "executors")


# --- Celery ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connects workers in this process, and no others, to Celery's signals during the test only."""
    from celery import signals

    for signal in (signals.after_setup_logger, signals.worker_init, signals.worker_ready, signals.worker_shutting_down):
        monkeypatch.setattr(signal, "receivers", [])


@pytest.fixture
def celery_fleet(of_engine: Callable[[Engine], Fleet], heard: None) -> Fleet:
    return of_engine(Celery("memory://", "prefork"))


def test_celerys_task_does_a_run(celery_fleet: Fleet) -> None:
    fleet = celery_fleet
    run = fleet.run("Quick")
    with booted(fleet.root):
        from app.celery import celery

        assert celery.tasks["scheduler.execute"](run.id) == "succeeded"
        assert celery.tasks["scheduler.execute"](run.id) == "nothing to do"
    assert fleet.starts_of(run) == 1


def test_each_celery_app_of_a_process_has_a_task_of_its_own(heard: None) -> None:
    from celery import Celery as CeleryApp

    first, second = CeleryApp("first", broker="memory://"), CeleryApp("second", broker="memory://")
    register(first)
    register(second, application=object())
    assert first.tasks[TASK_NAME].run is not second.tasks[TASK_NAME].run
    third = CeleryApp("third", broker="memory://")
    assert TASK_NAME not in third.tasks


def test_a_worker_of_celery_says_what_is_wrong_and_which_pools_it_refuses(celery_fleet: Fleet, capfd: pytest.CaptureFixture[str]) -> None:
    from celery import signals

    class Worker:
        def __init__(self, pool: str) -> None:
            self.pool_cls = pool

    fleet = celery_fleet
    fleet.app.write("app/tasks/Bad.py", "from scheduler import Task\n\n\nclass Bad(Task):\n    run_every = '5 minuets'\n    handle = print\n")
    with booted(fleet.root):
        from app.celery import celery

        celery.amqp.queues.select([NAME])
        answers = signals.worker_init.send(sender=Worker("prefork"))
        signals.worker_ready.send(sender=None)
        with pytest.raises(SystemExit, match="cannot be executed in a pool of gevent"):
            signals.worker_init.send(sender=Worker("gevent"))
    assert answers
    assert "scheduler: Bad: Bad.run_every = '5 minuets'" in capfd.readouterr().err
    assert [worker.executor for worker in fleet.store.heard_workers()] == ["fleet"]


def test_a_worker_of_celery_is_one_of_the_executor_without_a_queue(celery_fleet: Fleet) -> None:
    from celery import signals

    fleet = celery_fleet
    del fleet.executors["fleet"]["queue"]
    fleet.configure()
    with booted(fleet.root):
        from app.celery import celery

        celery.conf.task_default_queue = "everything"
        assert list(celery.amqp.queues.consume_from) == ["everything"]
        signals.worker_ready.send(sender=None)
    assert [worker.executor for worker in fleet.store.heard_workers()] == ["fleet"]


@pytest.mark.parametrize(
    ("settings", "logfile", "logged"),
    [
        ({}, None, ["fine"]),
        ({}, "worker.log", ["fine"]),
        ({"worker_redirect_stdouts": False}, None, ["fine"]),
        ({"worker_redirect_stdouts": False}, "worker.log", ["Job failed", "fine"]),
        ({"worker_hijack_root_logger": False}, None, ["Job failed", "fine"]),
    ],
)
def test_handlers_of_celery_log_no_failure_that_its_log_has(
    heard: None, settings: dict[str, bool], logfile: str | None, logged: list[str]
) -> None:
    from celery import Celery as CeleryApp
    from celery import signals

    app = CeleryApp("app", broker="memory://")
    app.conf.update(settings)
    register(app, application=object())
    root, lines = logging.RootLogger(logging.INFO), []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    root.addHandler(handler)
    signals.after_setup_logger.send(sender=None, logger=root, logfile=logfile)
    for text, outcome in (("Job failed", "failed"), ("fine", "succeeded")):
        root.handle(root.makeRecord("scheduler", logging.ERROR, "", 0, text, (), None, extra={"outcome": outcome}))
    assert lines == logged


def test_runs_wait_while_celerys_broker_is_away(of_engine: Callable[[Engine], Fleet]) -> None:
    fleet = of_engine(Celery("redis://127.0.0.1:1/0", "prefork"))
    run = fleet.claim("Quick")
    done = fleet.tick("--task", "Quick").exits(0)
    assert "executor 'fleet': the broker cannot be reached" in done.err
    assert fleet.store.run(run.id).is_offered
