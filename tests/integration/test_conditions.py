"""Conditions of a due task: its environment, maintenance, `when` and `skip`. `-v` shows the reason."""

from __future__ import annotations

import re

import pytest

from .apps import ALWAYS, NEVER, App


def task(declared: str, name: str = "SayHi") -> str:
    return f"class {name}(Task):\n    {ALWAYS}\n{declared}\n    def handle(self):\n        print('Hi!')\n\n\n"


def environment(app: App, name: str) -> None:
    """`.env` decides, and overrides the process's own variables; beside pytest, `.env.testing` does."""
    for file in (".env", ".env.testing"):
        app.edit(file, lambda text: re.sub("(?m)^APP_ENV=.*$", f"APP_ENV={name}", text))


@pytest.mark.parametrize(("where", "printed"), [("production", "Hi!\n"), ("staging", "")])
@pytest.mark.parametrize(
    "declared", ["    environments = ('production', 'demo')\n", "    environments = 'production'\n"]
)
def test_a_task_runs_only_in_the_environments_it_names(app: App, where: str, printed: str, declared: str) -> None:
    app.tasks(task(declared))
    environment(app, where)
    done = app.craft("schedule:run").exits(0)
    assert (done.out, done.err) == (printed, "")


def test_python_craft_checks_the_environment(app: App) -> None:
    app.tasks(task("    environments = 'production'\n") + task("    environments = 'staging'\n", "SayHo"))
    environment(app, "staging")
    assert "SayHi skipped" in app.python_craft("schedule:run", "-v", APP_ENV="production").exits(0).out


@pytest.mark.parametrize(("where", "printed"), [("production", "Hi!\n"), ("staging", "")])
def test_environments_can_be_set_on_an_instance(app: App, where: str, printed: str) -> None:
    app.tasks(task(""))
    app.provider(
        "app.make('scheduler').add(SayHi().in_environments('production', 'demo'))",
        header="from app.tasks.Tasks import SayHi",
    )
    environment(app, where)
    assert app.craft("schedule:run").exits(0).out == printed


def test_verbose_tells_which_environment_it_is_and_which_it_wants(app: App) -> None:
    app.tasks(task("    environments = ('production',)\n"))
    environment(app, "staging")
    told = app.craft("schedule:run", "-v").exits(0).out
    assert re.search("SayHi skipped.*production.*staging", told)


def test_only_tasks_with_run_in_maintenance_run_while_the_app_is_down(app: App) -> None:
    app.tasks(task("", "SayHi") + task("    run_in_maintenance = True\n", "Mend").replace("Hi!", "Mending!"))
    app.craft("down").exits(0)
    assert app.craft("schedule:run").exits(0).out == "Mending!\n"
    assert re.search("SayHi skipped.*maintenance", app.craft("schedule:run", "-v").exits(0).out)
    app.craft("up").exits(0)
    assert sorted(app.craft("schedule:run").exits(0).out.splitlines()) == ["Hi!", "Mending!"]


@pytest.mark.parametrize(
    ("instance", "printed"),
    [
        ("SayHi().when(lambda: True)", "Hi!\n"),
        ("SayHi().when(lambda: False)", ""),
        ("SayHi().skip(lambda: True)", ""),
        ("SayHi().skip(lambda: False)", "Hi!\n"),
        ("SayHi().when(lambda: True).when(lambda: False)", ""),
        ("SayHi().when(lambda: True).skip(lambda: True)", ""),
    ],
)
def test_conditions_are_asked_and_one_that_refuses_is_enough(app: App, instance: str, printed: str) -> None:
    app.tasks(task(""))
    app.provider(f"app.make('scheduler').add({instance})", header="from app.tasks.Tasks import SayHi")
    done = app.craft("schedule:run").exits(0)
    assert (done.out, done.err) == (printed, "")


def test_conditions_are_asked_only_once_the_rule_says_due(app: App) -> None:
    declared = "\n    def when(self):\n        print('asked')\n        return True\n"
    app.tasks(task(declared).replace(ALWAYS, NEVER))
    assert app.craft("schedule:run").exits(0).out == ""


def test_force_asks_no_condition(app: App) -> None:
    app.tasks(task("\n    def when(self):\n        return False\n"))
    assert app.craft("schedule:run", "--force").exits(0).out == "Hi!\n"
