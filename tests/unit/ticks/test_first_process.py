"""The scheduler as the first process of a container."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from waiting import wait_until

UNSHARE = ["unshare", "--fork", "--pid", "--mount-proc", "--kill-child"]
LEAVES_ORPHANS = """
import glob, os, subprocess, sys
sys.path.append("..")
from ticks.fake_app import *
from waiting import wait_until
for _ in range(3):
    subprocess.Popen(["sh", "-c", "sleep 0.1 &"]).wait()
app = FakeApp().add(task(lambda: subprocess.Popen(["sh", "-c", "sleep 0.1 & sleep 0.1"])), task(lambda: os._exit(7), "Dying"))
scheduler = app.scheduler()
supervisor = scheduler.supervisor(app.listener)
scheduler.begin_tick(NOON, scheduler.find(), app.listener, supervisor)
supervisor.finish()
def states():
    others = set(glob.glob("/proc/[0-9]*/stat")) - {"/proc/1/stat"}
    return {open(file).read().rpartition(")")[2].split()[0] for file in others}
wait_until(lambda: states() <= {"Z"})
supervisor.step(0)
print(os.getpid(), len(states()), sorted(run.outcome.value for run in app.listener.runs))
"""


@pytest.fixture
def unshare(missing: Callable[[str], NoReturn]) -> list[str]:
    """The command that starts another one as the first process of a namespace."""
    if not shutil.which("unshare") or subprocess.run([*UNSHARE, "true"], stderr=subprocess.DEVNULL).returncode:
        missing("unshare, with the right to make a namespace of processes")
    return UNSHARE


def test_exit_codes_of_orphans_are_collected_and_workers_are_not(unshare: list[str]) -> None:
    folder = str(Path(__file__).parent.parent)
    command = [*unshare, sys.executable, "-c", LEAVES_ORPHANS]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.stdout == "1 0 ['crashed', 'succeeded']\n", done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_comes_while_it_boots_ends_it(unshare: list[str], tmp_path: Path, number: int) -> None:
    """The kernel does not deliver signals without a handler to the first process of a namespace."""
    (tmp_path / "wsgi.py").write_text("import time\nprint('boots', flush=True)\ntime.sleep(60)\n")
    script = "import sys; sys.argv[1:] = ['schedule:work']; from scheduler.craft import main; main()"
    process = subprocess.Popen([*unshare, sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"boots\n"
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    wait_until(lambda: children.read_text().strip())
    os.kill(int(children.read_text()), number)
    assert process.wait(30) == 128 + number
    process.stdout.close()
