"""An engine that cannot be reached costs one notice a tick, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from executors.fleet import Fleet


def test_a_run_that_waits_for_a_worker_is_reported(make_fleet: Callable[..., Fleet], capfd: pytest.CaptureFixture[str]) -> None:
    fleet = make_fleet("queue, database")
    fleet.app.capture = capfd
    assert fleet.tick("--force", "--task", "Quick", "-v").exits(0).out == "Quick waits for a worker of 'fleet': run 1\n"
    assert fleet.tick("--force", "--task", "Quick").exits(0).out == ""
    (line,) = fleet.tick("--force", "--task", "Quick", "--json-lines").exits(0).out.splitlines()
    assert json.loads(line)["message"] == "Quick waits for a worker of 'fleet': run 3"


def test_a_wrong_default_is_reported_as_that_of_the_settings(make_fleet: Callable[..., Fleet], capfd: pytest.CaptureFixture[str]) -> None:
    fleet = make_fleet("queue, database")
    fleet.app.capture = capfd
    fleet.configure(EXECUTOR="fleat")
    fleet.app.tasks(
        """
        class Plain(Task):
            def handle(self):
                pass

        class Set(Plain):
            executor = "fleat"
        """,
        "More.py",
    )
    problem = "EXECUTORS of config/scheduler.py has no 'fleat'; did you mean 'fleet'?"
    broken = {each["key"]: each["error"] for each in fleet.tick("--json").json()["broken"]}
    assert broken["Plain"] == f"Plain: EXECUTOR of config/scheduler.py = 'fleat': {problem}"
    assert broken["Set"] == f"Set.executor = 'fleat': {problem}"


def test_runs_wait_while_their_engine_is_down(make_fleet: Callable[..., Fleet], capfd: pytest.CaptureFixture[str]) -> None:
    fleet = make_fleet("queue, database")
    fleet.app.capture = capfd
    runs = [fleet.claim("Nowhere", executor="nowhere", slot=f"Nowhere@{number}") for number in range(3)]
    for _ in range(2):
        done = fleet.tick("--task", "Nowhere").exits(0)
        answer, notice = done.err.splitlines()
        assert answer.startswith("Nowhere is not due: at 0:00 on day 29 in February; next run "), "it was asked for by name"
        assert notice == (
            "Notice: executor 'nowhere': app.nowhere.submit raised ConnectionError: nobody is there; its runs wait, and the next tick "
            "tries again."
        )
    assert [fleet.store.run(run.id).is_offered for run in runs] == [True] * 3
    told = fleet.app.craft("schedule:history", "--limit", "1").exits(0).out
    assert "it is waiting for a worker of 'nowhere' since" in told
    checked = fleet.app.craft("schedule:doctor", "--json").json()["findings"]
    assert ["'nowhere'" in each["message"] for each in checked if each["check"] == "executors"] == [False, True]
