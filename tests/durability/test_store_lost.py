"""A store that fails in the middle of a tick: nothing is forgotten, and when it is back everything goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from contracts.proxy import Proxy

from durability.faults import add_tasks, another, fault_at, statements_of_a_tick
from durability.hosts import Place, Stems, wait_until
from durability.outages import Outages, filled, restarted, small_disk, why_no_disk
from durability.promises import broken_promises
from durability.servers import SERVERS, Server
from durability.test_killed import sampled


@pytest.mark.once
@pytest.mark.parametrize("when", ["before", "after"])
def test_one_statement_that_fails_in_schedule_run(place: Place, when: str) -> None:
    """`after` is a statement that was carried out and whose answer was lost."""
    wrong = {}
    for statement in sampled(place, seed=5):
        other = another(place, statement)
        wrong[statement] = fault_at(other, "lose", statement, when, [1])
        other.close()
    assert {statement: found for statement, found in wrong.items() if found} == {}


@pytest.mark.once
@pytest.mark.parametrize("when", ["before", "after"])
def test_one_statement_that_fails_in_schedule_work_which_lives_on(place: Place, when: str) -> None:
    wrong = {}
    for statement in sampled(place, seed=6):
        other = another(place, statement)
        wrong[statement] = fault_at(other, "lose", statement, when, [1, 2, 3])
        other.close()
    assert {statement: found for statement, found in wrong.items() if found} == {}


@pytest.mark.once
def test_several_statements_in_a_row_that_fail_in_schedule_work(place: Place) -> None:
    wrong = {}
    random = Random(8)
    for statement in sampled(place, seed=8)[:6]:
        other = another(place, statement)
        times = random.randint(2, 6)
        wrong[statement, times] = fault_at(other, "lose", statement, "before", [1, 2, 3, 4], times)
        other.close()
    assert {statement: found for statement, found in wrong.items() if found} == {}


@pytest.fixture(params=[pytest.param("postgres", marks=pytest.mark.services), pytest.param("mysql", marks=pytest.mark.services)])
def cuttable(request: pytest.FixtureRequest, stems: Stems, folder: Path, server_database) -> Iterator[tuple[Proxy, Place]]:
    """A store in a server, to which ticks have a way that can be cut; the test's own way cannot."""
    details = server_database(request.param)
    proxy = Proxy(details["host"], details["port"])
    place = Place(stems, folder, {**details, "host": "127.0.0.1", "port": proxy.port}, details)
    yield proxy, place
    proxy.mend()
    place.close()
    proxy.close()


def test_a_tick_without_its_store_runs_nothing_forgets_nothing_and_says_so_in_one_line(
    cuttable: tuple[Proxy, Place],
) -> None:
    proxy, place = cuttable
    place.add("a", run_cron="1 * * * *")
    assert place.tick(0).wait() == 0
    proxy.cut()
    for number in (1, 2):
        lost = place.tick(number)
        assert lost.wait() == 3
        assert lost.out == ""
        assert lost.err.count("\n") == 1
        assert "cannot be used" in lost.err
    assert place.noted("start") == []
    proxy.mend()
    assert place.tick(4).wait() == 0
    (start,) = place.noted("start")
    assert start.more["late"] is True
    assert place.outcomes() == ["succeeded"]


def test_a_store_that_is_back_after_grace_has_missed_it(cuttable: tuple[Proxy, Place]) -> None:
    proxy, place = cuttable
    place.add("a", run_cron="1 * * * *")
    place.tick(0)
    proxy.cut()
    assert place.tick(1).wait() == 3
    proxy.mend()
    assert place.tick(9).wait() == 0
    assert place.noted("start") == []
    assert place.outcomes() == ["missed"]


def test_a_server_that_stops_while_tasks_run_and_starts_again(cuttable: tuple[Proxy, Place]) -> None:
    """What the tasks did in between is written down when it is back."""
    proxy, place = cuttable
    place.add("a", "wait_for_file", argument=str(place.folder / "go"))
    place.add("b", "wait_for_file", argument=str(place.folder / "go"), overlap=True)
    order = place.begin(0)
    place.wait_for("start", count=2)
    proxy.cut()
    (place.folder / "go").write_text("", encoding="utf-8")
    place.wait_for("end", count=2)
    wait_until(lambda: "cannot be used" in order.err, "it to notice that its store is gone")
    proxy.mend()
    assert order.wait() in {0, 3}
    assert order.err.count("cannot be used") == 1
    assert place.outcomes() == ["succeeded", "succeeded"]
    assert place.store.leases() == []
    assert place.tick(1).wait() == 0
    assert broken_promises(place, range(2)) == []


@pytest.mark.once
def test_a_server_that_stops_and_starts_under_a_long_schedule_work(cuttable: tuple[Proxy, Place]) -> None:
    proxy, place = cuttable
    add_tasks(place)
    place.tick(0)
    place.add("gate", "wait_for_file", argument=str(place.folder / "go"), overlap=True)
    order = place.begin([1, 2, 3, 4])
    place.wait_for("start", "gate")
    for _ in range(3):
        proxy.cut()
        proxy.mend()
    (place.folder / "go").write_text("", encoding="utf-8")
    assert order.wait() in {0, 1, 3}
    place.tasks.pop()
    place.tick(5)
    place.tick(6)
    assert broken_promises(place, range(7)) == []


@pytest.mark.once
@pytest.mark.services
@pytest.mark.parametrize("kind", SERVERS.values(), ids=SERVERS)
def test_a_real_server_that_is_stopped_and_started_at_random_instants(
    kind: type[Server], stems: Stems, folder: Path, missing
) -> None:
    if kind.missing():
        missing(kind.missing())
    random, server = Random(12), kind()
    try:
        server.start()
        place = Place(stems, folder, server.details)
        trouble = Outages(place, random)
        for _ in range(6):
            trouble.round(restarted(server, random))
        assert trouble.settle() == []
        assert trouble.codes[3], "some ticks had no store"
        place.close()
    finally:
        server.close()


@pytest.mark.once
def test_a_disk_that_is_full_at_random_instants(stems: Stems, folder: Path, missing) -> None:
    if why_no_disk(folder):
        missing(why_no_disk(folder))
    random = Random(13)
    with small_disk(folder) as disk:
        place = Place(stems, folder, {"driver": "local", "database": str(disk / "scheduler.sqlite3")})
        trouble = Outages(place, random)
        while not trouble.codes.get(3):
            trouble.round(filled(disk, place))
        assert trouble.settle() == []
        place.close()


def test_a_tick_has_no_more_statements_than_it_needs(place: Place) -> None:
    """One transaction claims and moves cursors; a run takes seven statements and its outcome four."""
    place.add("a")
    count = statements_of_a_tick(place)
    assert count <= 26
