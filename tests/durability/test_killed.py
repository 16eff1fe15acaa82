"""Whatever is killed at whatever instant: nothing starts twice, nothing is left without an outcome, no lease stays."""

from __future__ import annotations

import os
import signal
from random import Random

import pytest

from durability.faults import Killing, add_tasks, another, fault_at, statements_of_a_tick, wait_until_dead
from durability.hosts import Place, is_alive, minute, wait_until
from durability.promises import broken_promises

SAMPLE = 4
"""How many statements of a tick are tried in a test; `make soak` tries all."""


def sampled(place: Place, seed: int) -> list[int]:
    """Return some of the statements of a tick, the same ones each time."""
    add_tasks(place)
    count = statements_of_a_tick(place)
    place.tasks.clear()
    assert count > 20
    return sorted(Random(seed).sample(range(count), SAMPLE))


@pytest.mark.once
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_tick_that_is_killed_at_some_statement_of_its_store(place: Place, when: str) -> None:
    wrong = {}
    for statement in sampled(place, seed=3):
        other = another(place, statement)
        wrong[statement] = fault_at(other, "kill", statement, when, [1])
        other.close()
    assert {statement: found for statement, found in wrong.items() if found} == {}


@pytest.mark.once
@pytest.mark.parametrize("retries", [False, True])
def test_kill_9_of_tickers_and_workers_at_random_instants(place: Place, retries: bool) -> None:
    killing = Killing(place, seed=7, retries=retries)
    while killing.killed < 10:
        killing.round()
    assert killing.settle() == []


@pytest.mark.once
@pytest.mark.services
def test_kill_9_with_a_store_in_a_server(stems, folder, server_database) -> None:
    place = Place(stems, folder, server_database("postgres"))
    killing = Killing(place, seed=11, retries=True)
    while killing.killed < 5:
        killing.round()
    assert killing.settle() == []
    place.close()


def test_a_killed_ticker_takes_its_workers_with_it(place: Place) -> None:
    place.add("a", "loop")
    order = place.begin(0)
    (start,) = place.wait_for("start")
    order.send(signal.SIGKILL)
    order.wait()
    wait_until_dead(start.pid)
    place.tasks[0]["does"] = "nothing"
    assert place.tick(1).wait() == 0
    assert place.outcomes() == ["crashed", "succeeded"]
    crashed = place.runs()[0]
    assert str(start.pid) in crashed.error
    assert broken_promises(place, range(2)) == []


def test_what_a_killed_task_had_started_is_ended_before_the_task_runs_again(place: Place) -> None:
    place.add("a", "child")
    order = place.begin(0)
    (child,) = place.wait_for("child")
    order.send(signal.SIGKILL)
    order.wait()
    wait_until_dead(child.pid)
    place.tasks[0]["does"] = "nothing"
    assert place.tick(1).wait() == 0
    wait_until_dead(child.more)
    assert place.outcomes() == ["crashed", "succeeded"]


def test_a_killed_worker_is_a_crash_that_its_ticker_records_at_once(place: Place) -> None:
    place.add("a", "loop")
    place.add("b")
    order = place.begin(0)
    (start,) = place.wait_for("start", "a")
    os.kill(start.pid, signal.SIGKILL)
    assert order.wait() == 1
    assert place.run_of("a").outcome.value == "crashed"
    assert "signal 9" in place.run_of("a").error
    assert place.run_of("b").outcome.value == "succeeded"
    assert place.store.leases() == []


def test_after_kill_9_of_a_run_on_this_host_the_next_tick_starts_it_again_without_waiting(place: Place) -> None:
    place.settings["lease"] = "10 minutes"
    place.add("a", "loop")
    order = place.begin(0)
    place.wait_for("start")
    order.send(signal.SIGKILL)
    order.wait()
    place.tasks[0]["does"] = "nothing"
    place.tick(1)
    assert place.outcomes() == ["crashed", "succeeded"]


def test_a_claim_whose_owner_was_killed_before_it_started_is_run_within_grace(place: Place) -> None:
    place.add("a", run_cron="1 * * * *")
    place.tick(0)
    claimed = place.begin(1, fault={"action": "kill", "first": place_of(place, "COMMIT"), "when": "after"})
    assert claimed.wait() == -signal.SIGKILL
    assert place.outcomes() == [None]
    assert place.tick(3).wait() == 0
    (run,) = place.runs()
    assert run.outcome.value == "succeeded"
    assert run.late


def test_and_is_missed_after_that(place: Place) -> None:
    place.add("a", run_cron="1 * * * *")
    place.tick(0)
    place.begin(1, fault={"action": "kill", "first": place_of(place, "COMMIT"), "when": "after"}).wait()
    assert place.tick(9).wait() == 0
    (run,) = place.runs()
    assert run.outcome.value == "missed"
    assert place.noted("start") == []


@pytest.mark.once
def test_and_is_missed_too_if_its_task_is_no_longer_there(place: Place) -> None:
    place.add("a", run_cron="1 * * * *")
    place.add("b")
    place.tick(0)
    place.begin(1, fault={"action": "kill", "first": place_of(place, "COMMIT"), "when": "after"}).wait()
    place.tasks = [task for task in place.tasks if task["key"] == "b"]
    for number in range(2, 12):
        place.tick(number)
    (run,) = place.runs("a")
    assert run.outcome is not None, "it stays without an outcome"
    assert run.outcome.value == "missed"


def place_of(place: Place, statement: str) -> int:
    """Return the number of the first statement of this kind in a tick of minute 1, tried in a store of its own."""
    other = another(place, 999 + len(os.listdir(place.folder)))
    other.tasks = [{**task, "run_every": "1 minute", "run_cron": False} for task in place.tasks]
    other.tick(0)
    order = other.tick(1, fault={"action": "count", "first": 0})
    other.close()
    lines = [line for line in order.out.splitlines() if line.startswith("statement ")]
    return next(number for number, line in enumerate(lines) if statement in line)


def test_a_dead_tickers_runs_are_buried_with_their_retries_whichever_task_the_next_tick_was_asked_for(
    place: Place,
) -> None:
    place.add("a", "loop", retries=1)
    place.add("b")
    order = place.begin(0)
    (start,) = place.wait_for("start", "a")
    order.send(signal.SIGKILL)
    order.wait()
    wait_until_dead(start.pid)
    place.tick(1, names=["b"])
    place.tasks[0]["does"] = "nothing"
    place.tick(2)
    place.tick(3)
    attempts = [(run.attempt, run.outcome.value) for run in place.runs("a") if run.fire_time == minute(0)]
    assert attempts == [(1, "crashed"), (2, "succeeded")]
    assert place.store.leases() == []


@pytest.mark.once
def test_a_ticker_that_hangs_for_longer_than_its_lease_is_taken_for_dead_and_contradicts_nobody(place: Place) -> None:
    """A stopped process, or a machine that was suspended: when it goes on, the outcome stays what it was."""
    place.settings["lease"] = "1 second"
    place.add("a", "wait_for_file", argument=str(place.folder / "go"))
    order = place.begin(0)
    place.wait_for("start")
    order.send(signal.SIGSTOP)
    second = place.stems.several(2)[1]

    def buried() -> bool:
        tick = place.begin(0, second)
        tick.wait()
        return place.outcomes() == ["crashed"]

    wait_until(buried, "its run to be taken for dead")
    (place.folder / "go").write_text("", encoding="utf-8")
    order.send(signal.SIGCONT)
    order.wait()
    assert place.outcomes() == ["crashed"]
    assert len(place.noted("start")) == 1
    assert place.store.leases() == []
    assert not is_alive(order.pid)
