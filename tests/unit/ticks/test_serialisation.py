"""Runs on their way to a worker and back: nothing is lost, and no other user sees them."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest
from waiting import wait_until

from scheduler.processes import pack_fields, pack_request, spawn_worker, unpack_fields, unpack_request
from scheduler.runs import CompletedRun, Outcome, Run, SkipReason

from .fake_app import NOON

FORCED = Run("Job", None)
FULL = Run(
    "Job", NOON, 7, 2, True, Outcome.SKIPPED, SkipReason.PAUSED, "why", NOON, NOON, NOON, "web1", 42, "owner",
    "an error \udc80", "app/tasks/Job.py:3", "a traceback", "output\0", "Job@12",
)  # fmt: skip


@pytest.mark.parametrize("run", [FORCED, FULL, replace(FORCED, outcome=Outcome.SUCCEEDED)])
def test_a_run_is_the_same_after_it_was_sent_to_a_worker(run: Run) -> None:
    completed = [CompletedRun(run), CompletedRun(run, True, True, NOON, True)]
    assert unpack_request(pack_request("run", run, completed)) == ("run", run, completed)


@pytest.mark.parametrize("name", [field.name for field in fields(Run)])
def test_every_field_survives_being_none(name: str) -> None:
    assert unpack_fields(pack_fields(replace(FULL, **{name: None}), [name]), [name]) == {name: None}


def test_a_fresh_interpreter_gets_no_secrets_in_its_arguments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """They are visible to every user, and the system limits their length."""
    (tmp_path / "waiting_worker.py").write_text("import sys, time\nprint(len(sys.stdin.read()), flush=True)\ntime.sleep(60)\n")
    monkeypatch.chdir(tmp_path)
    secret = replace(FORCED, error="password=hunter2", traceback="hunter2 " * 100_000)
    worker = spawn_worker("waiting_worker", pack_request("notify", secret, [CompletedRun(secret)]))
    wait_until(lambda: worker.read(worker.output))
    for file in ("cmdline", "environ"):
        assert b"hunter2" not in Path(f"/proc/{worker.pid}/{file}").read_bytes()
    worker.kill()
