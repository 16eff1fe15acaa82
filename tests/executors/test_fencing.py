"""A process that cannot renew its lease ends its runs that may not overlap, before anybody else may start one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from contracts.databases import drop_database, execute, make_database, server_details
from masonite_version import masonite_major

from executors.fleet import Fleet
from scheduler.runs import Outcome

ENGINES = ["celery, Redis, prefork", "queue, amqp"] if masonite_major() == 5 else ["queue, amqp"]
TASKS = """
import os
import time

from scheduler.Task import Task


class Mine(Task):
    run_cron = "0 0 29 2 *"
    executor = "EXECUTOR"

    def handle(self):
        open(f"start-{self.current_run.id}", "w").close()
        while True:
            with open(f"alive-{self.current_run.id}", "w") as file:
                file.write(str(time.time()))
            time.sleep(0.05)
"""


@pytest.fixture
def details(missing) -> Iterator[dict]:
    from contracts.databases import why_unreachable

    if reason := why_unreachable("postgres"):
        missing(reason)
    made = make_database("postgres", f"scheduler_fencing_{uuid4().hex[:8]}")
    yield made
    drop_database(made)


@contextmanager
def unreachable(details: dict) -> Iterator[None]:
    """Let the server refuse all connections to the database, and end those there are."""
    server, name = server_details("postgres"), details["database"]
    execute(server, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    try:
        execute(server, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        yield
    finally:
        execute(server, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


@pytest.mark.parametrize("engine", [*ENGINES, "local"])
def test_a_process_that_cannot_reach_the_store_ends_its_run(
    make_fleet: Callable[..., Fleet], details: dict, engine: str, capfd: pytest.CaptureFixture[str]
) -> None:
    is_local = engine == "local"
    tasks = TASKS.replace("EXECUTOR", "local" if is_local else "fleet")
    fleet = make_fleet("queue, database" if is_local else engine, tasks=tasks, details=details)
    fleet.app.capture = capfd
    if is_local:
        ticker = fleet.app.start("schedule:run", "--task", "Mine", "--force")
    else:
        fleet.start_workers(1)
        fleet.run("Mine")
    begun = fleet.wait(lambda: list(fleet.root.glob("start-*")), "the start")[0]
    alive = fleet.root / begun.name.replace("start", "alive")
    with unreachable(details):
        lost_at = time.time()
        fleet.wait(lambda: time.time() - alive.stat().st_mtime > 1, "the end of its process")
        lived = alive.stat().st_mtime - lost_at
    assert lived < 5 + 1.5, "a lease is 5 seconds here, and another second is given to end"
    recorded = "SELECT outcome, error FROM scheduler_runs WHERE outcome IS NOT NULL"
    ((outcome, error),) = fleet.wait(lambda: execute(details, recorded), "the outcome")
    assert outcome == Outcome.CRASHED.value
    assert "its lease could not be renewed for 5 seconds" in error
    if is_local:
        ticker.wait(timeout=30)
    fleet.close()
