"""Questions about many runs at once, and the record of what people did."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contracts.values import HERE, NOON, after, claim, claimed, ended
from scheduler.runs import Outcome
from scheduler.stores import Store
from scheduler.stores.ActionLog import UserAction
from scheduler.stores.RunStatistics import REASON_LENGTH, RunCount

KEYS = ["a", "A", "ls -l | wc 'x' \"y\" %s ?", "täglich 🚀"]


def record(store: Store, key: str, minutes: int, outcome: Outcome | None, **more: Any) -> int:
    """Record a run of the fire time `minutes` after noon, claimed then; it took 5 seconds."""
    now = after(minutes=minutes)
    (run,) = claimed(store, claim(key, minutes), owner=HERE, now=now)
    if outcome is not None:
        ran = outcome not in {Outcome.SKIPPED, Outcome.MISSED}
        store.finish(ended(run, outcome, started_at=now if ran else None, ended_at=now + timedelta(seconds=5), **more))
    return run.id


@pytest.mark.parametrize("key", KEYS)
def test_latest_runs_of_each_task_are_its_own_newest_first(store: Store, key: str) -> None:
    numbers = [record(store, key, minutes, Outcome.SUCCEEDED) for minutes in range(5)]
    record(store, "other", 9, Outcome.FAILED)
    found = store.latest_of_each([key, "nobody"], 3)
    assert [run.id for run in found[key]] == numbers[:1:-1]
    assert [(run.key, run.fire_time, run.seconds) for run in found[key][:1]] == [(key, after(minutes=4), 5.0)]
    assert found["nobody"] == []


def test_latest_runs_give_the_reason_in_short(store: Store) -> None:
    record(store, "a", 0, Outcome.FAILED, error="x" * 999)
    record(store, "a", 1, Outcome.SKIPPED, detail="paused")
    record(store, "a", 2, None)
    assert [run.reason for run in store.latest_of_each(["a"], 5)["a"]] == ["", "paused", "x" * REASON_LENGTH]


def test_latest_runs_of_many_tasks_are_found(store: Store) -> None:
    for number in range(3):
        record(store, f"task {number * 100}", 0, Outcome.SUCCEEDED)
    found = store.latest_of_each([f"task {number}" for number in range(250)], 2)
    assert sorted(key for key, runs in found.items() if runs) == ["task 0", "task 100", "task 200"]
    assert store.latest_of_each([], 2) == {}


def test_last_outcome_is_that_of_the_last_run_that_has_ended(store: Store) -> None:
    for key in KEYS:
        record(store, key, 0, Outcome.SUCCEEDED)
        record(store, key, 1, Outcome.FAILED)
        record(store, key, 2, None)
    record(store, "open", 0, None)
    found = store.last_outcomes([*KEYS, "open", "nobody"])
    assert found == dict.fromkeys(KEYS, Outcome.FAILED)
    assert store.last_outcomes([]) == {}


def test_runs_are_counted_by_hour_and_outcome(store: Store) -> None:
    for minutes, outcome in ((0, Outcome.SUCCEEDED), (59, Outcome.SUCCEEDED), (59, Outcome.FAILED), (60, Outcome.MISSED)):
        record(store, f"{outcome.value}", minutes, outcome)
    record(store, "early", -1, Outcome.SUCCEEDED)
    record(store, "late", 120, Outcome.SUCCEEDED)
    record(store, "open", 5, None)
    found = store.count_by_hour(NOON, 2)
    assert sorted(found, key=lambda each: (each.start, each.count)) == [
        RunCount("", NOON, Outcome.FAILED, 1),
        RunCount("", NOON, Outcome.SUCCEEDED, 2),
        RunCount("", after(minutes=60), Outcome.MISSED, 1),
    ]
    assert store.count_by_hour(after(minutes=180), 24) == []


def test_runs_of_some_tasks_are_counted_with_those_that_have_not_ended(store: Store) -> None:
    record(store, "a", 0, Outcome.SUCCEEDED)
    last = record(store, "a", 1, Outcome.SUCCEEDED)
    running = record(store, "b", 1, None)
    record(store, "c", 1, Outcome.SUCCEEDED)
    found = store.count_by_task(["a", "b"], NOON, after(minutes=10))
    assert sorted(found, key=lambda each: each.key) == [
        RunCount("a", NOON, Outcome.SUCCEEDED, 2, last),
        RunCount("b", NOON, None, 1, running),
    ]


def test_history_is_browsed_page_by_page_without_gap_or_repetition(store: Store) -> None:
    numbers = [record(store, key, minutes, Outcome.SUCCEEDED) for minutes in range(4) for key in ("a", "b")]
    numbers.append(record(store, "a", 9, None))
    seen: list[int] = []
    while page := store.browse(before=seen[-1] if seen else None, limit=2):
        seen += [run.id for run in page]
    assert seen == sorted(numbers, reverse=True)


def test_history_is_browsed_by_task_and_outcome(store: Store) -> None:
    failed = record(store, "a", 0, Outcome.FAILED)
    crashed = record(store, "a", 1, Outcome.CRASHED)
    record(store, "a", 2, Outcome.SUCCEEDED)
    other = record(store, "b", 3, Outcome.FAILED)

    def numbers(**wanted: Any) -> list[int]:
        return [run.id for run in store.browse(**wanted)]

    bad = (Outcome.FAILED, Outcome.CRASHED)
    assert numbers(key="a", outcomes=bad) == [crashed, failed]
    assert numbers(outcomes=bad) == [other, crashed, failed]
    assert numbers(key="a", outcomes=bad, before=crashed) == [failed]
    assert numbers(key="b") == [other]
    assert numbers(key="nobody") == []
    assert numbers(before=10**9, key="b") == [other]


def test_actions_of_people_are_kept_newest_first_and_cut(store: Store) -> None:
    store.record_action(UserAction(NOON, "anna", "paused", "a", "until then\0"))
    store.record_action(UserAction(after(1), "b" * 999, "paused", "", ""))
    store.record_action(UserAction(after(2), "carl", "resumed", "b"))
    assert [(action.who[:4], action.what, action.key) for action in store.actions()] == [
        ("carl", "resumed", "b"),
        ("bbbb", "paused", ""),
        ("anna", "paused", "a"),
    ]
    assert [action.key for action in store.actions("a")] == ["", "a"]
    assert store.actions("a", limit=1)[0].at == after(1)


def test_actions_of_long_ago_are_forgotten(store: Store) -> None:
    store.record_action(UserAction(NOON, "anna", "paused", "a"))
    store.record_action(UserAction(NOON + timedelta(days=91), "anna", "resumed", "a"))
    assert [action.what for action in store.actions()] == ["resumed"]
