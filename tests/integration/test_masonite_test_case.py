"""A user's own tests: Masonite's `TestCase.craft` runs our commands."""

from __future__ import annotations

import sys

import pytest

from .apps import App, process_environment, run

pytestmark = pytest.mark.twice

USERS_TEST = """
    from masonite.tests import TestCase


    class TestSchedule(TestCase):
        def test_hello(self):
            self.craft("schedule:run", "--task hello").assertSuccess()
            self.assertConsoleOutputContains("Hello!")

        def test_list(self):
            self.craft("schedule:list").assertSuccess().assertOutputContains("hello")
"""


def test_masonites_test_case_runs_the_commands(app: App) -> None:
    app.tasks(
        """
        class SayHello(Task):
            run_every = '1 minute'
            name = 'hello'

            def handle(self):
                print('Hello!')
        """
    )
    app.write("tests/test_schedule.py", USERS_TEST)
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_schedule.py"]
    done = run(pytest, app.root, {"PYTHONPATH": _path(app)})
    done.exits(0)


def _path(app: App) -> str:
    """The app's folder before whatever the tests themselves were started with."""
    return ":".join(filter(None, [str(app.root), process_environment().get("PYTHONPATH")]))
