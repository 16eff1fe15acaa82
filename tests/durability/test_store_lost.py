"""A store that fails in the middle of a tick: no fire time is lost, and ticks continue when it is back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from contracts.proxy import Proxy
from waiting import wait_until

from durability.database_servers import SERVERS, Server
from durability.faults import add_tasks, broken_by_faults, statements_of_a_tick
from durability.harness import Harness, PreforkServers
from durability.invariants import violations
from durability.outages import Outages, filled, restarted, small_disk, why_no_disk


@pytest.mark.once
@pytest.mark.parametrize("when", ["before", "after"])
def test_one_statement_that_fails_in_schedule_run(harness: Harness, when: str) -> None:
    """`after` means that the statement was executed and its answer was lost."""
    assert broken_by_faults(harness, "lose", when, [1], seed=5) == {}


@pytest.mark.once
@pytest.mark.parametrize("when", ["before", "after"])
def test_one_statement_that_fails_in_schedule_work_which_lives_on(harness: Harness, when: str) -> None:
    assert broken_by_faults(harness, "lose", when, [1, 2, 3], seed=6) == {}


@pytest.mark.once
def test_several_statements_in_a_row_that_fail_in_schedule_work(harness: Harness) -> None:
    assert broken_by_faults(harness, "lose", "before", [1, 2, 3, 4], seed=8, times=range(2, 7)) == {}


@pytest.fixture(params=[pytest.param("postgres", marks=pytest.mark.services), pytest.param("mysql", marks=pytest.mark.services)])
def cuttable(request: pytest.FixtureRequest, prefork_servers: PreforkServers, folder: Path, server_database) -> Iterator[tuple[Proxy, Harness]]:
    """A store in a server: the connection of ticks can be cut, the test's own cannot."""
    details = server_database(request.param)
    proxy = Proxy(details["host"], details["port"])
    harness = Harness(prefork_servers, folder, {**details, "host": "127.0.0.1", "port": proxy.port}, details)
    yield proxy, harness
    proxy.restore()
    harness.close()
    proxy.close()


def test_a_tick_without_its_store_runs_nothing_and_loses_nothing(cuttable: tuple[Proxy, Harness]) -> None:
    proxy, harness = cuttable
    harness.add("a", run_cron="1 * * * *")
    assert harness.tick(0).wait() == 0
    proxy.cut()
    for number in (1, 2):
        lost = harness.tick(number)
        assert lost.wait() == 3
        assert lost.out == ""
        assert lost.err.count("\n") == 1
        assert "cannot be used" in lost.err
    assert harness.lines("start") == []
    proxy.restore()
    assert harness.tick(4).wait() == 0
    (start,) = harness.lines("start")
    assert start.more["late"] is True
    assert harness.outcomes() == ["succeeded"]


def test_a_store_that_is_back_after_grace_has_missed_it(cuttable: tuple[Proxy, Harness]) -> None:
    proxy, harness = cuttable
    harness.add("a", run_cron="1 * * * *")
    harness.tick(0)
    proxy.cut()
    assert harness.tick(1).wait() == 3
    proxy.restore()
    assert harness.tick(9).wait() == 0
    assert harness.lines("start") == []
    assert harness.outcomes() == ["missed"]


def test_a_server_that_stops_while_tasks_run_and_starts_again(cuttable: tuple[Proxy, Harness]) -> None:
    """The outcomes of that time are recorded once the server is back."""
    proxy, harness = cuttable
    harness.add("a", "wait_for_file", argument=str(harness.folder / "go"))
    harness.add("b", "wait_for_file", argument=str(harness.folder / "go"), overlap=True)
    order = harness.begin(0)
    harness.wait_for("start", count=2)
    proxy.cut()
    (harness.folder / "go").write_text("", encoding="utf-8")
    harness.wait_for("end", count=2)
    wait_until(lambda: "cannot be used" in order.err, "it to notice that its store is gone")
    proxy.restore()
    assert order.wait() in {0, 3}
    assert order.err.count("cannot be used") == 1
    assert harness.outcomes() == ["succeeded", "succeeded"]
    assert harness.store.leases() == []
    assert harness.tick(1).wait() == 0
    assert violations(harness, range(2)) == []


@pytest.mark.once
def test_a_server_that_stops_and_starts_under_a_long_schedule_work(cuttable: tuple[Proxy, Harness]) -> None:
    proxy, harness = cuttable
    add_tasks(harness)
    harness.tick(0)
    harness.add("gate", "wait_for_file", argument=str(harness.folder / "go"), overlap=True)
    order = harness.begin([1, 2, 3, 4])
    harness.wait_for("start", "gate")
    for _ in range(3):
        proxy.cut()
        proxy.restore()
    (harness.folder / "go").write_text("", encoding="utf-8")
    assert order.wait() in {0, 1, 3}
    harness.tasks.pop()
    harness.tick(5)
    harness.tick(6)
    assert violations(harness, range(7)) == []


@pytest.mark.once
@pytest.mark.services
@pytest.mark.parametrize("kind", SERVERS.values(), ids=SERVERS)
def test_a_real_server_that_is_stopped_and_started_at_random_instants(
    kind: type[Server], prefork_servers: PreforkServers, folder: Path, missing
) -> None:
    if kind.missing():
        missing(kind.missing())
    random, server = Random(12), kind()
    try:
        server.start()
        harness = Harness(prefork_servers, folder, server.details)
        trouble = Outages(harness, random)
        for _ in range(6):
            trouble.round(restarted(server, random))
        assert trouble.settle() == []
        assert trouble.codes[3], "some ticks had no store"
        harness.close()
    finally:
        server.close()


@pytest.mark.once
def test_a_disk_that_is_full_at_random_instants(prefork_servers: PreforkServers, folder: Path, missing) -> None:
    if why_no_disk(folder):
        missing(why_no_disk(folder))
    random = Random(13)
    with small_disk(folder) as disk:
        harness = Harness(prefork_servers, folder, {"driver": "local", "database": str(disk / "scheduler.sqlite3")})
        trouble = Outages(harness, random)
        while not trouble.codes.get(3):
            trouble.round(filled(disk, harness))
        assert trouble.settle() == []
        harness.close()


def test_a_tick_has_no_more_statements_than_it_needs(harness: Harness) -> None:
    """The store can fail at each statement, and on a server each is a round trip."""
    harness.add("a")
    reads = 3 + 1  # cursors, pauses and open runs; then the run that was claimed
    claim = 2 + 4  # BEGIN and COMMIT, and between them what is too old to start, the run, the cursor and the tick
    pruning = 4  # is anything old enough: the horizon, ticks, runs, workers
    start = 4 + 3 + 3  # take the lease, hand it over to the worker, record the start
    end = 3 + 3 + 1  # record the outcome, release the lease, look for a run that waited for it
    assert statements_of_a_tick(harness) == reads + claim + pruning + start + end
