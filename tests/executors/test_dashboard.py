"""Run now of a task that an executor's workers do, and the alarm that none of them does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from integration.dashboard.sites import Browser, add_dashboard, serving
from integration.dashboard.test_pages import hidden, manager

from executors.fleet import Fleet
from scheduler import clock
from scheduler.runs import Outcome
from scheduler.stores import Claim

ALARM = "No worker of &#39;fleet&#39; has started the run that was due 5 min ago."


def run_now(browser: Browser, key: str) -> None:
    """Press the button on the task's page, and look at what it says then."""
    form = hidden(manager(browser).get(f"/schedule/task?key={key}").text, "run-now")
    answer = browser.post("/schedule/run-now", form)
    assert answer.status == 303
    assert "waits for the next tick" in browser.get(answer.headers["location"]).text


@pytest.mark.parametrize("engine", ["celery, Redis, prefork", "queue, database"])
def test_run_now_is_done_by_a_worker(make_fleet: Callable[..., Fleet], capfd: pytest.CaptureFixture[str], engine: str) -> None:
    fleet = make_fleet(engine)
    fleet.app.capture = capfd
    add_dashboard(fleet.app)
    fleet.start_workers(1)
    with serving(fleet.app) as browser:
        run_now(browser, "Quick")
        assert "for a worker of fleet" in browser.get("/schedule/task?key=Quick").text
    told = " ".join(fleet.app.craft("schedule:history", "--limit", "1").exits(0).out.split())
    assert "asked for by manager@example.com; it is waiting for a worker of 'fleet' since" in told
    (run,) = [run for run in fleet.runs_of("Quick") if run.outcome is None]
    fleet.tick("--task", "Quick").exits(0)
    ended = fleet.ended(run)
    assert ended.outcome is Outcome.SUCCEEDED
    assert ended.detail == "asked for by manager@example.com"
    assert "Hello from a worker." in fleet.store.run(run.id).output
    assert fleet.starts_of(run) == 1
    fleet.close()


def test_runs_without_workers_raise_an_alarm_until_a_worker_comes(make_fleet: Callable[..., Fleet], capfd: pytest.CaptureFixture[str]) -> None:
    fleet = make_fleet("queue, database")
    fleet.app.capture = capfd
    add_dashboard(fleet.app)
    long_ago = clock.real_now() - timedelta(minutes=5)
    (run,) = fleet.store.claim([Claim("Quick", "Quick@asked long ago", None, executor="fleet")], {}, "", long_ago)
    with serving(fleet.app) as browser:
        assert ALARM in manager(browser).get("/schedule").text
        assert "for a worker of fleet" in browser.get("/schedule/task?key=Quick").text
        assert "for a worker since" in browser.get(f"/schedule/runs/{run.id}").text
    fleet.start_workers(1)
    fleet.tick("--task", "Quick").exits(0)
    assert fleet.ended(run).outcome is Outcome.SUCCEEDED
    with serving(fleet.app) as browser:
        assert ALARM not in manager(browser).get("/schedule").text
    fleet.close()
