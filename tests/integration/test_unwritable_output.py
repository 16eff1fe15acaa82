"""Output that cannot be written or is not read is lost, but no run and no record is."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import wait_until

from .apps import App, process_environment
from .conftest import Maker

pytestmark = pytest.mark.twice

TASKS = """
    import time


    class Import(Task):
        run_every = "1 minute"

        def handle(self):
            print("begins ✓")
            time.sleep(0.3)
            open("imported", "w").close()


    class Broken(Task):
        run_every = "1 minute"

        def handle(self):
            raise ValueError("no ✓")


    class Chatty(Task):
        run_every = "1 minute"
        timeout = "2 seconds"

        def handle(self):
            while True:
                print("y" * 1000)
"""


@pytest.fixture
def app(make: Maker) -> App:
    app = make().keep_runs()
    app.tasks(TASKS)
    return app


def outcomes(app: App) -> dict[str, str]:
    runs = app.craft("schedule:history", "--json").exits(0).json()["runs"]
    return {run["key"].rpartition(".")[2]: run["outcome"] for run in runs}


@pytest.mark.parametrize(
    "redirection",
    [">/dev/full 2>&1", "2>/dev/full", ">&- 2>&-", "<&- >&-", "2>&1 | true", "--json >/dev/full", "--inline >/dev/full 2>&1"],
)  # fmt: skip
def test_a_line_that_cannot_be_written_costs_that_line(app: App, redirection: str) -> None:
    line = f"{shlex.quote(sys.executable)} craft schedule:run --task Import --task Broken -v {redirection}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], cwd=app.root, env=process_environment(), capture_output=True, timeout=60)
    assert done.returncode == 1, done
    assert (app.root / "imported").exists()
    assert outcomes(app) == {"Import": "succeeded", "Broken": "failed"}


@pytest.mark.parametrize(("encoding", "shown"), [("latin-1", b"\\u015a\xdc succ"), ("ascii", b"\\u015a\\xdc succ")])
def test_a_stream_that_cannot_encode_a_name_gets_it_escaped(app: App, encoding: str, shown: bytes) -> None:
    app.tasks("class ŚÜ(Task):\n    run_every = '1 minute'\n    handle = lambda self: None", "Named.py")
    command = [sys.executable, "craft", "schedule:run", "--task", "ŚÜ", "-v"]
    env = process_environment(PYTHONIOENCODING=encoding)
    done = subprocess.run(command, cwd=app.root, env=env, capture_output=True, timeout=60)
    assert done.returncode == 0, done
    assert shown in done.stdout


def test_unread_output_delays_neither_timeouts_nor_sigterm(app: App) -> None:
    command = [sys.executable, "craft", "schedule:work"]
    readable, writable = os.pipe()
    process = subprocess.Popen(command, cwd=app.root, env=process_environment(), stdout=writable, stderr=writable)
    os.close(writable)
    wait_until(lambda: outcomes(app) == {"Import": "succeeded", "Broken": "failed", "Chatty": "timed_out"})
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    os.close(readable)
    runs = app.craft("schedule:history", "--json").json()["runs"]
    number = next(run["id"] for run in runs if run["key"].endswith("Chatty"))
    assert len(app.craft("schedule:history", str(number), "--json").json()["output"]) == 64 * 1024


def test_schedule_work_continues_if_its_reader_closes(app: App, tmp_path: Path) -> None:
    """This happens with `craft schedule:work | head -1`."""
    process = app.start("schedule:work")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    wait_until(lambda: "Broken" in outcomes(app))
    assert process.poll() is None
    process.terminate()
    assert process.wait(20) == 0
