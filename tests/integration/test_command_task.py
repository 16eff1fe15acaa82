"""`CommandTask` runs a command line without a shell; its exit code counts and its output shows."""

from __future__ import annotations

import shlex
import sys
from datetime import datetime, timezone

import pytest

from .apps import App

pytestmark = pytest.mark.twice

PYTHON = shlex.quote(sys.executable)
PRINT_ARGUMENTS = f"{PYTHON} -c 'import sys; print(sys.argv[1:])'"


def command(app: App, expression: str) -> None:
    header = "from pathlib import Path\nfrom scheduler.tasks import CommandTask"
    app.provider(f"app.make('scheduler').add({expression})", header=header)


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ('"a b" c', ["a b", "c"]),
        ("'a  b'", ["a  b"]),
        ("a\\ b", ["a b"]),
        ("  a   b ", ["a", "b"]),
        ('""', [""]),
        ("ā 'č ē'", ["ā", "č ē"]),
    ],
)
def test_quoted_arguments_stay_whole(app: App, line: str, arguments: list[str]) -> None:
    command(app, f"CommandTask({f'{PRINT_ARGUMENTS} {line}'!r})")
    assert app.craft("schedule:run").exits(0).out == f"{arguments}\n"


@pytest.mark.parametrize(
    "line", ["$HOME", "*", "a; echo b", "a && echo b", "a | cat", "`echo b`", "$(echo b)", "> file"]
)
def test_a_command_task_runs_without_a_shell(app: App, line: str) -> None:
    command(app, f"CommandTask({f'{PRINT_ARGUMENTS} {line}'!r})")
    before = app.files()
    assert app.craft("schedule:run").exits(0).out == f"{line.split()}\n"
    assert app.files() == before


def test_a_command_tasks_output_shows_on_both_streams(app: App) -> None:
    app.write("speak.py", "import sys\nprint('to stdout')\nprint('to stderr', file=sys.stderr)\n")
    command(app, f"CommandTask({f'{PYTHON} speak.py'!r})")
    done = app.python_craft("schedule:run").exits(0)
    assert (done.out, done.err) == ("to stdout\n", "to stderr\n")


@pytest.mark.parametrize("code", [1, 2, 3, 255])
def test_an_exit_code_other_than_0_is_a_failure(app: App, code: int) -> None:
    line = f"{PYTHON} -c 'import sys; sys.exit({code})'"
    command(app, f"CommandTask({line!r}), CommandTask('echo well')")
    done = app.craft("schedule:run").exits(1)
    assert done.out == "well\n"
    assert len(done.err.splitlines()) == 1
    assert f"exit code {code}" in done.err


def test_a_command_that_kills_itself_is_a_failure(app: App) -> None:
    line = f"{PYTHON} -c 'import os; os.kill(os.getpid(), 9)'"
    command(app, f"CommandTask({line!r})")
    assert "signal 9" in app.craft("schedule:run").exits(1).err


@pytest.mark.parametrize("line", ["no-such-program --now", 'echo "a', "", "/", "config/providers.py"])
def test_a_command_that_cannot_be_run_is_one_line_and_stops_nothing(app: App, line: str) -> None:
    command(app, f"CommandTask({line!r}), CommandTask('echo well')")
    done = app.craft("schedule:run").exits(1)
    assert done.out == "well\n"
    assert len(done.err.splitlines()) == 1
    assert line in done.err


def test_a_line_may_be_given_as_a_list_of_arguments(app: App) -> None:
    command(app, "CommandTask(['echo', 'a  b', '$HOME'])")
    assert app.craft("schedule:run").exits(0).out == "a  b $HOME\n"


def test_a_command_task_runs_in_the_apps_folder_with_crafts_environment(app: App) -> None:
    line = f'{PYTHON} -c "import os; print(os.getcwd(), os.environ[chr(65)])"'
    command(app, f"CommandTask({line!r})")
    assert app.python_craft("schedule:run", A="1").exits(0).out == f"{app.root} 1\n"


def test_a_command_task_without_a_rule_runs_every_minute(app: App) -> None:
    command(
        app, "CommandTask('echo minutely'), CommandTask('echo daily').daily(), CommandTask('echo five').at('17:00')"
    )
    midnight, five = (datetime(2026, 3, 3, hour, tzinfo=timezone.utc) for hour in (0, 17))
    app.edit("app/providers/AppProvider.py", lambda text: text.replace(".daily()", ".daily().in_timezone('UTC')"))
    app.edit("app/providers/AppProvider.py", lambda text: text.replace("'17:00')", "'17:00').in_timezone('UTC')"))

    def printed(at: datetime) -> list[str]:
        return sorted(app.craft("schedule:run", at=at).exits(0).out.split())

    assert printed(midnight) == ["daily", "minutely"]
    assert printed(five) == ["five", "minutely"]
    assert printed(five.replace(minute=1)) == ["minutely"]


def test_commands_are_distinguished_by_their_lines(app: App) -> None:
    command(app, "CommandTask('echo one'), CommandTask('echo two')")
    assert {task["key"] for task in app.craft("schedule:list", "--json").json()["tasks"]} == {"echo one", "echo two"}
    assert app.craft("schedule:run", "--task", "echo two").exits(0).out == "two\n"


def test_a_command_of_several_lines_is_shown_in_one(app: App) -> None:
    command(app, f"CommandTask({f'{PYTHON} -c' + chr(10) + '    no_such_name'!r})")
    done = app.craft("schedule:run").exits(1)
    assert len(errors_of_ours(done.err)) == 1
    assert all(len(line) <= 80 for line in app.craft("schedule:list").exits(0).out.splitlines())


def errors_of_ours(text: str) -> list[str]:
    """The lines that are not the traceback the command itself wrote."""
    return [line for line in text.splitlines() if not line.startswith(("Traceback", "  ", "NameError"))]
