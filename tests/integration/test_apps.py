"""The apps the other tests run in are real ones, and all ways to run `craft` in them agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from .apps import MASONITES_ALONE, App, Finished, make_app

BUILT_IN_TASK = """
    from masonite.scheduling import Task


    class SayHi(Task):
        run_every = '1 minute'

        def handle(self):
            print('Hi!')
"""


@pytest.fixture
def untouched(template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> App:
    """An app that does not list our provider, and adds one task in the way Masonite itself knows."""
    app = make_app(template, tmp_path / "blog", MASONITES_ALONE, capfd)
    app.write("app/tasks/SayHi.py", BUILT_IN_TASK)
    app.provider("app.make('scheduler').add(SayHi)", header="from app.tasks.SayHi import SayHi")
    return app


def in_this_process(app: App, *arguments: str) -> Finished:
    return app.craft(*arguments)


def as_a_process(app: App, *arguments: str) -> Finished:
    return app.python_craft(*arguments)


@pytest.mark.parametrize("craft", [in_this_process, as_a_process])
def test_an_app_without_our_provider_keeps_masonites_scheduler(untouched: App, craft) -> None:
    done = craft(untouched, "schedule:run").exits(0)
    assert (done.out, done.err) == ("Hi!\n", "")


@pytest.mark.parametrize("craft", [in_this_process, as_a_process])
def test_a_command_that_does_not_exist_is_an_error(untouched: App, craft) -> None:
    assert craft(untouched, "no:such:command").code != 0


def test_an_app_booted_in_this_process_leaves_nothing_behind(untouched: App) -> None:
    assert untouched.craft("schedule:run").out == "Hi!\n"
    untouched.write("app/tasks/SayHi.py", BUILT_IN_TASK.replace("Hi!", "Hello!"))
    assert untouched.craft("schedule:run").out == "Hello!\n"


def test_a_terminal_shows_what_a_command_prints(untouched: App) -> None:
    assert untouched.craft_on_terminal("schedule:run").exits(0).out == "Hi!\n"
