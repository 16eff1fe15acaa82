"""An app whose process has threads: each task gets a fresh interpreter, and nothing else differs."""

from __future__ import annotations

from threading import active_count
from typing import Any

import pytest

from .apps import App
from .conftest import Maker

pytestmark = pytest.mark.twice

THREAD = """
import sys
import threading
if sys.argv[0] == 'craft':
    threading.Thread(target=threading.Event().wait, daemon=True).start()
"""
"""What a library that reports errors, or a pool of connections, does in an app's process; not in that of the tests."""

TASKS = """
    import os
    import sys
    import threading
    import time


    class Telling(Task):
        run_every = "1 minute"
        kill_in = ""

        def before(self):
            print(f"{type(self).__name__} before")

        def after(self):
            print(f"{type(self).__name__} after")

        def succeeded(self, run):
            print(f"{type(self).__name__} succeeded: {run.outcome.value}")

        def failed(self, run):
            print(f"{type(self).__name__} failed: {run.outcome.value}, {run.error}, pid {run.pid > 0}")


    class Well(Telling):
        def handle(self):
            run = self.current_run
            print("a surrogate \\udc80 and", sys.stdin.read() or "no input")
            print(run.key, run.fire_time.isoformat(), run.attempt, run.late, run.id > 0, run.pid == os.getpid())
            print(run.started_at is not None, "scheduler.masonite.worker_main" in sys.orig_argv)
            threading.Thread(target=threading.Event().wait, daemon=True).start()


    class Raising(Telling):
        def handle(self):
            raise ValueError("the books do not balance")


    class Dying(Telling):
        def handle(self):
            os._exit(7)


    class Endless(Telling):
        timeout = "1 second"

        def handle(self):
            try:
                time.sleep(3600)
            finally:
                print("Endless tidied")


    class Forbidden(Telling):
        environments = "nowhere"

        def handle(self):
            print("not here")
"""


@pytest.fixture
def threaded(make: Maker) -> App:
    """An app with a thread, and with Masonite's own handler bound to the scheduler's name."""
    app = make("ours first")
    app.provider(THREAD)
    app.tasks(TASKS)
    return app.keep_runs()


def history(app: App) -> dict[str, dict[str, Any]]:
    runs = app.craft("schedule:history", "--json").exits(0).json()["runs"]
    return {run["key"].rpartition(".")[2]: app.craft("schedule:history", str(run["id"]), "--json").json() for run in runs}


def test_a_fresh_interpreter_and_a_fork_give_the_same_outcomes(threaded: App) -> None:
    threads = active_count()
    done = threaded.python_craft("schedule:run", PYTHONWARNINGS="error:::scheduler").exits(1)
    assert "Dying crashed after" in done.err
    assert "fork" not in done.err, "Python 3.12 and later warn of a fork in a process with threads"
    runs = history(threaded)
    assert active_count() == threads, "this process is left as it was"
    told = {name: run["output"].splitlines() for name, run in runs.items() if run["output"]}
    fire_time = runs["Well"]["fire_time"]
    assert told["Well"] == [
        "Well before",
        "a surrogate \\udc80 and no input",
        f"Well {fire_time} 1 False True True",
        "True True",
        "Well succeeded: succeeded",
        "Well after",
    ]
    assert told["Raising"] == [
        "Raising before",
        "Raising failed: failed, ValueError: the books do not balance, pid True",
        "Raising after",
    ]
    assert told["Endless"] == ["Endless before", "Endless tidied"]
    assert told["Dying"] == ["Dying before"]
    for line in (
        "Dying failed: crashed, its process ended with exit code 7 before it had finished, pid True",
        "Endless failed: timed_out, it was ended after its timeout of 1 second, pid True",
        "Dying after",
        "Endless after",
    ):
        assert line in done.out.splitlines(), "told by a process of its own"
    outcomes = {name: run["outcome"] for name, run in runs.items()}
    assert outcomes == {
        "Well": "succeeded",
        "Raising": "failed",
        "Dying": "crashed",
        "Endless": "timed_out",
        "Forbidden": "skipped",
    }
    assert runs["Raising"]["location"].startswith("app/tasks/Tasks.py:")
    assert "ValueError: the books do not balance" in runs["Raising"]["traceback"]
    assert runs["Forbidden"]["skip_reason"] == "environment"


ONLY_ONCE = THREAD + """
if 'scheduler.masonite.worker_main' in sys.orig_argv:
    raise RuntimeError('once is enough')
"""


def test_an_app_that_fails_to_boot_in_the_worker_is_a_crash(make: Maker) -> None:
    app = make().keep_runs()
    app.provider(ONLY_ONCE)
    app.tasks(NOTHING)
    app.python_craft("schedule:run").exits(1)
    run = history(app)["Nothing"]
    assert run["outcome"] == "crashed"
    assert "exit code 1" in run["error"]
    assert "RuntimeError: once is enough" in run["output"]


ADDED_ONCE = THREAD + """
if 'scheduler.masonite.worker_main' not in sys.orig_argv:
    app.make('scheduler').add(Nothing)
"""
NOTHING = """
    class Nothing(Task):
        run_every = '1 minute'

        def handle(self):
            pass
"""


def test_a_task_missing_from_the_worker_s_app_is_a_crash(make: Maker) -> None:
    app = make().keep_runs()
    app.tasks(NOTHING).rename(app.root / "app" / "Nothing.py")
    app.provider(ADDED_ONCE, header="from app.Nothing import Nothing")
    app.python_craft("schedule:run").exits(1)
    run = history(app)["Nothing"]
    assert run["outcome"] == "crashed"
    assert "the freshly booted app has no task 'Nothing'" in run["output"]
