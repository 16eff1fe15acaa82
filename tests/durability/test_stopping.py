"""SIGTERM and SIGINT: nothing new is started, running tasks get their time, then are ended and recorded."""

from __future__ import annotations

import signal

import pytest
from waiting import wait_until

from durability.faults import wait_until_dead
from durability.harness import Harness
from durability.invariants import violations


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_a_running_task_that_ends_within_stop_grace_ends_as_it_would_have(harness: Harness, number: int) -> None:
    harness.add("a", "wait_for_file", argument=str(harness.folder / "go"))
    order = harness.begin(0)
    harness.wait_for("start")
    order.send(number)
    (harness.folder / "go").write_text("", encoding="utf-8")
    assert order.wait() == 0
    assert harness.outcomes() == ["succeeded"]
    assert len(harness.lines("end")) == 1


def test_nothing_new_is_started_and_what_was_not_is_left_to_the_next_tick(harness: Harness) -> None:
    harness.settings["workers"] = 1
    for key in "abc":
        harness.add(key, "wait_for_file", argument=str(harness.folder / "go"))
    order = harness.begin(0)
    (first,) = harness.wait_for("start")
    order.send(signal.SIGTERM)
    wait_until(lambda: [run.owner for run in harness.store.open_runs()].count("") == 2, "two runs to be given back")
    (harness.folder / "go").write_text("", encoding="utf-8")
    assert order.wait() == 0
    assert [line.key for line in harness.lines("start")] == [first.key]
    assert sorted(map(str, harness.outcomes())) == ["None", "None", "succeeded"]
    assert harness.tick(1).wait() == 0
    assert harness.tick(2).wait() == 0
    assert violations(harness, range(3)) == []
    assert len([line for line in harness.lines("start") if line.fire_time.endswith("12:00:00+00:00")]) == 3


@pytest.mark.once
@pytest.mark.parametrize("does", ["loop", "tidy_loop", "deaf_loop"])
def test_a_task_that_does_not_end_within_stop_grace_is_ended_and_recorded(harness: Harness, does: str) -> None:
    harness.settings |= {"stop_grace": "1 second", "kill_grace": "1 second"}
    harness.add("a", does)
    harness.add("b")
    order = harness.begin(0)
    harness.wait_for("deaf" if does == "deaf_loop" else "start", "a")
    harness.wait_for("end", "b")
    order.send(signal.SIGTERM)
    assert order.wait() == 1
    run = harness.run_of("a")
    assert run.outcome.value == "crashed"
    assert "the scheduler was stopped" in run.error
    assert harness.run_of("b").outcome.value == "succeeded"
    assert len(harness.lines("tidied")) == (does == "tidy_loop")
    assert harness.store.leases() == []
    wait_until_dead(run.pid)


def test_a_second_signal_ends_running_tasks_at_once(harness: Harness) -> None:
    harness.settings |= {"stop_grace": "10 minutes"}
    harness.add("a", "tidy_loop")
    order = harness.begin(0)
    harness.wait_for("start")
    order.send(signal.SIGTERM)
    order.send(signal.SIGINT)
    for _ in range(3):
        order.send(signal.SIGTERM)
    assert order.wait(20) == 1
    assert harness.outcomes() == ["crashed"]


def test_a_task_that_is_ended_by_stopping_is_tried_again_if_it_may_be(harness: Harness) -> None:
    harness.settings |= {"stop_grace": "0 seconds"}
    harness.add("a", "loop", retries=1)
    order = harness.begin(0)
    harness.wait_for("start")
    order.send(signal.SIGTERM)
    order.wait()
    assert [(run.attempt, run.outcome) for run in harness.runs()][1] == (2, None)
    harness.tasks[0]["does"] = "nothing"
    assert harness.tick(1).wait() == 0
    first = [(run.attempt, run.outcome.value) for run in harness.runs() if run.fire_time.minute == 0]
    assert first == [(1, "crashed"), (2, "succeeded")]


def test_a_run_by_hand_that_was_not_started_is_not_left_open(harness: Harness) -> None:
    harness.settings["workers"] = 1
    for key in "ab":
        harness.add(key, "wait_for_file", argument=str(harness.folder / "go"), run_cron="0 0 1 1 *")
    order = harness.begin(0, force=True)
    harness.wait_for("start")
    order.send(signal.SIGTERM)
    (harness.folder / "go").write_text("", encoding="utf-8")
    order.wait()
    harness.tick(1)
    assert sorted(harness.outcomes()) == ["missed", "succeeded"]
    assert len(harness.lines("start")) == 1
