"""Many processes tick in the same minute: each due task starts once, and a lease has one holder."""

from __future__ import annotations

import pytest

from durability.harness import Harness
from durability.races import lease_fuzz, races

pytestmark = pytest.mark.once


def test_each_of_50_due_tasks_starts_once_however_many_processes_tick(any_harness: Harness) -> None:
    assert races(any_harness, processes=6, rounds=3, tasks=50) == 150


def test_many_processes_that_all_make_the_local_file_at_once(harness: Harness) -> None:
    for number in range(3):
        harness.add(f"t{number}")
    for attempt in range(4):
        harness.details["database"] = str(harness.folder / f"new {attempt}.sqlite3")
        harness.witness = harness.folder / f"witness {attempt}"
        harness.close()
        assert races_of_three(harness) == 3


def races_of_three(harness: Harness) -> int:
    from durability.races import race

    harness._store = None
    race(harness, processes=6, number=0)
    return len(harness.lines("start"))


def test_a_second_tick_in_the_same_minute_starts_nothing(any_harness: Harness) -> None:
    any_harness.add("a")
    any_harness.tick(0)
    assert any_harness.tick(0).wait() == 0
    assert any_harness.tick(0).wait() == 0
    assert len(any_harness.lines("start")) == 1
    assert any_harness.outcomes() == ["succeeded"]


def test_a_number_that_only_a_lease_protects_is_counted_up_exactly(any_harness: Harness) -> None:
    counted, expected = lease_fuzz(any_harness, processes=8, rounds=15)
    assert counted == expected


def test_a_task_that_only_its_own_lease_protects_never_runs_twice_at_once(any_harness: Harness) -> None:
    """Six processes tick in six different minutes at once; the runs that find the task running are skipped."""
    import time

    counter = any_harness.folder / "counter"
    counter.write_text("0", encoding="utf-8")
    any_harness.add("a", "count_up", argument=str(counter), catch_up="all")
    any_harness.tick(0)
    not_before = time.monotonic() + 0.2
    orders = [
        any_harness.begin(number + 1, prefork_server, not_before=not_before)
        for number, prefork_server in enumerate(any_harness.prefork_servers.several(6))
    ]
    assert [order.wait() for order in orders] == [0] * 6, "\n".join(order.err for order in orders)
    outcomes = any_harness.outcomes("a")
    assert len(outcomes) == 7
    assert set(outcomes) <= {"succeeded", "skipped"}
    assert int(counter.read_text(encoding="utf-8")) == outcomes.count("succeeded")
    assert any_harness.store.leases() == []
