"""Bad input gets one clear line that names the task, the value and the fix, and nothing else stops."""

from __future__ import annotations

import json

import pytest

from .apps import ALWAYS, App, Finished

pytestmark = pytest.mark.twice

WELL = f"""
class Well(Task):
    {ALWAYS}

    def handle(self):
        print('well')
"""


def one_line(done: Finished, *words: str) -> None:
    """Check that the valid task ran, and return the one line about the other."""
    assert done.out == "well\n", done
    assert len(done.err.splitlines()) == 1, done
    for word in words:
        assert word in done.err, (word, done.err)


BAD_SCHEDULES = [
    ("run_every = '5 minuets'", "'5 minuets'"),
    ("run_every = '10 mins'", "'10 mins'"),
    ("run_every = '0 minutes'", "'0 minutes'"),
    ("run_every = '-1 minutes'", "'-1 minutes'"),
    ("run_every = 'fortnight'", "'fortnight'"),
    ("run_every = '1.5 hours'", "'1.5 hours'"),
    ("run_every = 5", "5"),
    ("run_at = '25:00'", "'25:00'"),
    ("run_at = '5.30'", "'5.30'"),
    ("run_at = 24", "24"),
    ("run_at = []", "[]"),
    ("run_every = '5 minutes'\n    run_at = '5:30'", "'5:30'"),
    ("run_every = '1 day'\n    timezone = 'Mars/Olympus'", "'Mars/Olympus'"),
    ("run_cron = '*/0 * * * *'", "*/0"),
    ("run_cron = '60 * * * *'", "60"),
    ("run_cron = '0 0 * * mon-foo'", "mon-foo"),
    ("run_cron = '0 0 31 2 *'", "0 0 31 2 *"),
    ("run_cron = '@reboot'", "@reboot"),
    ("run_cron = '* * * * * *'", "* * * * * *"),
    ("twice_daily = (1,)", "(1,)"),
    ("run_every = '1 day'\n    run_on = 'someday'", "'someday'"),
    ("run_every = '1 day'\n    run_between = ('8:00',)", "('8:00',)"),
    ("environments = 5", "5"),
    ("environments = ('production', 5)", "('production', 5)"),
]


@pytest.mark.parametrize(("declared", "value"), BAD_SCHEDULES, ids=[declared for declared, _ in BAD_SCHEDULES])
def test_an_invalid_schedule_is_one_line_with_value_and_fix(app: App, declared: str, value: str) -> None:
    app.tasks(f"class Bad(Task):\n    {declared}\n\n    def handle(self):\n        print('bad')\n\n\n{WELL}")
    done = app.craft("schedule:run").exits(1)
    one_line(done, "Bad.", value, "try ", "app/tasks/Tasks.py:4")


@pytest.mark.parametrize(("declared", "value"), BAD_SCHEDULES[::7])
def test_a_task_with_a_bad_schedule_cannot_be_forced(app: App, declared: str, value: str) -> None:
    app.tasks(f"class Bad(Task):\n    {declared}\n\n    def handle(self):\n        print('bad')\n")
    done = app.craft("schedule:run", "--task", "Bad", "--force").exits(1)
    assert done.out == ""
    assert value in done.err


def test_a_method_raises_at_the_line_with_the_invalid_value(app: App) -> None:
    """The error is in a provider's own code, so it is raised in that line, not at 3 a.m."""
    app.tasks(WELL)
    app.provider("app.make('scheduler').add(Well().every('5 minuets'))", header="from app.tasks.Tasks import Well")
    done = app.python_craft("schedule:run")
    assert done.code != 0
    assert "Well.run_every = '5 minuets'" in done.err
    assert "AppProvider.py" in done.err


def test_a_task_without_handle(app: App) -> None:
    app.tasks(f"class Idle(Task):\n    {ALWAYS}\n\n\n{WELL}")
    one_line(app.craft("schedule:run").exits(1), "Idle", "write `def handle(self):`", "app/tasks/Tasks.py:4")


