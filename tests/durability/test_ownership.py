"""Owners of runs: a live run is never recorded as crashed, and a process that has lost a run stops."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from contracts.databases import Details
from waiting import is_alive, wait_until

from durability.harness import Harness, Order, PreforkServers, minute
from durability.storms import Storm
from scheduler import clock

LEASE = timedelta(seconds=1)


@pytest.fixture
def busy(harness: Harness) -> Iterator[tuple[Harness, Order]]:
    """A harness where task `a` runs on host `alpha` until there is a file `go`; leases are short."""
    harness.settings |= {"lease": "1 second", "kill_grace": "1 second"}
    harness.add("a", "wait_for_file", argument=str(harness.folder / "go"))
    order = harness.begin(0, host="alpha")
    harness.wait_for("start")
    yield harness, order
    order.send(signal.SIGCONT)
    go(harness)
    order.wait()


def go(harness: Harness) -> None:
    (harness.folder / "go").write_text("", encoding="utf-8")


def wait_for_silence(harness: Harness) -> None:
    """Wait until the open run has had no heartbeat for longer than its lease and the time to end it."""

    def is_silent() -> bool:
        heard = [run.heartbeat_at for run in harness.store.open_runs()]
        return bool(heard) and clock.real_now() - max(heard) > 2 * LEASE + timedelta(seconds=0.2)

    wait_until(is_silent, "the lease to lapse")


def tick_elsewhere(harness: Harness, number: int, **more: object) -> Order:
    """Tick in another process than the one that is busy, to the end."""
    order = harness.begin(number, harness.prefork_servers.several(2)[1], **more)
    order.wait()
    return order


def test_a_live_run_of_a_stopped_scheduler_is_left_alone_on_its_machine(busy: tuple[Harness, Order]) -> None:
    harness, order = busy
    order.send(signal.SIGSTOP)
    wait_for_silence(harness)
    tick_elsewhere(harness, 1, host="alpha")
    assert harness.outcomes() == [None, "skipped"], "its process can be seen alive"
    order.send(signal.SIGCONT)
    go(harness)
    assert order.wait() == 0
    assert harness.outcomes() == ["succeeded", "skipped"]
    assert len(harness.lines("start")) == 1
    assert harness.store.leases() == []


def test_a_worker_that_outlives_its_scheduler_is_not_taken_over(harness: Harness) -> None:
    """This happens if the kernel cannot end children with their parent, or if the task changed its user."""
    harness.settings |= {"lease": "1 second", "kill_grace": "1 second"}
    harness.add("a", "outlive", argument=str(harness.folder / "go"))
    order = harness.begin(0)
    (start,) = harness.wait_for("outliving")
    order.kill()
    wait_for_silence(harness)
    tick_elsewhere(harness, 1)
    assert is_alive(start.pid)
    assert harness.outcomes() == [None, "skipped"]
    go(harness)
    wait_until(lambda: not is_alive(start.pid), "the worker to end")
    tick_elsewhere(harness, 2)
    assert harness.outcomes() == ["crashed", "skipped", "succeeded"]


def test_a_resumed_scheduler_ends_a_run_that_was_taken_over(busy: tuple[Harness, Order]) -> None:
    harness, order = busy
    harness.tasks[0]["does"] = "nothing"
    order.send(signal.SIGSTOP)
    wait_for_silence(harness)
    tick_elsewhere(harness, 1, host="beta")
    assert harness.outcomes() == ["crashed", "succeeded"]
    order.send(signal.SIGCONT)
    assert order.wait() == 1
    assert "another scheduler had taken it over" in order.err
    assert harness.outcomes() == ["crashed", "succeeded"], "what others recorded stays"
    assert harness.lines("end", "a")[0].fire_time == minute(1).isoformat(), "the run that was lost never ended"
    assert harness.store.leases() == []


def test_a_resumed_scheduler_leaves_runs_of_other_machines_alone(harness: Harness) -> None:
    """It was stopped between claim and start: the other machine's run is neither skipped nor started again."""
    harness.settings |= {"lease": "1 second", "kill_grace": "1 second"}
    harness.add("a", "wait_for_file", argument=str(harness.folder / "go"))
    order = harness.begin(0, host="alpha", fault={"action": "stop", "first": statement_after_claim(harness)})
    wait_until(lambda: harness.outcomes() == [None] and is_stopped(order.pid), "the claim")
    wait_for_silence(harness)
    other = harness.begin(1, harness.prefork_servers.several(2)[1], host="beta")
    (start,) = harness.wait_for("start")
    assert start.fire_time == minute(0).isoformat()
    order.send(signal.SIGCONT)
    order.wait()
    assert {run.fire_time: run.host for run in harness.store.open_runs()}[minute(0)] == "beta"
    assert "skipped" not in [harness.store.run(run.id).outcome for run in harness.runs() if run.fire_time == minute(0)]
    go(harness)
    assert other.wait() == 0
    assert len([line for line in harness.lines("start") if line.fire_time == minute(0).isoformat()]) == 1
    assert harness.outcomes()[0] == "succeeded"


