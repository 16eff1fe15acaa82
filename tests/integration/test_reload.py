"""`schedule:work --reload`: what a developer changes is what runs next, and what runs when it is told to stop may end."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator

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

    def starter() -> subprocess.Popen[str]:
        started.append(app.start("schedule:work", "--reload", PYTHONUNBUFFERED="1"))
        return started[0]

    yield starter
    for process in started:
        process.kill()
        process.communicate()


def lines_until(process: subprocess.Popen[str], last: str) -> list[str]:
    lines: list[str] = []
    while process.stdout and last not in lines and (line := process.stdout.readline()):
        lines.append(line.rstrip("\n"))
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
    assert lines_until(work, "nothing more")[:1] == ["second has ended"]
    work.wait(timeout=10)
    assert work.returncode == 0
