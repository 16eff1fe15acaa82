"""`schedule:work --reload`: changed code runs next, and running tasks may end first."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .apps import ALWAYS, App

pytestmark = pytest.mark.twice

TASK = f"""
    class First(Task):
        {ALWAYS}

        def handle(self):
            print('first')
"""
ANOTHER = TASK.replace("First", "Another").replace("first", "and another")
CHANGED = f"""
    import time


    class Second(Task):
        {ALWAYS}

        def handle(self):
            print('second', flush=True)
            time.sleep(2)
            print('second has ended')
"""


@pytest.fixture
def start(app: App) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts the command; it does not outlive the test."""
    started: list[subprocess.Popen[str]] = []

    def launcher() -> subprocess.Popen[str]:
        started.append(app.start("schedule:work", "--reload", PYTHONUNBUFFERED="1"))
        return started[0]

    yield launcher
    for process in started:
        process.kill()
        process.communicate(timeout=20)


def lines_until(process: subprocess.Popen[str], last: str) -> list[str]:
    lines: list[str] = []
    while process.stdout and last not in lines and (line := process.stdout.readline()):
        lines.append(re.sub(r"^\S+ (OUT|ERR) \w+: ", "", line.rstrip("\n")))  # a time, the stream, the task
    return lines


def test_new_and_changed_code_is_run_and_what_runs_has_its_time_to_end(
    app: App, start: Callable[[], subprocess.Popen[str]]
) -> None:
    app.tasks(TASK)
    work = start()
    assert lines_until(work, "first")[-1] == "first"
    app.tasks(ANOTHER, "Another.py")
    assert lines_until(work, "and another")[-1] == "and another"
    app.tasks(CHANGED)
    assert lines_until(work, "second")[-1] == "second"
    work.send_signal(signal.SIGTERM)
    assert "second has ended" in lines_until(work, "second has ended")
    assert work.wait(timeout=60) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_parent_of_a_reload_stops_at_a_signal(app: App, number: signal.Signals) -> None:
    app.tasks(TASK)
    work = app.start("schedule:work", "--reload", new_session=True, PYTHONUNBUFFERED="1")
    try:
        lines_until(work, "first")
        if number == signal.SIGINT:
            os.killpg(work.pid, number)  # as a terminal does on Ctrl-C
        else:
            work.send_signal(number)
        assert work.wait(timeout=60) == 0
    finally:
        work.kill()
        work.communicate(timeout=20)


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is part of Linux")
def test_the_parent_of_a_reload_does_not_use_inotify(app: App, start: Callable[[], subprocess.Popen[str]]) -> None:
    """hupper's monitor that uses inotify can deadlock."""
    app.tasks(TASK)
    work = start()
    lines_until(work, "first")
    opened = {os.readlink(link) for link in Path(f"/proc/{work.pid}/fd").iterdir()}
    assert "anon_inode:inotify" not in opened


def test_a_file_can_be_added_to_the_monitor_while_a_change_is_reported(tmp_path: Path) -> None:
    from scheduler.commands.FileMonitor import FileMonitor

    changed, added = threading.Event(), threading.Event()
    answers: list[bool] = []

    def report(path: str) -> None:
        changed.set()
        answers.append(added.wait(timeout=20))

    watched = tmp_path / "task.py"
    watched.touch()
    monitor = FileMonitor(report, interval=0.01)
    monitor.daemon = True
    monitor.add_path(str(watched))
    os.utime(watched, (2**31, 2**31))
    monitor.start()
    assert changed.wait(timeout=20), "a change before the first look counts"
    monitor.add_path(str(tmp_path / "another.py"))
    added.set()
    monitor.stop()
    monitor.join(timeout=20)
    assert answers == [True]
