"""Guarantees of every executor, with real workers and real brokers: the same as for local runs."""

from __future__ import annotations

import os
import signal
from datetime import timedelta

from executors.conftest import Endpoint
from executors.fleet import Fleet
from scheduler import clock
from scheduler.processes.identity import host_name
from scheduler.runs import Outcome, Pause, SkipReason


def test_a_run_that_is_handed_over_is_done_once_and_recorded_as_any_other(fleet: Fleet) -> None:
    run = fleet.ended(fleet.run("Quick"))
    assert (run.outcome, run.executor, run.host) == (Outcome.SUCCEEDED, "fleet", host_name())
    assert run.output == "Hello from a worker.\n"
    assert fleet.starts_of(run) == 1
    assert [worker.executor for worker in fleet.store.heard_workers()] == ["fleet"]
    assert fleet.store.leases() == []


def test_a_message_that_comes_again_finds_nothing_to_do(fleet: Fleet) -> None:
    run = fleet.claim("Quick", minutes=-1)
    fleet.ring(run, times=4)
    fleet.ended(run)
    fleet.ring(run)
    other = fleet.ended(fleet.run("Quick", minutes=-2))
    assert (fleet.starts_of(run), fleet.starts_of(other)) == (1, 1)


def test_a_failed_run_is_retried_by_the_workers(fleet: Fleet) -> None:
    fleet.run("Failing")
    fleet.wait(lambda: len([run for run in fleet.runs_of("Failing") if run.outcome]) == 2, "the retry")
    runs = fleet.runs_of("Failing")
    assert [(run.attempt, run.outcome, run.executor) for run in runs] == [
        (1, Outcome.FAILED, "fleet"),
        (2, Outcome.FAILED, "fleet"),
    ]
    assert runs[0].error == "ValueError: no"
    assert len(fleet.notes("Failing", "failed")) == 2, "its hooks are called"


def test_a_run_is_ended_by_its_timeout(fleet: Fleet) -> None:
    assert fleet.ended(fleet.run("Endless")).outcome is Outcome.TIMED_OUT


def test_hooks_events_output_and_monitors_are_those_of_a_local_run(fleet: Fleet, endpoint: Endpoint) -> None:
    before = len(endpoint.requests())
    run = fleet.ended(fleet.run("Told"))
    assert run.output == "Told by a worker.\n"
    assert "Told by a worker." in (fleet.root / "told.log").read_text()
    assert [len(fleet.notes("Told", what)) for what in ("before", "start", "succeeded")] == [1, 1, 1]
    fleet.wait(lambda: len(endpoint.requests()) == before + 2, "the monitor")
    assert endpoint.requests()[before:] == ["/ping/start", "/ping"]
    fleet.wait(lambda: len(fleet.events_of(run)) == 2, "the events")
    assert fleet.events_of(run) == ["ScheduledTaskStarting", "ScheduledTaskFinished"]


def test_a_pause_is_respected_where_the_run_starts(fleet: Fleet) -> None:
    run = fleet.claim("Paused", minutes=-1)
    now = clock.real_now()
    fleet.store.pause(Pause("Paused", now - timedelta(minutes=5), who="anna"))
    fleet.ring(run)
    ended = fleet.ended(run)
    fleet.store.resume("Paused", clock.real_now())
    assert (ended.outcome, ended.skip_reason) == (Outcome.SKIPPED, SkipReason.PAUSED)


def test_a_worker_waits_until_a_run_may_start(fleet: Fleet) -> None:
    """It waits for jitter, and if its clock is behind."""
    run = fleet.claim("Quick", minutes=-4, start_after=clock.real_now() + timedelta(seconds=2))
    fleet.ring(run, times=2)
    ended = fleet.ended(run)
    assert (ended.outcome, fleet.starts_of(run)) == (Outcome.SUCCEEDED, 1)
    assert ended.started_at >= run.start_after


def test_a_condition_is_asked_where_the_run_starts(fleet: Fleet) -> None:
    run = fleet.ended(fleet.run("Refusing"))
    assert (run.outcome, run.skip_reason) == (Outcome.SKIPPED, SkipReason.CONDITION)


def test_a_task_does_not_overlap_itself_on_any_worker(fleet: Fleet) -> None:
    """A fire time during the run is skipped; a late one waits, and starts as soon as the earlier run ends."""
    first = fleet.started(fleet.run("Patient", minutes=-3))
    due_now = fleet.run("Patient", minutes=1)
    assert fleet.ended(due_now).skip_reason is SkipReason.STILL_RUNNING
    late = fleet.run("Patient", minutes=-2, late=True)
    later = fleet.run("Patient", minutes=-1, late=True)
    assert fleet.starts_of(late) == fleet.starts_of(later) == 0
    for run in (first, late, later):
        fleet.started(run)
        fleet.go(run)
        assert fleet.ended(run).outcome is Outcome.SUCCEEDED
    order = [note["run"] for note in fleet.notes("Patient")]
    assert order == [first.id, late.id, later.id]


def test_a_run_whose_worker_is_killed_has_crashed_and_is_retried(fleet: Fleet) -> None:
    run = fleet.started(fleet.run("Waiting"))
    fleet.stop_workers(signal.SIGKILL)
    fleet.tick("--task", "Waiting")
    assert fleet.ended(run).outcome is Outcome.CRASHED
    assert fleet.starts_of(run) == 1
    fleet.start_workers()
    fleet.tick("--task", "Waiting").exits(0)
    retry = fleet.wait(lambda: [each for each in fleet.runs_of("Waiting") if each.attempt == 2], "the retry")[0]
    fleet.started(retry)
    fleet.go(retry)
    assert fleet.ended(retry).outcome is Outcome.SUCCEEDED
    assert fleet.starts_of(run) == 1, "a message that is delivered again starts nothing"


def test_a_worker_that_is_stopped_ends_its_run_in_order(fleet: Fleet) -> None:
    run = fleet.started(fleet.run("Patient"))
    fleet.warn_workers()
    ended = fleet.ended(run)
    assert ended.outcome is Outcome.CRASHED
    assert "the scheduler was stopped" in ended.error
    fleet.wait(lambda: not fleet.store.leases(), "the release of its lease, which follows the outcome")
    if not fleet.engine.warns_children:
        for worker in fleet.workers:
            worker.wait(timeout=20)
    assert not os.path.exists(f"/proc/{run.pid}"), "no process of it is left"
