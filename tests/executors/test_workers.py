"""The workers of each engine: what is refused, what cannot end or loop them, and what is to be seen of them."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest
from masonite_version import masonite_major

from executors.fleet import Fleet
from scheduler.processes.identity import host_name
from scheduler.runs import Outcome

NEWEST = pytest.mark.skipif(masonite_major() == 4, reason="Celery knows nothing of Masonite: tried with 5")


@NEWEST
@pytest.mark.parametrize("pool", ["gevent", "eventlet"])
def test_celery_refuses_a_pool_that_cannot_watch_processes(make_fleet: Callable[..., Fleet], pool: str) -> None:
    from types import SimpleNamespace

    from celery import Celery
    from integration.booted_app import booted

    from scheduler.executors.celery import _Worker

    fleet = make_fleet("celery, RabbitMQ, solo")
    celery = Celery("app", broker="memory://")
    celery.amqp.queues.select_add(fleet.engine.config["queue"])
    with booted(fleet.root) as application:
        worker = _Worker(celery, application)
        with pytest.raises(SystemExit, match=f"cannot be executed in a pool of {pool}.* Fix: start this worker with --pool prefork"):
            worker.prepare(SimpleNamespace(pool_cls=pool))


@NEWEST
def test_a_warm_shutdown_of_celery_lets_a_run_end_within_its_grace(make_fleet: Callable[..., Fleet], capfd: pytest.CaptureFixture[str]) -> None:
    fleet = make_fleet("celery, Redis, prefork")
    fleet.app.capture = capfd
    fleet.configure(STOP_GRACE="20 seconds")
    fleet.start_workers(1)
    run = fleet.started(fleet.run("Patient"))
    (worker,) = fleet.workers
    worker.send_signal(signal.SIGTERM)
    fleet.wait(lambda: "Warm shutdown" in (fleet.root / "workers.log").read_text(), "the shutdown")
    assert fleet.outcome(run) is None
    fleet.go(run)
    assert fleet.ended(run).outcome is Outcome.SUCCEEDED
    assert worker.wait(20) == 0
    fleet.close()


@NEWEST
@pytest.mark.parametrize("engine", ["celery, Redis, prefork", "celery, RabbitMQ, solo", "celery, RabbitMQ, threads"])
def test_the_log_of_a_worker_of_celery_has_a_failure_once(
    make_fleet: Callable[..., Fleet], capfd: pytest.CaptureFixture[str], engine: str
) -> None:
    fleet = make_fleet(engine)
    fleet.app.capture = capfd
    fleet.start_workers(1)
    assert fleet.ended(fleet.run("Leaving")).outcome is Outcome.FAILED
    assert fleet.ended(fleet.run("Quick")).outcome is Outcome.SUCCEEDED
    fleet.close()
    assert (fleet.root / "workers.log").read_text().count("Leaving failed after") == 1


@NEWEST
def test_the_loop_of_a_solo_worker_never_waits_long(make_fleet: Callable[..., Fleet]) -> None:
    """Celery's loop may hold a message that it has read, and acknowledge it only after its next wait, of two seconds."""
    from types import SimpleNamespace

    from celery import Celery
    from integration.booted_app import booted
    from kombu.asynchronous import Hub

    from scheduler.executors.celery import _Worker

    fleet = make_fleet("celery, RabbitMQ, solo")
    hub = Hub()
    with booted(fleet.root) as application:
        worker = _Worker(Celery("app", broker="memory://"), application)
        worker.prepare(SimpleNamespace(pool_cls="solo"))
        worker.announce(SimpleNamespace(hub=hub))
    assert [hub.fire_timers() <= 0.05 for _ in range(3)] == [True] * 3


DRIVERS = ["queue, amqp", "queue, redis", "queue, database"] if masonite_major() == 5 else ["queue, amqp", "queue, database"]


@pytest.mark.parametrize("engine", DRIVERS)
def test_nothing_in_a_task_ends_or_loops_a_worker_of_masonites_queue(
    make_fleet: Callable[..., Fleet], engine: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """The app has no table of failed jobs. SystemExit, AttributeError and missing tasks once made its workers loop."""
    fleet = make_fleet(engine)
    fleet.app.capture = capfd
    fleet.start_workers(1)
    leaving, attribute, gone = fleet.run("Leaving"), fleet.run("Attribute"), fleet.claim("Gone")
    fleet.ring(gone)
    assert [fleet.ended(run).outcome for run in (leaving, attribute)] == [Outcome.FAILED] * 2
    assert fleet.ended(fleet.run("Quick")).outcome is Outcome.SUCCEEDED
    log = (fleet.root / "workers.log").read_text()
    assert log.count("Gone: the app of this worker has no such task; deploy it here and restart the worker") == 1
    assert [worker.poll() for worker in fleet.workers] == [None]
    assert fleet.store.run(gone.id).is_offered, "it waits for a worker that knows it"
    fleet.close()


def test_where_a_run_is_waited_for_and_where_it_was_done_is_shown(make_fleet: Callable[..., Fleet], capfd: pytest.CaptureFixture[str]) -> None:
    fleet = make_fleet("queue, amqp")
    fleet.app.capture = capfd
    craft = fleet.app.craft
    fleet.tick("--task", "Minutely").exits(0)
    (waiting,) = fleet.runs_of("Minutely")
    (shown,) = craft("schedule:history", "Minutely", "--json").json()["runs"]
    assert (shown["executor"], shown["host"]) == ("fleet", None)
    assert shown["waiting_since"]
    explained = craft("schedule:explain", "Minutely", "--at", waiting.fire_time.isoformat()).exits(0).out
    assert "waiting for a worker of 'fleet' since" in explained
    assert "none has reported" in explained
    listed = {task["key"]: task for task in craft("schedule:list", "--json").json()["tasks"]}
    assert (listed["Minutely"]["executor"], listed["Nowhere"]["executor"]) == ("fleet", "nowhere")
    assert "fleet" in craft("schedule:list").exits(0).out
    (finding,) = [each for each in craft("schedule:doctor", "--json").json()["findings"] if "'fleet'" in each["message"]]
    assert "no worker has reported" in finding["message"]
    fleet.start_workers(1)
    fleet.ended(waiting)
    (shown,) = craft("schedule:history", "Minutely", "--json").json()["runs"]
    assert (shown["executor"], shown["host"], shown["waiting_since"]) == ("fleet", host_name(), None)
    (finding,) = [each for each in craft("schedule:doctor", "--json").json()["findings"] if "'fleet'" in each["message"]]
    assert finding["health"] == "ok"
    assert host_name() in finding["message"]
    fleet.close()
