"""The guide's crontab line, in a shell as cron starts it, and under a real cron daemon that lets a real minute pass.

There too: the lines of `craft schedule:install`, which are written into this user's real crontab, and out of it again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from .apps import App, Finished, run

pytestmark = pytest.mark.once

#: The guide's, with the folder of the app and of the system's programs put in.
GUIDES_LINES = """\
PATH={app}/venv/bin:{system}
* * * * * cd {app} && source venv/bin/activate && craft schedule:run
"""
#: The same in words that every shell knows.
LINES_FOR_ANY_SHELL = """\
PATH={app}/venv/bin:{system}
* * * * * cd {app} && . venv/bin/activate && craft schedule:run
"""
#: "If you are not running in a virtual environment then you can leave that part out."
SHORTEST_LINES = """\
PATH={app}/venv/bin:{system}
* * * * * cd {app} && craft schedule:run
"""
LINES = {"the guide's": GUIDES_LINES, "for any shell": LINES_FOR_ANY_SHELL, "shortest": SHORTEST_LINES}
#: What a shell, cron and a crontab each read as something else.
ODD_NAME = """it's 100% \\% a "$HOME" blog"""
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

LEAVES_A_NOTE = """
    import sys
    from pathlib import Path

    from scheduler.Task import Task


    class LeaveANote(Task):

        run_every = '1 minute'

        def handle(self):
            Path('note').write_text(sys.prefix)
            print('Hi!')
"""


@pytest.fixture
def maker(make, craft_script: Path, missing: Callable[[str], NoReturn]) -> Callable[[str], App]:
    """Makes an app that leaves a note when it runs, with this Python's virtual environment as its `venv`."""
    environment = Path(sys.prefix)
    if not (environment / "bin" / "activate").exists():
        missing(f"a virtual environment: {environment} has no bin/activate")

    def made(name: str) -> App:
        app: App = make(name=name)
        (app.root / "venv").symlink_to(environment)
        app.write("app/tasks/LeaveANote.py", LEAVES_A_NOTE)
        return app

    return made


def crontab_of(app: App, lines: str) -> str:
    return lines.format(app=app.root, system=SYSTEM_PATH)


# --- in a shell, as cron starts it -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shell"),
    [("the guide's", "sh"), ("the guide's", "dash"), ("the guide's", "bash"), ("for any shell", "sh"), ("shortest", "sh")],
)
def test_the_line_works_in_every_shell_cron_may_use(
    maker: Callable[[str], App], missing: Callable[[str], NoReturn], name: str, shell: str
) -> None:
    program = shutil.which(shell) or missing(f"the shell {shell}")
    app = maker("blog")
    path, line = crontab_of(app, LINES[name]).splitlines()
    done = as_cron_does(program, line.removeprefix("* * * * * "), path.removeprefix("PATH="), app.root.parent)
    done.exits(0)
    assert (done.out, done.err) == ("Hi!\n", "")
    assert (app.root / "note").read_text() == sys.prefix


def as_cron_does(shell: str, line: str, path: str, folder: Path) -> Finished:
    """The shell with the few variables cron gives it, and no others."""
    few = [f"PATH={path}", f"HOME={folder}", f"SHELL={shell}", "LOGNAME=somebody", "LANG=C.UTF-8"]
    return run(["/usr/bin/env", "-i", *few, shell, "-c", line], folder)


@pytest.mark.parametrize("arguments", [["other.env"], [], ["venv/bin/activate", "more"], ["venv/bin/craft"]])
def test_source_accepts_only_the_activate_of_its_own_environment(
    maker: Callable[[str], App], arguments: list[str]
) -> None:
    """In a shell without `source`, any other file must not be skipped silently."""
    app = maker("blog")
    app.write("other.env", "SECRET=1\n")
    done = run([str(app.root / "venv/bin/source"), *arguments], app.root).exits(127)
    assert len(done.err.splitlines()) == 1


# --- under a real daemon ---------------------------------------------------------------------------------------------


