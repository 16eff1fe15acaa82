"""A minute in which something is due pays its costs once."""

from __future__ import annotations

import sys
from collections import Counter

import pytest

from .apps import ALWAYS, App, run

WATCHED = """
import sqlite3, sys

def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and ("scheduler" in arguments[0] or "app/tasks" in arguments[0]):
        print("opened", arguments[0], file=sys.stderr)

def connect(*arguments, connect=sqlite3.connect, **options):
    print("opened the store", file=sys.stderr)
    database = connect(*arguments, **options)
    database.set_trace_callback(lambda sql: print("asked", " ".join(sql.split()), file=sys.stderr))
    return database

sys.addaudithook(watch)
sqlite3.connect = connect
sys.path.insert(0, "")
sys.argv = ["craft", "schedule:run"]
import wsgi
wsgi.application.make("commands").run()
"""


CHILDREN_WATCHED = """
import os, sys

parent = os.getpid()

def watch(event, arguments):
    if event == "import" and os.getpid() != parent:
        os.write(2, f"imported {arguments[0]}\\n".encode())

sys.addaudithook(watch)
sys.path.insert(0, "")
sys.argv = ["craft", "schedule:run"]
import wsgi
wsgi.application.make("commands").run()
"""


@pytest.mark.once
def test_nothing_is_imported_opened_or_asked_twice(app: App) -> None:
    app.tasks(f"class Due(Task):\n    {ALWAYS}\n\n    def handle(self):\n        print('Hi!')\n")
    app.keep_runs()
    app.craft("schedule:run", "--task", "Due", "--force").exits(0)
    done = run([sys.executable, "-c", WATCHED], app.root).exits(0)
    assert done.out == "Hi!\n"
    done_once = Counter(line for line in done.err.splitlines() if line.startswith(("opened", "asked SELECT", "asked PRAGMA")))
    assert len(done_once) > 20
    assert {line: count for line, count in done_once.items() if count > 1} == {}


@pytest.mark.once
def test_the_process_of_a_run_imports_nothing_that_its_parent_could_have(app: App) -> None:
    app.tasks(f"class Due(Task):\n    {ALWAYS}\n\n    def handle(self):\n        print('Hi!')\n")
    done = run([sys.executable, "-c", CHILDREN_WATCHED], app.root).exits(0)
    assert done.out == "Hi!\n"
    assert "imported" not in done.err
