"""An app whose runs are executed by the workers of an engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from contracts.databases import execute, open_store
from durability.harness import children_of
from integration.apps import App, Finished, process_environment
from integration.booted_app import booted

from executors.engines import Engine
from executors.forked import Forked, load
from scheduler import clock
from scheduler.executors import Executors
from scheduler.executors.execute import scheduler_of
from scheduler.runs import Run
from scheduler.stores import Claim, Store, slot_of
from scheduler.stores.schema import create_statements

LONGEST = 30.0
NEVER = "0 0 29 2 *"
JOBS = [
    "CREATE TABLE jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, payload BLOB, available_at TEXT, attempts INTEGER, queue TEXT, reserved_at TEXT, ran_at TEXT, created_at TEXT, updated_at TEXT)"
]
TASKS = """
import json
import os
import time

from scheduler.Task import Task


def note(task, what="start"):
    run = task.current_run
    line = json.dumps({"what": what, "key": run.key, "run": run.id, "attempt": run.attempt, "pid": os.getpid(), "at": time.time()})
    with open("notes", "a") as file:
        file.write(line + "\\n")


class Noting(Task):
    run_cron = "0 0 29 2 *"
    executor = "fleet"

    def handle(self):
        note(self)
        self.work()
        note(self, "end")

    def failed(self, run):
        note(self, "failed")


class Quick(Noting):
    overlap = True

    def work(self):
        print("Hello from a worker.")


class Failing(Noting):
    retries = 1

    def work(self):
        raise ValueError("no")


class Leaving(Noting):
    def work(self):
        raise SystemExit(3)


class Attribute(Noting):
    def work(self):
        self.nothing_of_that_name


class Endless(Noting):
    timeout = "1 second"

    def work(self):
        time.sleep(600)


class Waiting(Noting):
    retries = 1

    def work(self):
        name = f"go-{self.current_run.id}"
        while not os.path.exists(name):
            time.sleep(0.02)


class Patient(Waiting):
    retries = 0


class Paused(Waiting):
    pass


class Told(Noting):
    append_output_to = "told.log"
    ping_url = "ENDPOINT"

    def work(self):
        print("Told by a worker.")

    def before(self):
        note(self, "before")

    def succeeded(self, run):
        note(self, "succeeded")


class Refusing(Noting):
    def when(self):
        return False


class Impatient(Quick):
    grace = "1 minute"


class Kept(Quick):
    catch_up = "latest"


class Nowhere(Quick):
    executor = "nowhere"


class Minutely(Task):
    run_every = "1 minute"
    executor = "fleet"
    overlap = True

    def handle(self):
        note(self)
"""


LISTENER = """
import json

from scheduler import events


class Witness:
    def handle(self, event):
        with open("events", "a") as file:
            file.write(json.dumps([type(event).__name__, event.run.id, event.run.executor]) + "\\n")


def listen(app):
    for name in events.__all__:
        app.make("event").listen(getattr(events, name), [Witness])
