"""A process is killed at any instant: nothing starts twice, every run has an outcome, no lease stays."""

from __future__ import annotations

import os
import signal

import pytest

from durability.faults import Killing, another, broken_by_faults, wait_until_dead
from durability.harness import Harness, minute
from durability.invariants import violations


@pytest.mark.once
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_tick_that_is_killed_at_some_statement_of_its_store(harness: Harness, when: str) -> None:
    assert broken_by_faults(harness, "kill", when, [1], seed=3) == {}


@pytest.mark.once
@pytest.mark.parametrize("retries", [False, True])
def test_kill_9_of_tickers_and_workers_at_random_instants(harness: Harness, retries: bool) -> None:
    killing = Killing(harness, seed=7, retries=retries)
    while killing.killed < 10:
        killing.round()
    assert killing.settle() == []


@pytest.mark.once
@pytest.mark.services
def test_kill_9_with_a_store_in_a_server(prefork_servers, folder, server_database) -> None:
    harness = Harness(prefork_servers, folder, server_database("postgres"))
    killing = Killing(harness, seed=11, retries=True)
    while killing.killed < 5:
        killing.round()
    assert killing.settle() == []
    harness.close()


def test_workers_of_a_killed_ticker_end(harness: Harness) -> None:
    harness.add("a", "loop")
    order = harness.begin(0)
    (start,) = harness.wait_for("start")
    order.kill()
    wait_until_dead(start.pid)
    harness.tasks[0]["does"] = "nothing"
    assert harness.tick(1).wait() == 0
    assert harness.outcomes() == ["crashed", "succeeded"]
    crashed = harness.runs()[0]
    assert str(start.pid) in crashed.error
    assert violations(harness, range(2)) == []


def test_leftovers_of_a_killed_task_end_before_it_runs_again(harness: Harness) -> None:
    harness.add("a", "child")
    order = harness.begin(0)
    (child,) = harness.wait_for("child")
    order.kill()
    wait_until_dead(child.pid)
    harness.tasks[0]["does"] = "nothing"
    assert harness.tick(1).wait() == 0
    wait_until_dead(child.more)
    assert harness.outcomes() == ["crashed", "succeeded"]


def test_a_killed_worker_is_a_crash_that_its_ticker_records_at_once(harness: Harness) -> None:
    harness.add("a", "loop")
    harness.add("b")
    order = harness.begin(0)
    (start,) = harness.wait_for("start", "a")
    os.kill(start.pid, signal.SIGKILL)
    assert order.wait() == 1
    assert harness.run_of("a").outcome.value == "crashed"
    assert "signal 9" in harness.run_of("a").error
    assert harness.run_of("b").outcome.value == "succeeded"
    assert harness.store.leases() == []


def test_a_run_killed_on_this_host_is_retried_by_the_next_tick(harness: Harness) -> None:
    harness.settings["lease"] = "10 minutes"
    harness.add("a", "loop")
    order = harness.begin(0)
    (start,) = harness.wait_for("start")
    order.kill()
    wait_until_dead(start.pid)
    harness.tasks[0]["does"] = "nothing"
    harness.tick(1)
    assert harness.outcomes() == ["crashed", "succeeded"]


def test_a_claim_of_a_killed_scheduler_is_run_within_grace(harness: Harness) -> None:
    harness.add("a", run_cron="1 * * * *")
    harness.tick(0)
    claimed = harness.begin(1, fault={"action": "kill", "first": position_of(harness, "COMMIT"), "when": "after"})
    assert claimed.wait() == -signal.SIGKILL
    assert harness.outcomes() == [None]
    assert harness.tick(3).wait() == 0
    (run,) = harness.runs()
    assert run.outcome.value == "succeeded"
    assert run.late


def test_a_claim_of_a_killed_owner_is_missed_after_grace(harness: Harness) -> None:
    harness.add("a", run_cron="1 * * * *")
    harness.tick(0)
    harness.begin(1, fault={"action": "kill", "first": position_of(harness, "COMMIT"), "when": "after"}).wait()
    assert harness.tick(9).wait() == 0
    (run,) = harness.runs()
    assert run.outcome.value == "missed"
    assert harness.lines("start") == []


@pytest.mark.once
def test_a_claim_of_a_killed_owner_is_missed_if_its_task_is_removed(harness: Harness) -> None:
    harness.add("a", run_cron="1 * * * *")
    harness.add("b")
    harness.tick(0)
    harness.begin(1, fault={"action": "kill", "first": position_of(harness, "COMMIT"), "when": "after"}).wait()
    harness.tasks = [task for task in harness.tasks if task["key"] == "b"]
    for number in range(2, 12):
        harness.tick(number)
    (run,) = harness.runs("a")
    assert run.outcome is not None, "it stays without an outcome"
    assert run.outcome.value == "missed"


def position_of(harness: Harness, statement: str) -> int:
    """Return the number of the first statement of this kind in a tick of minute 1, tried in a store of its own."""
    other = another(harness, 999 + len(os.listdir(harness.folder)))
    other.tasks = [{**task, "run_every": "1 minute", "run_cron": False} for task in harness.tasks]
    other.tick(0)
    order = other.tick(1, fault={"action": "count", "first": 0})
    other.close()
    lines = [line for line in order.out.splitlines() if line.startswith("statement ")]
    return next(number for number, line in enumerate(lines) if statement in line)


def test_a_tick_of_one_task_recovers_the_runs_of_all_tasks(harness: Harness) -> None:
    harness.add("a", "loop", retries=1)
    harness.add("b")
    order = harness.begin(0)
    (start,) = harness.wait_for("start", "a")
    order.kill()
    wait_until_dead(start.pid)
    harness.tick(1, names=["b"])
    harness.tasks[0]["does"] = "nothing"
    harness.tick(2)
    harness.tick(3)
    attempts = [(run.attempt, run.outcome.value) for run in harness.runs("a") if run.fire_time == minute(0)]
    assert attempts == [(1, "crashed"), (2, "succeeded")]
    assert harness.store.leases() == []
