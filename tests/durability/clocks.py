"""Clocks that jump: as a number passed to ticks, and as whole processes see them (libfaketime)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from glob import glob
from pathlib import Path
from random import Random

from integration.apps import ARRANGEMENTS, App, make_app, make_template, process_environment
from waiting import wait_until

from durability.dst_weeks import Entry, Model
from durability.harness import LONGEST, Harness, minute
from scheduler.runs import Outcome, Run
from scheduler.stores import Store, local_store

MINUTE = timedelta(minutes=1)
TASK = """\
from scheduler import Task


class Due(Task):
    run_every = "1 minute"
    timezone = "UTC"

    def handle(self):
        with open("witness", "a") as file:
            file.write(f"{self.current_run.fire_time.isoformat()}\\n")
"""

def library() -> str:
    """Return the path of libfaketime, empty if it is not installed."""
    places = ("/usr/lib/*/faketime", "/usr/lib/faketime", "/usr/local/lib/faketime")
    found = [path for place in places for path in glob(f"{place}/libfaketime.so.1")]
    return found[0] if found else ""


def wandering(random: Random, steps: int) -> Iterator[int]:
    """Yield the minutes of a clock that is set again and again, but never to a minute before the first."""
    now = 100
    yield now
    for _ in range(steps):
        chance = random.random()
        if chance < 0.15:
            now = max(100, now - random.randint(1, 90))
        elif chance < 0.3:
            now += random.randint(2, 90)
        elif chance < 0.9:
            now += 1
        yield now


def wander(harness: Harness, random: Random, steps: int) -> list[str]:
    """Tick by a clock that goes back and forth, and return what is wrong."""
    harness.add("a")
    harness.add("b", catch_up="latest")
    harness.add("c", catch_up="all", catch_up_limit=3)
    policies = {task["key"]: task for task in harness.tasks}
    numbers = list(wandering(random, steps))
    models = {key: Model(_every_minute(numbers), options) for key, options in policies.items()}
    wrong = []
    for number in numbers:
        before = len(harness.lines("start"))
        code = harness.tick(number).wait()
        wrong += [f"exit code {code} at {number}"] if code else []
        found = [(line.key, line.fire_time) for line in harness.lines("start")[before:]]
        wanted = [(key, fire.isoformat()) for key, model in models.items() for fire in model.tick(minute(number))]
        if sorted(found) != sorted(wanted):
            wrong.append(f"at {number}: ran {found}, not {wanted}")
    entries = {key: model.entries for key, model in models.items()}
    return wrong + [f"{key}: {found}" for key in models for found in differences(entries[key], harness.runs(key))]


def differences(wanted: dict[datetime, Entry], runs: list[Run]) -> list[str]:
    """Return how the runs of a task differ from the model."""
    wrong = [f"{run.fire_time} has no outcome, or another: {run.outcome}" for run in runs if run.outcome not in SETTLED]
    found = {run.fire_time: Entry(run.outcome is Outcome.SUCCEEDED, run.late) for run in runs if run.fire_time}
    wrong += ["a fire time has two runs"] if len(found) != len(runs) else []
    return wrong + [str(each) for each in sorted({*wanted.items()} ^ {*found.items()})]


SETTLED = {Outcome.SUCCEEDED, Outcome.MISSED}


def _every_minute(numbers: list[int]) -> set[datetime]:
    return {minute(number) for number in range(min(numbers), max(numbers) + 1)}


class FakedApp:
    """A real app whose processes see a clock of our own."""

    def __init__(self, folder: Path, template: Path | None = None) -> None:
        template = template or make_template(folder)
        self.app: App = make_app(template, folder / "blog", ARRANGEMENTS["ours last"])
        self.app.write("app/tasks/Due.py", TASK)
        self.offset = self.app.root / "offset"
        self.environment = {
            "LD_PRELOAD": library(),
            "PYTHONPATH": str(Path(__file__).parents[1] / "faked_clock"),
            "FAKETIME_TIMESTAMP_FILE": str(self.offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    @property
    def store(self) -> Store:
        return local_store(str(self.app.root / ".scheduler" / "scheduler.sqlite3"))

    def set_clock(self, shown: datetime) -> None:
        """Let the clock show `shown` now, in all processes, and run from there."""
        seconds = (shown - datetime.now(timezone.utc)).total_seconds()
        new = self.offset.with_suffix(".new")
        new.write_text(f"{seconds:+.3f}\n", encoding="utf-8")
        new.replace(self.offset)

    def run(self) -> subprocess.CompletedProcess[str]:
        """Run `craft schedule:run` to its end."""
        return subprocess.run(
            self._craft("schedule:run"), cwd=self.app.root, env=self._env(), capture_output=True, text=True, timeout=LONGEST
        )

    def work(self) -> subprocess.Popen[bytes]:
        """Start `craft schedule:work`."""
        with open(self.app.root / "work.log", "ab") as log:
            return subprocess.Popen(self._craft("schedule:work"), cwd=self.app.root, env=self._env(), stdout=log, stderr=log)

    def starts(self) -> list[str]:
        """Return the fire times that the task has recorded."""
        witness = self.app.root / "witness"
        return witness.read_text(encoding="utf-8").split() if witness.exists() else []

    def runs(self) -> list[Run]:
        """Return all runs."""
        store = self.store
        try:
            assert store.leases() == [], "a lease stays"
            return store.history(limit=100_000)
        finally:
            store.close()

    def _craft(self, command: str) -> list[str]:
        return [sys.executable, "craft", command]

    def _env(self) -> dict[str, str]:
        return process_environment(**self.environment)


def wander_by_cron(app: FakedApp, random: Random, steps: int) -> list[str]:
    """Run `craft schedule:run` at times that go back and forth, and return what is wrong."""
    numbers = list(wandering(random, steps))
    model, wrong = Model(_every_minute(numbers), {}), []
    for number in numbers:
        app.set_clock(minute(number) + timedelta(seconds=random.uniform(0, 45)))
        before = len(app.starts())
        ended = app.run()
        if ended.returncode:
            wrong.append(f"exit code {ended.returncode} at {number}: {ended.stderr[-500:]}")
        wanted = [fire.isoformat() for fire in model.tick(minute(number))]
        if app.starts()[before:] != wanted:
            wrong.append(f"at {number}: ran {app.starts()[before:]}, not {wanted}")
    return wrong + differences(model.entries, app.runs())


def wander_while_working(app: FakedApp, random: Random, steps: int) -> list[str]:
    """Set the clock while a `craft schedule:work` runs, and return what is wrong."""
    numbers = list(wandering(random, steps))
    app.set_clock(minute(numbers[0]))
    process = app.work()
    try:
        for position, number in enumerate(numbers):
            if position and number <= max(numbers[:position]):
                _go_back(app, process, number)
            else:
                _go_ahead(app, process, number)
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(LONGEST)
    wrong = [f"exit code {code}"] if code else []
    runs, starts = app.runs(), app.starts()
    wrong += [f"{run.fire_time}: {run.outcome}" for run in runs if run.outcome not in SETTLED]
    fire_times = sorted(run.fire_time for run in runs if run.fire_time)
    ran = sorted(run.fire_time.isoformat() for run in runs if run.outcome is Outcome.SUCCEEDED and run.fire_time)
    every = sorted(_every_minute([numbers[0], max(numbers)]))
    wrong += [] if fire_times[: len(every)] == every else [f"of {every} there is {fire_times}"]
    wrong += [] if ran == sorted(starts) else [f"started {sorted(starts)}, succeeded {ran}"]
    return wrong


def _go_ahead(app: FakedApp, process: subprocess.Popen[bytes], number: int) -> None:
    """Set the clock to a minute, until its run has ended: a clock set while it lives finds it still running, rightly."""

    def ran(store: Store) -> bool:
        return _lives(app, process) and minute(number).isoformat() in app.starts() and not store.leases()

    app.set_clock(minute(number) + timedelta(seconds=1))
    store = app.store
    try:
        wait_until(lambda: ran(store), f"the run of {number}")
    finally:
        store.close()


def _go_back(app: FakedApp, process: subprocess.Popen[bytes], number: int) -> None:
    """Set the clock to shortly before a minute, until it is ticked.

    That needs a look at the clock before the minute begins; else the tick is one for the next minute.
    """

    def ticked(store: Store) -> bool:
        return _lives(app, process) and any(minute(number) <= at < minute(number + 1) for at in store.ticks().values())

    store = app.store
    try:
        begun, before = time.monotonic(), 0.0
        while time.monotonic() - begun < LONGEST and not ticked(store):
            if time.monotonic() - before > 5:
                app.set_clock(minute(number) - timedelta(seconds=1.2))
                before = time.monotonic()
            time.sleep(0.01)
        assert ticked(store), f"no tick of {minute(number)}"
    finally:
        store.close()


def _lives(app: FakedApp, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, (app.app.root / "work.log").read_text(encoding="utf-8")
    return True


def why_not() -> str:
    """Return what the machine lacks, empty if nothing."""
    return "" if library() and os.path.exists("/proc") else "libfaketime (Debian's package `faketime`)"
