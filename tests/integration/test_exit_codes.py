"""Exit codes are as documented, on a terminal and off it, whatever keeps a command from its work."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .apps import ALWAYS, App, process_environment, run
from .test_json_schemas import check

pytestmark = pytest.mark.twice

SAY_HI = f"class SayHi(Task):\n    {ALWAYS}\n\n    def handle(self):\n        print('Hi!')\n"
MARS = "config/scheduler.TIMEZONE = 'Mars': unknown time zone 'Mars' (try 'Europe/Riga' or 'UTC')\n"
ANSWERS = [
    ["schedule:list"],
    ["schedule:list", "--json"],
    ["schedule:history"],
    ["schedule:explain", "SayHi"],
    ["schedule:simulate", "--to", "1 hour"],
    ["schedule:run", "--dry-run"],
    ["schedule:run", "--json", "--task", "SayHi"],
    ["schedule:pause"],
]


@pytest.fixture
def shop(app: App) -> App:
    app.tasks(SAY_HI)
    return app


@pytest.fixture
def misset(shop: App) -> App:
    shop.write("config/scheduler.py", "TIMEZONE = 'Mars'\n")
    return shop


@pytest.mark.parametrize("arguments", [["schedule:run"], ["schedule:run", "--log"], ["schedule:work"], ["schedule:list"]])
def test_an_invalid_setting_is_wrong_usage_in_a_log(misset: App, arguments: list[str]) -> None:
    assert misset.craft(*arguments).exits(2).err == MARS


@pytest.mark.parametrize("arguments", [["schedule:run"], ["schedule:work"]])
def test_an_invalid_setting_is_wrong_usage_on_a_terminal(misset: App, arguments: list[str]) -> None:
    assert MARS in misset.craft_on_terminal(*arguments).exits(2).out


def test_an_invalid_setting_is_reported_without_any_task(app: App) -> None:
    app.write("config/scheduler.py", "TIMEZONE = 'Mars'\n")
    assert app.craft("schedule:run").exits(2).err == MARS


def test_an_invalid_setting_is_one_object_with_json_lines(misset: App) -> None:
    done = misset.craft("schedule:run", "--json-lines").exits(2)
    assert check("line", json.loads(done.err))["message"] == MARS.strip()


@pytest.mark.parametrize("command", ["schedule:run", "schedule:list", "schedule:history", "schedule:simulate"])
def test_json_has_a_document_if_the_command_fails(misset: App, command: str) -> None:
    done = misset.craft(command, "--json").exits(2)
    assert check("error", done.json()) == {"error": MARS.strip(), "exit_code": 2}
    assert done.err == MARS


def test_json_has_a_document_if_the_usage_is_wrong(shop: App) -> None:
    for arguments in (["schedule:explain", "Nobody"], ["schedule:history", "--limit", "0"], ["schedule:history", "99"]):
        assert check("error", shop.craft(*arguments, "--json").exits(2).json())["exit_code"] == 2


@pytest.mark.parametrize("arguments", ANSWERS, ids=" ".join)
def test_an_answer_that_cannot_be_written_is_a_failure(shop: App, arguments: list[str]) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "craft", *arguments]
        done = subprocess.run(
            command, cwd=shop.root, env=process_environment(), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert done.returncode == 1
    assert "The output cannot be written: No space left on device.\n" in done.stderr


def test_a_reader_that_has_stopped_reading_is_no_failure(shop: App) -> None:
    line = f"'{sys.executable}' craft schedule:list --next 9999 2>errors | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], cwd=shop.root, env=process_environment(), capture_output=True, timeout=60)
    assert done.returncode == 0
    assert "cannot be written" not in (shop.root / "errors").read_text()


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("def (", "SyntaxError: invalid syntax"),
        ("WORKERS = many", "NameError: name 'many' is not defined"),
        ("raise SystemExit(3)", "SystemExit: sys.exit(3) was called; return, or raise an error, instead"),
    ],
)
def test_broken_settings_are_named_in_one_line(shop: App, craft_script: Path, line: str, error: str) -> None:
    shop.write("config/scheduler.py", f"TIMEZONE = None\n{line}\n")
    done = run([str(craft_script), "schedule:list"], shop.root).exits(2)
    assert f"craft: the app cannot start: {error} (config/scheduler.py:2)\n" in done.err
    assert "Traceback" not in done.err


def test_another_broken_file_of_config_is_left_to_masonite(shop: App, craft_script: Path) -> None:
    shop.write("config/mail.py", "def (\n")
    assert "Traceback" in run([str(craft_script), "schedule:list"], shop.root).exits(1).err
