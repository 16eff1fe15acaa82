"""An app whose process has threads: each task gets a fresh interpreter, and nothing else is different."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from threading import Condition, Thread
from typing import Any

import pytest

from .apps import App
from .conftest import Maker

THREAD = """
import threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
"""
"""What a library that reports errors, or a pool of connections, does in an app's process."""

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
            print(run.started_at is not None, "scheduler.isolation.spawned" in sys.orig_argv)
            threading.Thread(target=threading.Event().wait).start()  # which would keep a process from ending


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


@pytest.fixture(autouse=True)
def _no_thread_of_an_app_stays() -> Iterator[None]:
    """Later tests could not fork."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        event = getattr(thread._target, "__self__", None)
        if isinstance(event, threading.Event):
            event.set()
        thread.join(20)
    assert set(threading.enumerate()) <= before


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


def test_whatever_becomes_of_a_task_in_a_fresh_interpreter_is_what_becomes_of_it_in_a_fork(threaded: App) -> None:
    done = threaded.python_craft("schedule:run", PYTHONWARNINGS="error:::scheduler").exits(1)
    assert "Dying crashed after" in done.err
    assert "fork" not in done.err, "Python 3.12 and later warn of a fork in a process with threads"
    runs = history(threaded)
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
import sys
if 'scheduler.isolation.spawned' in sys.orig_argv:
    raise RuntimeError('once is enough')
"""


def test_an_app_that_does_not_boot_a_second_time_is_a_crash_with_its_reason(make: Maker) -> None:
    app = make().keep_runs()
    app.provider(ONLY_ONCE)
    app.tasks(NOTHING)
    app.python_craft("schedule:run").exits(1)
    run = history(app)["Nothing"]
    assert run["outcome"] == "crashed"
    assert "exit code 1" in run["error"]
    assert "RuntimeError: once is enough" in run["output"]


ADDED_ONCE = THREAD + """
import sys
if 'scheduler.isolation.spawned' not in sys.orig_argv:
    app.make('scheduler').add(Nothing)
"""
NOTHING = """
    class Nothing(Task):
        run_every = '1 minute'

        def handle(self):
            pass
"""


def test_a_task_that_the_app_has_not_when_it_is_booted_anew_is_a_crash_with_its_reason(make: Maker) -> None:
    app = make().keep_runs()
    app.tasks(NOTHING).rename(app.root / "app" / "Nothing.py")
    app.provider(ADDED_ONCE, header="from app.Nothing import Nothing")
    app.python_craft("schedule:run").exits(1)
    run = history(app)["Nothing"]
    assert run["outcome"] == "crashed"
    assert "the app, booted anew, has no task 'Nothing'" in run["output"]


# --- craft schedule:work --reload ------------------------------------------------------------------------------------


class Session:
    """A command that goes on, and the lines it has printed so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._new = Condition()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            with self._new:
                self.lines.append(line.rstrip("\n"))
                self._new.notify_all()

    def wait_for(self, beginning: str) -> None:
        """Return once a line was printed that begins so."""
        with self._new:
            said = self._new.wait_for(lambda: any(line.startswith(beginning) for line in self.lines), timeout=55)
            assert said, f"{beginning!r} is not in {self.lines}"


@pytest.fixture
def started() -> Iterator[Callable[..., Session]]:
    """Starts a command that is ended with the test."""
    sessions: list[Session] = []

    def start(app: App, *arguments: str) -> Session:
        sessions.append(Session(app.start(*arguments)))
        return sessions[-1]

    yield start
    for session in sessions:
        session.process.kill()
        session.process.wait()


TASK = """
    class {name}(Task):
        run_every = "1 minute"

        def handle(self):
            print("{word}", self.current_run.key)
"""


def test_schedule_work_reload_starts_anew_when_a_task_changes_or_comes_and_stops_when_told(
    app: App, started: Callable[..., Session]
) -> None:
    app.tasks(TASK.format(name="First", word="hello"), "First.py")
    work = started(app, "schedule:work", "--reload")
    work.wait_for("hello First")
    app.tasks(TASK.format(name="Second", word="and hello"), "Second.py")
    work.wait_for("and hello Second")
    app.tasks(TASK.format(name="Third", word="changed"), "Second.py")
    work.wait_for("changed Third")
    assert work.lines.count("Running what is due, every minute; Ctrl-C stops.") == 3
    work.process.send_signal(signal.SIGTERM)
    assert work.process.wait(20) == 0
    app.keep_runs()
    assert {name: run["outcome"] for name, run in history(app).items()} == {
        "First": "succeeded",
        "Second": "succeeded",
        "Third": "succeeded",
    }


