"""Mistakes of setup that would let tasks run never, or otherwise than meant: each is said, with its fix."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from .apps import ALWAYS, App, process_environment, run_on_terminal
from .programs import CRONTAB, stand_in

pytestmark = pytest.mark.twice

BY_HAND = "wrong ticks Nothing runs the scheduler by itself: all ticks were started by hand"
EVERYWHERE = [["schedule:list"], ["schedule:run"], ["schedule:run", "--dry-run"], ["schedule:doctor"]]


def said(app: App, *command: str) -> str:
    """Everything a command says, on one line."""
    done = app.craft(*command)
    return " ".join(f"{done.out} {done.err}".split())


def test_the_craft_script_names_the_missing_line_of_the_provider(make) -> None:
    app = make()
    app.edit("config/providers.py", lambda text: text.partition("import scheduler.providers")[0])
    for command in ("schedule:run", "schedule:list"):
        done = app.console_craft(command)
        first, second, third = done.err.splitlines()[:3]
        assert first == (
            "craft: this app does not list the provider of masonite-scheduler, so `schedule:run` is Masonite's own."
        )
        assert "`from scheduler.providers import ScheduleProvider`" in f"{second} {third}"
        assert "config/providers.py" in second


def test_the_craft_script_says_nothing_in_an_app_that_lists_the_provider(make) -> None:
    for arrangement in ("ours alone", "ours first", "ours last"):
        app = make(arrangement, name=arrangement.replace(" ", "-"))
        assert "provider" not in app.console_craft("schedule:run").err


@pytest.mark.parametrize("header", ["", "from scheduler import CanSchedule"], ids=["make", "CanSchedule"])
def test_tasks_added_in_boot_are_named_with_file_line_and_fix(app: App, header: str) -> None:
    does = "self.schedule(CommandTask('true'))" if header else "self.application.make('scheduler').add(CommandTask('true'))"
    bases = "Provider, CanSchedule" if header else "Provider"
    app.provider("pass", header=f"{header}\nfrom scheduler.tasks import CommandTask", bases=bases)
    app.edit("app/providers/AppProvider.py", lambda text: re.sub(r"(def boot\(self\):\n\s+)pass", rf"\1{does}", text))
    lines = (app.root / "app/providers/AppProvider.py").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "def boot" in text)
    notice = (
        f"AppProvider adds tasks in boot(), which craft never calls, so they never run (app/providers/AppProvider.py:{line})"
    )
    for command in EVERYWHERE:
        text = said(app, *command)
        assert notice in text, command
        assert "dd them in register()" in text, command


def test_a_task_that_is_no_class_is_named_with_file_line_and_fix(app: App) -> None:
    app.write("app/tasks/Backup.py", "from scheduler import CommandTask\n\nbackup = CommandTask('echo backup').daily()\nsame = backup\n")
    notice = (
        "Notice: backup is a task, but only classes are found in app/tasks/Backup.py, so it never runs (app/tasks/Backup.py:3): "
        "write a class, or add it in the register() of a provider.\n"
    )
    for command in ("schedule:list", "schedule:run"):
        assert app.craft(command).err == notice
    app.provider("app.make('scheduler').add(backup)", header="from app.tasks.Backup import backup")
    listed = app.craft("schedule:list").exits(0)
    assert "echo backup" in listed.out
    assert listed.err == ""


def test_a_class_without_task_as_a_base_is_named_with_file_line_and_fix(app: App) -> None:
    app.write(
        "app/tasks/SayHi.py",
        """
        class SayHi:
            run_every = "minute"

            def handle(self):
                print("Hi!")
        """,
    )
    for command in EVERYWHERE:
        text = said(app, *command)
        assert "SayHi has run_every and is not a Task, so it never runs (app/tasks/SayHi.py:1)" in text, command
        assert "rite class SayHi(Task), after from scheduler import Task" in text, command


NOTE = (
    "Note: no cron daemon seems to run on this machine. Start one, use --systemd, or keep\n"
    "craft schedule:work running.\n"
)
INSTALL = """
import runpy, sys
from scheduler.installation import environment

environment.cron_runs.__defaults__ = ({processes!r},)
sys.argv = ["craft", "schedule:install"]
sys.path.insert(0, "")
runpy.run_path("craft", run_name="__main__")
"""


@pytest.mark.parametrize(("programs", "is_said"), [(["init", "crond"], False), (["init", "sh"], True), ([], False)])
def test_install_says_if_no_cron_daemon_runs(app: App, tmp_path: Path, programs: list[str], is_said: bool) -> None:
    for number, name in enumerate(programs, 1):
        process = tmp_path / "processes" / str(number)
        process.mkdir(parents=True)
        (process / "comm").write_text(f"{name}\n")
    (tmp_path / "programs").mkdir()
    stand_in(tmp_path / "programs", "crontab", CRONTAB)
    code = INSTALL.format(processes=str(tmp_path / "processes"))
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=app.root,
        env=process_environment(PATH=f"{tmp_path / 'programs'}:/usr/bin:/bin"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert (NOTE in done.stderr) is is_said


def test_a_tick_whose_output_is_piped_counts_as_started_by_hand(app: App) -> None:
    app.keep_runs().tasks(f"class SayHi(Task):\n    {ALWAYS}\n\n    def handle(self):\n        print('Hi!')\n")
    run_on_terminal(["sh", "-c", f"{shlex.quote(sys.executable)} craft schedule:run | cat"], app.root, {}, 80).exits(0)
    assert BY_HAND in said(app, "schedule:doctor")


def test_a_run_typed_by_a_person_is_no_proof_that_cron_runs(app: App) -> None:
    app.keep_runs().tasks(f"class SayHi(Task):\n    {ALWAYS}\n\n    def handle(self):\n        print('Hi!')\n")
    app.craft_on_terminal("schedule:run").exits(0)
    assert BY_HAND in said(app, "schedule:doctor")
    app.type_on_terminal("SayHi\n", "schedule:test").exits(0)
    assert BY_HAND in said(app, "schedule:doctor")
    app.python_craft("schedule:run", "--force").exits(0)
    assert BY_HAND in said(app, "schedule:doctor")
    app.python_craft("schedule:run").exits(0)
    assert "ok ticks The last tick of" in said(app, "schedule:doctor")
