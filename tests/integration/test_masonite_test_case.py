"""A user's own tests: Masonite's `TestCase.craft` runs our commands."""

from __future__ import annotations

import sys

from .apps import App, process_environment, run

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
    app.provider("pass")
    app.edit("config/providers.py", _with_authentication)
    app.write("tests/test_schedule.py", USERS_TEST)
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_schedule.py"]
    done = run(pytest, app.root, {"PYTHONPATH": _path(app)})
    assert done.code == 0, done


def _with_authentication(text: str) -> str:
    """`TestCase` logs out after each test, which needs the provider that the minimal app for 4 leaves out."""
    return text + "\nfrom masonite.providers import AuthenticationProvider  # noqa: E402\n\n" + (
        "if AuthenticationProvider not in PROVIDERS:\n    PROVIDERS.append(AuthenticationProvider)\n"
    )


def _path(app: App) -> str:
    """The app's folder before whatever the tests themselves were started with."""
    return ":".join(filter(None, [str(app.root), process_environment().get("PYTHONPATH")]))