def statement_after_claim(harness: Harness) -> int:
    """The number of the first statement after a tick's claim, counted in a store of its own."""
    from durability.faults import another

    other = another(harness, 999)
    other.tasks = [{**task, "does": "nothing"} for task in harness.tasks]
    order = other.tick(0, fault={"action": "count", "first": 0})
    other.close()
    lines = [line for line in order.out.splitlines() if line.startswith("statement ")]
    return next(number for number, line in enumerate(lines) if "COMMIT" in line) + 1


def is_stopped(pid: int) -> bool:
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0] == "T"


@pytest.mark.once
@pytest.mark.services
@pytest.mark.parametrize("driver", ["postgres", "mysql"])
def test_a_stopped_scheduler_s_run_ends_before_another_machine_starts(
    prefork_servers: PreforkServers, folder: Path, server_database: Callable[[str], Details], driver: str
) -> None:
    """The other machine cannot see whether it is alive, so it must not outlast its lease."""
    harness = Harness(prefork_servers, folder, server_database(driver))
    harness.settings |= {"lease": "1 second", "kill_grace": "1 second"}
    harness.add("a", "wait_for_file", argument=str(harness.folder / "go"))
    order = harness.begin(0, host="alpha")
    (start,) = harness.wait_for("start")
    order.send(signal.SIGSTOP)
    wait_for_silence(harness)
    assert not is_alive(start.pid), "it was ended with the lease, and before anybody else may take it"
    go(harness)
    assert tick_elsewhere(harness, 1, host="beta").wait() == 0
    order.send(signal.SIGCONT)
    assert order.wait() == 1
    assert "its lease could not be renewed for" in order.err
    assert harness.outcomes() == ["crashed", "succeeded"]
    assert harness.store.leases() == []
    harness.close()


# -- whom a crash may signal --


@pytest.mark.parametrize("change", ["started", "machine", "unmarked"])
def test_recovery_signals_nobody_but_what_a_worker_of_ours_has_left(harness: Harness, change: str) -> None:
    """A process number alone is not enough: it may belong to another machine or container, or be used again."""
    harness.add("a", "child" if change != "unmarked" else "child_without_mark")
    order = harness.begin(0)
    (child,) = harness.wait_for("child")
    (start,) = harness.wait_for("start")
    order.kill()
    wait_until(lambda: not is_alive(start.pid), "the worker to end")
    (run,) = harness.store.open_runs()
    machine, pid, started = run.process.split(":")
    forged = {"started": f"{machine}:{pid}:{int(started) - 1}", "machine": f"elsewhere:{pid}:{started}"}
    harness.store.connection.change("UPDATE scheduler_runs SET process = ?", (forged.get(change, run.process),))
    harness.tasks[0]["does"] = "nothing"
    tick_elsewhere(harness, 1)
    assert harness.outcomes() == ["crashed", "succeeded"]
    assert is_alive(child.more)
    os.kill(child.more, signal.SIGKILL)


# -- catching up --


def test_a_backlog_waits_for_a_foreign_run_then_runs_oldest_first(busy: tuple[Harness, Order]) -> None:
    """No fire time is skipped, late or not, and the process that ends the run starts the next one."""
    harness, order = busy
    harness.tasks[0] |= {"catch_up": "all", "does": "nothing"}
    assert tick_elsewhere(harness, 5, host="beta").wait() == 0
    assert harness.outcomes() == [None] * 6, "they wait"
    assert {run.owner for run in harness.store.open_runs() if not run.started_at} == {""}
    go(harness)
    assert order.wait() == 0
    assert harness.outcomes() == ["succeeded"] * 6
    lines = harness.lines("start")
    assert [line.fire_time for line in lines] == [minute(number).isoformat() for number in range(6)]


def test_a_fire_time_on_time_waits_for_the_backlog_before_it(harness: Harness) -> None:
    harness.add("a", "wait_for_file", argument=str(harness.folder / "go"), catch_up="all")
    harness.tasks[0]["does"] = "nothing"
    harness.tick(0)
    harness.tasks[0]["does"] = "wait_for_file"
    order = harness.begin(3, host="alpha")
    harness.wait_for("start", count=2)
    tick_elsewhere(harness, 4, host="alpha")
    go(harness)
    assert order.wait() == 0
    assert harness.outcomes() == ["succeeded"] * 5
    fire_times = [line.fire_time for line in harness.lines("start")]
    assert fire_times == sorted(fire_times)


def test_a_forced_run_takes_up_nothing_and_the_next_tick_does(harness: Harness) -> None:
    harness.add("a", "nothing", catch_up="all")
    harness.tick(0)
    harness.tasks[0] |= {"does": "wait_for_file", "argument": str(harness.folder / "go")}
    order = harness.begin(0, force=True)
    harness.wait_for("start", count=2)
    tick_elsewhere(harness, 3)
    assert harness.outcomes() == ["succeeded", None, None, None, None]
    go(harness)
    assert order.wait() == 0
    assert harness.outcomes() == ["succeeded", "succeeded", None, None, None]
    harness.tasks[0]["does"] = "nothing"
    tick_elsewhere(harness, 4)
    assert harness.outcomes() == ["succeeded"] * 6


@pytest.mark.once
def test_stopped_and_resumed_schedulers_neither_overlap_nor_lose_runs(any_harness: Harness) -> None:
    storm = Storm(any_harness, seed=5)
    for _ in range(2):
        storm.round()
    assert storm.settle() == []