"""


class Fleet:
    """An app, its engine and its workers. `store` looks at the app's store from here.

    With a witness the app writes each event of a run to the file `events`, in a process for each run.
    """

    def __init__(
        self, app: App, engine: Engine, details: dict[str, Any] | None = None, tasks: str = TASKS, *, witness: bool = True
    ) -> None:
        self.app = app
        self.engine = engine
        self.root: Path = app.root
        self.workers: list[Any] = []
        self._forks = self._is_closed = False
        sqlite = {"driver": "sqlite", "database": str(self.root / "app.sqlite3"), "prefix": "", "log_queries": False}
        execute(sqlite, *JOBS)
        details = details or {**sqlite, "database": str(self.root / "store.sqlite3")}
        execute(details, *create_statements(details["driver"]))
        databases = {"default": "sqlite", "sqlite": sqlite, "store": details}
        app.write("config/database.py", _database_file(databases))
        self.executors = {"fleet": engine.config, "nowhere": {"driver": "custom", "submit": "app.nowhere.submit"}}
        self.configure()
        app.write("app/nowhere.py", "def submit(run_id):\n    raise ConnectionError('nobody is there')\n")
        for path, text in engine.files().items():
            app.write(path, text)
        app.write("app/tasks/Tasks.py", tasks)
        if witness:
            app.write("app/witness.py", LISTENER)
            app.provider("listen(app)", header="from app.witness import listen")
        self.store: Store = open_store(details)
        self.store.heard_workers()  # connects now: later, Masonite 4 would read the database from the app's settings
        app.keep_runs()

    def configure(self, **settings: str) -> None:
        """Write the settings of the scheduler."""
        settings = {"LEASE": "5 seconds", "STOP_GRACE": "1 second", "KILL_GRACE": "1 second", **settings}
        lines = ["STORE = 'database'", "CONNECTION = 'store'", f"EXECUTORS = {self.executors!r}"]
        self.app.write("config/scheduler.py", "\n".join([*lines, *(f"{name} = {value!r}" for name, value in settings.items())]))

    # -- workers --

    def start_workers(self, number: int = 2) -> None:
        self.workers += [self._start(command) for command in self.engine.commands(number)]

    def replace_workers(self) -> None:
        """Start each worker again that is gone."""
        self.workers = [self._start(worker.args) if worker.poll() is not None else worker for worker in self.workers]

    def fork_workers(self) -> None:
        """Fork workers from this process from now on."""
        load(self.root)
        self._forks = True

    def _start(self, command: Any) -> Any:
        if self._forks:
            return Forked(command, self.root, "workers.log")
        environment = process_environment(PYTHONUNBUFFERED="1", **self.engine.environment)
        with (self.root / "workers.log").open("ab") as log:
            return subprocess.Popen(command, cwd=self.root, stdout=log, stderr=log, env=environment, start_new_session=True)

    def stop_workers(self, number: int = signal.SIGKILL) -> None:
        """End all workers, with everything below them."""
        for worker in self.workers:
            with suppress(ProcessLookupError):
                for child in children_of(worker.pid) if number == signal.SIGKILL else []:
                    os.kill(child, number)
                worker.send_signal(number)
        for worker in self.workers:
            worker.wait(timeout=LONGEST)
        self.workers.clear()

    def warn_workers(self) -> None:
        """Signal all workers to stop: RQ's stop only if the process of their job gets the signal."""
        for worker in self.workers:
            for pid in children_of(worker.pid) if self.engine.warns_children else [worker.pid]:
                os.kill(pid, signal.SIGTERM)

    def close(self) -> None:
        """End everything, once."""
        if self._is_closed:
            return
        self._is_closed = True
        self.stop_workers()
        self.engine.purge(self.root)
        self.store.close()

    # -- ticks --

    def fork_tick(self) -> Forked:
        return Forked([sys.executable, "craft", "schedule:run"], self.root, "ticks.log")

    def tick(self, *arguments: str) -> Finished:
        return self.app.craft("schedule:run", *arguments)

    def claim(self, key: str, minutes: int = 0, **more: Any) -> Run:
        """Claim a fire time as a tick does that is killed before it has handed the run over."""
        now = clock.real_now()
        fire_time = now.replace(microsecond=0) + timedelta(minutes=minutes)
        claim = Claim(key, slot_of(key, fire_time), fire_time, executor="fleet")._replace(**more)
        (run,) = self.store.claim([claim], {}, "", now)
        return run

    def ring(self, run: Run, times: int = 1) -> None:
        """Send messages with the id of a run, without a tick."""
        with booted(self.root) as application:
            executors = Executors(scheduler_of(application).settings.executors, application, "database")
            executors.submit("fleet", [run] * times)

    def run(self, key: str, minutes: int = 0, **more: Any) -> Run:
        """Claim a fire time, and let a tick hand the run over."""
        run = self.claim(key, minutes, **more)
        self.tick("--task", key).exits(0)
        return run

    # -- what came of it --

    def outcome(self, run: Run) -> Run | None:
        found = self.store.run(run.id)
        return found if found and found.outcome else None

    def ended(self, run: Run) -> Run:
        return self.wait(lambda: self.outcome(run), f"the end of {run.key}")

    def runs_of(self, key: str) -> list[Run]:
        return sorted(self.store.history(keys=[key], limit=1000), key=lambda run: run.id)

    def notes(self, key: str = "", what: str = "start") -> list[dict[str, Any]]:
        with suppress(FileNotFoundError):
            lines = map(json.loads, (self.root / "notes").read_text().splitlines())
            return [line for line in lines if line["what"] == what and key in ("", line["key"])]
        return []

    def events_of(self, run: Run) -> list[str]:
        with suppress(FileNotFoundError):
            events = map(json.loads, (self.root / "events").read_text().splitlines())
            return [name for name, id_, executor in events if (id_, executor) == (run.id, run.executor)]
        return []

    def starts_of(self, run: Run) -> int:
        return sum(note["run"] == run.id for note in self.notes())

    def started(self, run: Run) -> Run:
        self.wait(lambda: self.starts_of(run), f"the start of {run.key}")
        return self.store.run(run.id)

    def go(self, run: Run) -> None:
        (self.root / f"go-{run.id}").touch()

    def wait(self, condition: Callable[[], Any], what: str, longest: float = LONGEST) -> Any:
        give_up = time.monotonic() + longest
        while not (found := condition()):
            if time.monotonic() > give_up:
                log = (self.root / "workers.log").read_text(errors="replace")[-3000:] if self.workers else ""
                raise AssertionError(f"waited {longest:.0f} seconds for {what}\n{log}")
            time.sleep(0.02)
        return found


def _database_file(databases: dict[str, Any]) -> str:
    return (
        "from masoniteorm.connections import ConnectionResolver\n\n"
        f"DATABASES = {databases!r}\nDB = ConnectionResolver().set_connection_details(DATABASES)\n"
    )

