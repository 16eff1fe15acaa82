"""Values that no system call accepts are refused in one clear line."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from masonite_version import masonite_major

from .apps import ALWAYS, App


@pytest.mark.parametrize("command", [["schedule:run"], ["schedule:list"], ["schedule:history"], ["schedule:doctor"]])
def test_a_path_with_a_zero_byte_is_refused(app: App, command: list[str]) -> None:
    app.tasks(f"class SayHi(Task):\n    {ALWAYS}\n\n    def handle(self):\n        print('hi')\n")
    app.write("config/scheduler.py", 'PATH = "a\\0b"')
    done = app.craft(*command)
    shown = " ".join((done.out + done.err).split())
    assert done.code != 0
    assert "config/scheduler.PATH = 'a\\x00b': is not the path of a file" in shown
    assert "Traceback" not in shown


def test_a_path_with_a_zero_byte_is_refused_in_an_app_without_tasks(app: App) -> None:
    app.write("config/scheduler.py", 'PATH = "a\\0b"')
    done = app.craft("schedule:list")
    assert "Traceback" not in done.out + done.err
    assert "is not the path of a file" in done.out + done.err


def test_a_task_whose_name_cannot_be_decoded_is_unknown(app: App) -> None:
    app.tasks(f"class SayHi(Task):\n    {ALWAYS}\n\n    def handle(self):\n        print('hi')\n")
    for command in ("schedule:history", "schedule:explain", "schedule:pause", "schedule:unlock"):
        done = subprocess.run(
            [sys.executable, "craft", command, b"\xff"], cwd=app.root, capture_output=True, env=os.environ | {"PYTHONIOENCODING": "utf-8"}
        )
        assert b"Traceback" not in done.stdout + done.stderr, command
        assert b"UnicodeEncodeError" not in done.stdout + done.stderr, command
        assert done.returncode == 2, (command, done.stdout, done.stderr)


def test_an_invalid_port_is_reported_in_one_line(app: App) -> None:
    app.write("config/scheduler.py", 'STORE = "database"')
    app.tasks(f"class SayHi(Task):\n    {ALWAYS}\n\n    def handle(self):\n        print('hi')\n")
    if masonite_major() == 5:
        app.edit(".env", lambda text: text + "\nDB_CONNECTION=mysql\nDB_PORT=abc\n")
    else:
        app.edit("config/database.py", lambda text: text.replace('"sqlite"', '"mysql"') + "\nDATABASES = {'default': 'mysql', 'mysql': {'driver': 'mysql', 'host': '127.0.0.1', 'port': 'abc', 'database': 'x'}}\nfrom masoniteorm.connections import ConnectionResolver\nDB = ConnectionResolver().set_connection_details(DATABASES)\n")
    done = app.python_craft("schedule:run")
    assert done.code == 3
    assert "Traceback" not in done.out + done.err
    assert "invalid literal" not in done.err
    assert "port" in done.err.lower()
