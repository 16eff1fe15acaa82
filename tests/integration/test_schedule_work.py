"""`craft schedule:work` as a process: it reports its start, ticks, and ends on SIGTERM."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO, NoReturn

import pytest

from .apps import ALWAYS, App, console_script, process_environment

pytestmark = pytest.mark.twice

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+\d\d:\d\d"
"""Without a terminal the scheduler's own lines begin with a time and a level, and those of tasks with their name."""


def test_schedule_work_ticks_until_sigterm(app: App) -> None:
    app.tasks(f"class SayHi(Task):\n    {ALWAYS}\n\n    def handle(self):\n        print('Hi!')\n")
    app.write("config/scheduler.py", "")
    with app.start("schedule:work", PYTHONUNBUFFERED="1") as process:
        assert process.stdout is not None
        begins = process.stdout.readline()
        assert re.fullmatch(TIME + rf" INFO Running due tasks every minute\. Process {process.pid} stops on SIGTERM\.\n", begins)
        assert process.stdout.readline().endswith("SayHi: Hi!\n")
        assert " INFO SayHi succeeded in " in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert re.fullmatch(TIME + r" INFO Stopping: nothing is running\.\n", process.stdout.read())
    assert process.returncode == 0


LASTS = f"""
    import time


    class Lasting(Task):
        {ALWAYS}

        def handle(self):
            print('it begins')
            time.sleep(3600)
"""


@pytest.mark.parametrize("command", ["schedule:work", "schedule:run"])
def test_a_stop_says_what_it_waits_for_and_a_second_one_ends_it(app: App, command: str) -> None:
    app.tasks(LASTS)
    with app.start(command, PYTHONUNBUFFERED="1") as process:
        assert process.stdout is not None
        read_until(process.stdout, "it begins")
        process.send_signal(signal.SIGINT)
        waits = " INFO Stopping: waiting up to 30 seconds for 1 run to end. Stop again to end it now."
        assert waits in read_until(process.stdout, "Stopping")
        process.send_signal(signal.SIGINT)
        assert " INFO Ending 1 run now.\n" in process.stdout.read()
    assert process.returncode == (0 if command == "schedule:work" else 1)


def test_schedule_work_reports_the_outcome_of_a_run_by_cron(app: App) -> None:
    app.keep_runs().tasks(f"class SayHi(Task):\n    {ALWAYS}\n\n    def handle(self):\n        print('Hi!')\n")
    app.craft("schedule:pause", "SayHi", "--reason", "a move").exits(0)
    if datetime.now().second > 50:
        time.sleep(11)
    app.craft("schedule:run").exits(0)
    with app.start("schedule:work", PYTHONUNBUFFERED="1") as process:
        assert process.stdout is not None
        shown = read_until(process.stdout, "was already")
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
    assert re.search(r"SayHi was already skipped for \d\d:\d\d: paused by .*: a move\.\n", shown)


def read_until(stream: IO[str], text: str) -> str:
    """What a process writes up to the line with this text."""
    shown = ""
    while text not in shown:
        line = stream.readline()
        assert line, shown
        shown += line
    return shown


ONE_THAT_LASTS = f"""
    import os
    import time


    class Quick(Task):
        {ALWAYS}

        def handle(self):
            print('I am', os.getpid())


    class Lasting(Task):
        {ALWAYS}

        def handle(self):
            print('it begins')
            time.sleep(3600)
"""


def test_tasks_are_ended_and_recorded_after_stop_grace(app: App) -> None:
    app.tasks(ONE_THAT_LASTS)
    app.write("config/scheduler.py", "STOP_GRACE = '0 seconds'")
    with app.start("schedule:work", PYTHONUNBUFFERED="1") as process:
        assert process.stdout is not None
        said = ""
        while not ("Lasting: it begins" in said and "Quick succeeded in" in said):
            line = process.stdout.readline()
            assert line, said
            said += line
        assert "Quick: I am " in said
        assert f"I am {process.pid}\n" not in said
        process.send_signal(signal.SIGINT)
    assert process.returncode == 0
    runs = {run["key"]: run for run in app.keep_runs().craft("schedule:history", "--json").exits(0).json()["runs"]}
    assert {key: run["outcome"] for key, run in runs.items()} == {"Quick": "succeeded", "Lasting": "crashed"}
    assert "the scheduler was stopped" in runs["Lasting"]["error"]


UNSHARE = ["unshare", "--fork", "--pid", "--mount-proc", "--kill-child"]
"""Starts another program as the first process of a namespace: the kernel keeps signals without a handler from it."""


@pytest.mark.parametrize("program", ["python craft", "craft"])
def test_sigterm_ends_the_first_process_while_the_app_boots(
    app: App, program: str, missing: Callable[[str], NoReturn]
) -> None:
    if not shutil.which("unshare") or subprocess.run([*UNSHARE, "true"], stderr=subprocess.DEVNULL).returncode:
        missing("unshare, with the right to make a namespace of processes")
    app.provider("print('boots', flush=True)\ntime.sleep(60)", header="import time")
    command = [sys.executable, "craft"] if program == "python craft" else [str(console_script())]
    environment = process_environment()
    with subprocess.Popen(
        [*UNSHARE, *command, "schedule:work"], cwd=app.root, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "boots\n"
        (first,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(first), signal.SIGTERM)
        try:
            assert process.wait(20) == 128 + signal.SIGTERM
        finally:
            process.kill()
