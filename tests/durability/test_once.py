"""However many processes tick in the same minute, each due task starts once; and a lease is held by one at a time."""

from __future__ import annotations

import pytest

from durability.hosts import Place
from durability.races import lease_fuzz, races

pytestmark = pytest.mark.once


def test_each_of_50_due_tasks_starts_once_however_many_processes_tick(any_place: Place) -> None:
    assert races(any_place, processes=6, rounds=3, tasks=50) == 150


def test_many_processes_that_all_make_the_local_file_at_once(place: Place) -> None:
    for number in range(3):
        place.add(f"t{number}")
    for attempt in range(4):
        place.details["database"] = str(place.folder / f"new {attempt}.sqlite3")
        place.witness = place.folder / f"witness {attempt}"
        place.close()
        assert races_of_three(place) == 3


def races_of_three(place: Place) -> int:
    from durability.races import race

    place._store = None
    race(place, processes=6, number=0)
    return len(place.noted("start"))


def test_a_second_tick_in_the_same_minute_starts_nothing(any_place: Place) -> None:
    any_place.add("a")
    any_place.tick(0)
    assert any_place.tick(0).wait() == 0
    assert any_place.tick(0).wait() == 0
    assert len(any_place.noted("start")) == 1
    assert any_place.outcomes() == ["succeeded"]


def test_a_number_that_only_a_lease_protects_is_counted_up_exactly(any_place: Place) -> None:
    counted, expected = lease_fuzz(any_place, processes=8, rounds=15)
    assert counted == expected


def test_a_task_that_only_its_own_lease_protects_never_runs_twice_at_once(any_place: Place) -> None:
    """Six processes tick in six different minutes at once; the runs that find the task running are skipped."""
    import time

    counter = any_place.folder / "counter"
    counter.write_text("0", encoding="utf-8")
    any_place.add("a", "count_up", argument=str(counter), catch_up="all")
    any_place.tick(0)
    not_before = time.monotonic() + 0.2
    orders = [
        any_place.begin(number + 1, stem, not_before=not_before)
        for number, stem in enumerate(any_place.stems.several(6))
    ]
    assert [order.wait() for order in orders] == [0] * 6, "\n".join(order.err for order in orders)
    outcomes = any_place.outcomes("a")
    assert len(outcomes) == 7
    assert set(outcomes) <= {"succeeded", "skipped"}
    assert int(counter.read_text(encoding="utf-8")) == outcomes.count("succeeded")
    assert any_place.store.leases() == []