def test_a_constructor_that_cannot_be_injected(app: App) -> None:
    app.tasks(
        f"class Needy(Task):\n    {ALWAYS}\n\n    def __init__(self, mystery):\n        pass\n\n"
        f"    def handle(self):\n        pass\n\n\n{WELL}"
    )
    one_line(app.craft("schedule:run").exits(1), "Needy", "'mystery'", "annotate it with a class", "app/tasks/Tasks.py:4")


def test_a_syntax_error_in_a_task_file(app: App) -> None:
    app.tasks(WELL)
    app.write("app/tasks/Typo.py", "class Typo(\n")
    one_line(app.craft("schedule:run").exits(1), "app/tasks/Typo.py:1", "SyntaxError")


def test_a_task_file_that_is_not_utf_8(app: App) -> None:
    app.tasks(WELL)
    (app.root / "app/tasks/Latin.py").write_bytes(b"summer = '\xe9t\xe9'\n")
    one_line(app.craft("schedule:run").exits(1), "app/tasks/Latin.py")


def test_an_import_of_version_3(app: App) -> None:
    app.tasks(WELL)
    app.write("app/tasks/Old.py", "from masonite.scheduler.Task import Task\n")
    right = "write `from scheduler.Task import Task`"
    one_line(app.craft("schedule:run").exits(1), "app/tasks/Old.py:1", "'masonite.scheduler'", right)


# --- names with markup, or in other letters --------------------------------------------------------------------------

NAMES = [
    "<error>x</error>",
    "<fg=red>x</>",
    "</info>",
    "{braces}",
    "%s",
    "naïve",
    "日本語",
    "Ελληνικά",
    "🎉",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_task_with_any_name_is_listed_and_run_by_it(app: App, name: str) -> None:
    app.tasks(f"class Odd(Task):\n    {ALWAYS}\n    name = {name!r}\n\n    def handle(self):\n        print('odd')\n")
    assert app.craft("schedule:list", "--json").exits(0).json()["tasks"][0]["name"] == name
    listed = app.craft("schedule:list").exits(0).out
    assert all(word in listed for word in name.split()), listed
    assert app.craft("schedule:run", f"--task={name}").exits(0).out == "odd\n"


@pytest.mark.parametrize("key", NAMES)
def test_a_failure_is_reported_under_any_key(app: App, key: str) -> None:
    app.tasks(
        f"class Odd(Task):\n    {ALWAYS}\n\n    def handle(self):\n        raise RuntimeError({key!r})\n",
        file="../odd.py",
    )
    app.provider(f"app.bind({key!r}, Odd)", header="from app.odd import Odd")
    done = app.craft("schedule:run", "-v").exits(1)
    assert done.err.count(key) >= 2, done.err
    assert json.loads(app.craft("schedule:run", "--json").out)["runs"][0]["key"] == key


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_cannot_show_a_letter_does_not_stop_the_tick(app: App, encoding: str) -> None:
    app.tasks(
        f"class Odd(Task):\n    {ALWAYS}\n    name = '日本語'\n\n    def handle(self):\n        raise OSError('日本')\n"
        f"\n\n{WELL}"
    )
    done = app.python_craft("schedule:run", "-v", PYTHONIOENCODING=encoding, PYTHONUTF8="0", LC_ALL="C").exits(1)
    assert "well" in done.out
    assert "Odd" in done.err


@pytest.mark.parametrize("cls", ["Čau", "Задача", "任务"])
def test_classes_may_be_named_in_any_letters(app: App, cls: str) -> None:
    app.tasks(f"class {cls}(Task):\n    {ALWAYS}\n\n    def handle(self):\n        print('odd')\n", file=f"{cls}.py")
    assert app.craft("schedule:run", "--task", cls).exits(0).out == "odd\n"
    assert cls in app.craft("schedule:list").exits(0).out
