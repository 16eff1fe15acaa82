"""Peculiarities of Masonite's queue: heartbeats of RabbitMQ, and a database that gives one job to two workers."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable

import pytest

from executors.fleet import Fleet
from scheduler.executors.RunJob import RunJob
from scheduler.runs import Outcome


def test_a_run_outlasts_the_heartbeats_of_the_broker_and_its_lease(make_fleet: Callable[..., Fleet], capfd: pytest.CaptureFixture[str]) -> None:
    """They are 4 and 5 seconds here, and ticks run meanwhile. The worker survives."""
    fleet = make_fleet("queue, amqp")
    fleet.app.capture = capfd
    fleet.start_workers(1)
    run = fleet.started(fleet.run("Patient"))
    give_up = time.monotonic() + 16
    while time.monotonic() < give_up:
        fleet.tick("--task", "Patient").exits(0)
        time.sleep(1)
    fleet.go(run)
    assert fleet.ended(run).outcome is Outcome.SUCCEEDED
    assert fleet.ended(fleet.run("Quick")).outcome is Outcome.SUCCEEDED
    assert [worker.poll() for worker in fleet.workers] == [None]
    fleet.close()


def test_two_workers_that_get_the_same_jobs_start_each_run_once(make_fleet: Callable[..., Fleet], capfd: pytest.CaptureFixture[str]) -> None:
    fleet = make_fleet("queue, database")
    fleet.app.capture = capfd
    runs = [fleet.claim("Quick", minutes=0, fire_time=None, slot=f"Quick@{number}") for number in range(20)]
    fleet.tick("--task", "Quick").exits(0)
    fleet.start_workers(2)
    for run in runs:
        assert fleet.ended(run).outcome is Outcome.SUCCEEDED
    fleet.wait(lambda: (fleet.root / "workers.log").read_text().count("Successfully Processed") >= 20, "every job")
    assert sorted(note["run"] for note in fleet.notes("Quick")) == sorted(run.id for run in runs)
    fleet.close()


def test_a_job_that_an_earlier_version_queued_can_be_read() -> None:
    """A worker of Masonite's queue ends at a job that it cannot read."""
    queued = b"\x80\x02cscheduler.executors.RunJob\nRunJob\nq\x00)\x81q\x01}q\x02X\x06\x00\x00\x00run_idq\x03K\x07sb."
    assert vars(pickle.loads(queued)) == vars(RunJob(7))


def test_a_job_never_raises(capfd: pytest.CaptureFixture[str]) -> None:
    """Masonite's workers would repeat it for ever, or end."""
    RunJob(1).handle()
    assert "run 1:" in capfd.readouterr().err
    assert str(RunJob(1)) == "scheduler run 1"
    RunJob(1).failed({}, "text")
