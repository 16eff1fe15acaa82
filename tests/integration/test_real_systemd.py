"""`craft schedule:install --systemd` under a real systemd of a user, which runs the app.

The systemd is one of the test's own, in a mount namespace where /run is empty but for it: neither the machine's systemd
nor the user's own, if there are any, hear of it.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from .apps import App, Finished, process_environment, run

pytestmark = [pytest.mark.once, pytest.mark.timeout(300)]

SERVICE, TIMER = "masonite-scheduler-blog.service", "masonite-scheduler-blog.timer"
#: What a shell, systemd and cron each read as something else.
ODD_NAME = """it's 100% \\%h a "$HOME" blog"""
PATIENCE = 60
START = """\
mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system "$XDG_RUNTIME_DIR" && chmod 700 "$XDG_RUNTIME_DIR" &&
exec "$0" --user
"""
WAITS_FOR_A_SIGN = """
    class Wait(Task):
        run_every = '1 minute'

        def handle(self):
            import sys, time
            from pathlib import Path

            Path('started').write_text(sys.executable)
            while not Path('sign').exists():
                time.sleep(0.05)
            Path('ended').touch()
            print('Hi!')
"""


def until(holds: Callable[[], object], what: str) -> None:
    patience = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < patience, f"in vain: {what}"
        time.sleep(0.05)


class UsersSystemd:
    """The systemd of a user, and the ways to talk to it."""

    def __init__(self, program: str, folder: Path) -> None:
        homes = {name: str(folder / name) for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
        self.environment = process_environment(**homes, HOME=str(folder), XDG_RUNTIME_DIR="/run/users")
        command = ["unshare", "--mount", "/bin/sh", "-c", START, program]
        self.process = subprocess.Popen(command, env=self.environment, stderr=subprocess.PIPE, text=True)

    def within(self, *command: str, folder: Path | str = "/") -> Finished:
        """Run a command where this systemd is the user's."""
        enter = ["nsenter", f"--target={self.process.pid}", "--mount", f"--wd={folder}"]
        return run([*enter, *command], Path("/"), self.environment)

    def answers(self) -> bool:
        return self.within("systemctl", "--user", "show", "--property=Version").code == 0

    def state(self, unit: str) -> str:
        return self.within("systemctl", "--user", "show", "--value", "--property=ActiveState", unit).out.strip()

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=PATIENCE)


@pytest.fixture
def systemd(tmp_path: Path, missing: Callable[[str], NoReturn]) -> Iterator[UsersSystemd]:
    program = shutil.which("systemd", path="/usr/lib/systemd:/lib/systemd")
    if not program or not shutil.which("systemctl"):
        missing("systemd: install the package systemd")
    started = UsersSystemd(program, tmp_path)
    patience = time.monotonic() + PATIENCE
    while not started.answers():
        if started.process.poll() is not None or time.monotonic() > patience:
            started.process.kill()
            missing(f"a systemd of the user's: {started.process.communicate()[1]}")
        time.sleep(0.1)
    yield started
    started.stop()


@pytest.fixture
def blog(make, craft_script: Path) -> App:
    """An app in a folder with an odd name, with this Python's virtual environment in it, and a task that waits."""
    app: App = make(name=ODD_NAME)
    (app.root / "venv").symlink_to(craft_script.parent.parent)
    app.tasks(WAITS_FOR_A_SIGN)
    return app


@pytest.fixture
def install(blog: App, systemd: UsersSystemd) -> Callable[..., Finished]:
    python = str(blog.root / "venv/bin/python")

    def installed(*more: str) -> Finished:
        command = [python, "craft", "schedule:install", "--systemd", "--id", "blog", *more]
        return systemd.within(*command, folder=blog.root).exits(0)

    return installed


def test_each_tick_is_started_and_does_not_keep_the_next_from_starting(
    blog: App, systemd: UsersSystemd, install: Callable[..., Finished]
) -> None:
    install()
    assert systemd.state(TIMER) == "active"
    assert "nothing was changed" in install().out
    systemd.within("systemctl", "--user", "start", SERVICE).exits(0)
    until((blog.root / "started").exists, "the task starts")
    until(lambda: systemd.state(SERVICE) == "inactive", "the service has ended while the task runs")
    assert not (blog.root / "ended").exists()
    (blog.root / "sign").touch()
    until((blog.root / "ended").exists, "the task ends of itself")
    assert (blog.root / "started").read_text() == str(blog.root / "venv/bin/python")
    until(lambda: "Hi!\n" in (blog.root / ".scheduler/scheduler.log").read_text(), "the log")
    install("--remove")
    assert systemd.state(TIMER) == "inactive"


def test_a_service_that_works_lets_its_tasks_end_when_it_is_stopped(
    blog: App, systemd: UsersSystemd, install: Callable[..., Finished]
) -> None:
    install("--work")
    assert systemd.state(SERVICE) == "active"
    until((blog.root / "started").exists, "the task starts")
    systemd.within("systemctl", "--user", "stop", "--no-block", SERVICE).exits(0)
    until(lambda: systemd.state(SERVICE) == "deactivating", "the service stops")
    (blog.root / "sign").touch()
    until(lambda: systemd.state(SERVICE) == "inactive", "the service has ended")
    assert (blog.root / "ended").exists()
    assert "Hi!\n" in (blog.root / ".scheduler/scheduler.log").read_text()
    install("--remove")
