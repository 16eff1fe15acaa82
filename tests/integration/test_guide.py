"""The guide, word for word: its two tasks and its three commands, in a fresh app with one line added."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from .apps import NOON, TOOK, App, Finished, process_environment

SAY_HI = """\
from scheduler.Task import Task


class SayHi(Task):

    run_every = '1 minute'

    def __init__(self):
        pass

    def handle(self):
        print('Hi!')
"""

SAY_HI_WITH_A_NAME = """\
from scheduler.Task import Task


class SayHi(Task):

    run_every = '1 minute'
    name = 'hey'

    def __init__(self):
        pass

    def handle(self):
        print('Hi!')
"""

RUN = "craft schedule:run"
RUN_BY_CLASS_NAME = "craft schedule:run --task SayHi"
RUN_BY_NAME = "craft schedule:run --task hey"


def says_hi(done: Finished) -> None:
    """Only the task writes to the output; a task asked for by name is answered on the error output."""
    done.exits(0)
    assert done.out == "Hi!\n"
    assert re.fullmatch(rf"(SayHi succeeded in {TOOK}\n)?", done.err)


@pytest.mark.parametrize(
    ("source", "command"),
    [
        (SAY_HI, RUN),
        (SAY_HI, RUN_BY_CLASS_NAME),
        (SAY_HI_WITH_A_NAME, RUN),
        (SAY_HI_WITH_A_NAME, RUN_BY_NAME),
        (SAY_HI_WITH_A_NAME, RUN_BY_CLASS_NAME),
    ],
)
@pytest.mark.usefixtures("craft_script")
def test_the_guides_first_task_runs(app: App, source: str, command: str) -> None:
    app.write("app/tasks/SayHi.py", source)
    says_hi(app.console_craft(*command.split()[1:]))


@pytest.mark.parametrize("way", [App.craft, App.python_craft])
def test_say_hi_says_hi_in_masonites_own_ways_to_run_craft(app: App, way: Callable[..., Finished]) -> None:
    app.write("app/tasks/SayHi.py", SAY_HI_WITH_A_NAME)
    says_hi(way(app, *RUN_BY_NAME.split()[1:]))


def test_typed_again_within_the_minute_a_terminal_says_why_nothing_ran(app: App) -> None:
    """A fire time starts once. Cron's line reports nothing; a person at a terminal reads how to run it again."""
    app.keep_runs().write("app/tasks/SayHi.py", SAY_HI)
    app.craft("schedule:run", at=NOON).exits(0)
    again = app.craft("schedule:run", at=NOON).exits(0)
    assert (again.out, again.err) == ("", "")
    told = app.craft("schedule:run", "-v", at=NOON).exits(0).out
    assert "Hi!" not in told
    assert re.search("SayHi already ran for .*--force", told)
    says_hi(app.craft("schedule:run", "--force", at=NOON))
    says_hi(app.craft("schedule:run", at=NOON + timedelta(minutes=1)))


def test_a_task_that_prints_nothing_shows_nothing(app: App) -> None:
    app.write("app/tasks/SayHi.py", SAY_HI.replace("print('Hi!')", "pass"))
    done = app.craft("schedule:run").exits(0)
    assert (done.out, done.err) == ("", "")


@pytest.mark.parametrize(
    "imports",
    [
        "from scheduler.Task import Task as a; from scheduler import Task as b; from scheduler.tasks import Task as c",
        "from scheduler import Task as a; from scheduler.tasks import Task as b; from scheduler.Task import Task as c",
        "from scheduler.tasks import Task as a; from scheduler.Task import Task as b; from scheduler import Task as c",
        "import scheduler.Task; from scheduler import Task as a, Task as b; from scheduler.tasks import Task as c",
        "import scheduler.tasks; a = scheduler.Task; import scheduler.Task; b = scheduler.Task; c = b",
    ],
)
def test_every_import_of_task_is_the_same_class(imports: str, tmp_path: Path) -> None:
    check = f"{imports}\nassert a is b is c and isinstance(a, type), (a, b, c)"
    subprocess.run([sys.executable, "-c", check], check=True, cwd=tmp_path, env=process_environment())
