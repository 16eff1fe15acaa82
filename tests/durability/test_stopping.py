"""SIGTERM and SIGINT: nothing new is started, running tasks get their time, then are ended and recorded."""

from __future__ import annotations

import signal

import pytest

from durability.faults import wait_until_dead
from durability.hosts import Place
from durability.promises import broken_promises


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_running_task_that_ends_within_stop_grace_ends_as_it_would_have(place: Place, number: int) -> None:
    place.add("a", "wait_for_file", argument=str(place.folder / "go"))
    order = place.begin(0)
    place.wait_for("start")
    order.send(number)
    (place.folder / "go").write_text("", encoding="utf-8")
    assert order.wait() == 0
    assert place.outcomes() == ["succeeded"]
    assert len(place.noted("end")) == 1


def test_nothing_new_is_started_and_what_was_not_is_left_to_the_next_tick(place: Place) -> None:
    place.settings["workers"] = 1
    for key in "abc":
        place.add(key, "wait_for_file", argument=str(place.folder / "go"))
    order = place.begin(0)
    (first,) = place.wait_for("start")
    order.send(signal.SIGTERM)
    from durability.hosts import wait_until

    wait_until(lambda: [run.owner for run in place.store.open_runs()].count("") == 2, "two runs to be given back")
    (place.folder / "go").write_text("", encoding="utf-8")
    assert order.wait() == 0
    assert [line.key for line in place.noted("start")] == [first.key]
    assert sorted(map(str, place.outcomes())) == ["None", "None", "succeeded"]
    assert place.tick(1).wait() == 0
    assert place.tick(2).wait() == 0
    assert broken_promises(place, range(3)) == []
    assert len([line for line in place.noted("start") if line.fire_time.endswith("12:00:00+00:00")]) == 3


@pytest.mark.once
@pytest.mark.parametrize("does", ["loop", "tidy_loop", "deaf_loop"])
def test_a_task_that_does_not_end_within_stop_grace_is_ended_and_recorded(place: Place, does: str) -> None:
    place.settings |= {"stop_grace": "1 second", "kill_grace": "1 second"}
    place.add("a", does)
    place.add("b")
    order = place.begin(0)
    place.wait_for("deaf" if does == "deaf_loop" else "start", "a")
    place.wait_for("end", "b")
    order.send(signal.SIGTERM)
    assert order.wait() == 1
    run = place.run_of("a")
    assert run.outcome.value == "crashed"
    assert "told to stop" in run.error
    assert place.run_of("b").outcome.value == "succeeded"
    assert len(place.noted("tidied")) == (does == "tidy_loop")
    assert place.store.leases() == []
    wait_until_dead(run.pid)


def test_asked_twice_it_ends_running_tasks_at_once(place: Place) -> None:
    place.settings |= {"stop_grace": "10 minutes"}
    place.add("a", "tidy_loop")
    order = place.begin(0)
    place.wait_for("start")
    order.send(signal.SIGTERM)
    order.send(signal.SIGINT)
    for _ in range(3):
        order.send(signal.SIGTERM)
    assert order.wait(20) == 1
    assert place.outcomes() == ["crashed"]


def test_a_task_that_is_ended_by_stopping_is_tried_again_if_it_may_be(place: Place) -> None:
    place.settings |= {"stop_grace": "0 seconds"}
    place.add("a", "loop", retries=1)
    order = place.begin(0)
    place.wait_for("start")
    order.send(signal.SIGTERM)
    order.wait()
    assert [(run.attempt, run.outcome) for run in place.runs()][1] == (2, None)
    place.tasks[0]["does"] = "nothing"
    assert place.tick(1).wait() == 0
    first = [(run.attempt, run.outcome.value) for run in place.runs() if run.fire_time.minute == 0]
    assert first == [(1, "crashed"), (2, "succeeded")]


def test_a_run_by_hand_that_was_not_started_is_not_left_open(place: Place) -> None:
    place.settings["workers"] = 1
    for key in "ab":
        place.add(key, "wait_for_file", argument=str(place.folder / "go"), run_cron="0 0 1 1 *")
    order = place.begin(0, force=True)
    place.wait_for("start")
    order.send(signal.SIGTERM)
    (place.folder / "go").write_text("", encoding="utf-8")
    order.wait()
    place.tick(1)
    assert sorted(place.outcomes()) == ["missed", "succeeded"]
    assert len(place.noted("start")) == 1