class Crontab:
    """The crontab of this user."""

    def __init__(self, program: str) -> None:
        self._program = program

    def read(self) -> bytes | None:
        done = subprocess.run([self._program, "-l"], capture_output=True)
        assert not done.returncode or b"no crontab for" in done.stderr, done
        return None if done.returncode else done.stdout

    def write(self, text: bytes | None) -> None:
        command = [self._program, "-r" if text is None else "-"]
        subprocess.run(command, input=text or b"", check=self.read() is not None or text is not None)


@pytest.fixture
def crontab(missing: Callable[[str], NoReturn]) -> Iterator[Crontab]:
    """This user's, for as long as the test lasts; what there was is put back at the end."""
    found = Crontab(shutil.which("crontab") or missing("the program crontab: install the package cron"))
    before = found.read()
    try:
        yield found
    finally:
        if found.read() != before:
            found.write(before)


@pytest.fixture
def cron_daemon(missing: Callable[[str], NoReturn]) -> Iterator[Callable[[], None]]:
    """Starts a cron daemon, unless one is running already; only the one that was started is stopped."""
    program = shutil.which("cron", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or missing("the daemon cron")
    started: list[subprocess.Popen[str]] = []

    def start() -> None:
        daemon = subprocess.Popen([program, "-f"], stderr=subprocess.PIPE, text=True)
        started.append(daemon)
        try:
            daemon.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return
        said = daemon.stderr.read() if daemon.stderr else ""
        if "may be running" not in said and "can't lock" not in said:
            missing(f"a cron daemon: {program} ended with {daemon.returncode}: {said}")

    yield start
    for daemon in started:
        if daemon.poll() is None:
            daemon.terminate()
            daemon.wait(timeout=10)
        if daemon.stderr:
            daemon.stderr.close()


@pytest.mark.cron
@pytest.mark.timeout(240)  # cron needs up to a minute
def test_cron_runs_what_is_due(maker: Callable[[str], App], crontab: Crontab, cron_daemon: Callable[[], None]) -> None:
    """One line is written by hand, one by `craft schedule:install` for an app in a folder with an odd name."""
    apps = {name: maker(name.replace("'", "").replace(" ", "-")) for name in LINES}
    by_hand = "".join(crontab_of(app, LINES[name]) for name, app in apps.items()).encode()
    crontab.write(by_hand)
    odd = apps["installed"] = maker(ODD_NAME)
    craft = [str(odd.root / "venv/bin/python"), "craft"]
    run([*craft, "schedule:install"], odd.root).exits(0)
    installed = crontab.read() or b""
    assert installed.endswith(b"\n" + by_hand)
    assert "nothing was changed" in run([*craft, "schedule:install"], odd.root).exits(0).out
    assert crontab.read() == installed
    cron_daemon()
    notes = [app.root / "note" for app in apps.values()]
    patience = time.monotonic() + 100
    while time.monotonic() < patience and not all(note.exists() and note.read_text() for note in notes):
        time.sleep(0.2)
    assert {name: (app.root / "note").exists() for name, app in apps.items()} == dict.fromkeys(apps, True)
    assert {os.path.realpath(note.read_text()) for note in notes} == {os.path.realpath(sys.prefix)}
    log = odd.root / ".scheduler/scheduler.log"
    while time.monotonic() < patience and "Hi!" not in log.read_text():
        time.sleep(0.2)
    assert any(line.endswith(" OUT LeaveANote: Hi!") for line in log.read_text().splitlines())
    run([*craft, "schedule:install", "--remove"], odd.root).exits(0)
    assert crontab.read() == by_hand


@pytest.mark.cron
def test_an_error_of_the_real_crontab_is_shown_and_nothing_changes(
    maker: Callable[[str], App], crontab: Crontab
) -> None:
    """Debian's crontab refuses lines of more than a thousand characters."""
    crontab.write(b"0 5 * * * true\n")
    app = maker("a" * 240)
    done = run([str(app.root / "venv/bin/python"), "craft", "schedule:install"], app.root).exits(1)
    assert done.err.startswith("crontab refused it, and nothing was changed: ")
    assert "command too long" in done.err
    assert len(done.err.splitlines()) == 1
    assert crontab.read() == b"0 5 * * * true\n"
