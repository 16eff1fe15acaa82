"""Measure one engine for executors.py and print the figures as JSON; a separate program, since tests/ has equal names."""

import importlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from statistics import median

from measure import Figure

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from contracts.databases import drop_database, make_database
from contracts.databases import why_unreachable as why_no_database
from executors.engines import NAME, RABBIT, REDIS, Celery, Queue, why_unreachable
from executors.fleet import Fleet
from integration.apps import ARRANGEMENTS, make_app, make_template
from integration.booted_app import booted

from scheduler import clock
from scheduler.executors import Executors
from scheduler.executors.execute import scheduler_of
from scheduler.stores import Claim

ENGINES = {
    "celery, RabbitMQ": Celery(RABBIT, "prefork"),
    "celery, Redis": Celery(REDIS, "prefork"),
    "queue, amqp": Queue("amqp", RABBIT),
    "queue, redis": Queue("redis", REDIS, masonite=(5,)),
    "queue, database": Queue("database"),
}
SECTION = "runs on the workers of an engine"
WORKERS, JOBS, SINGLE = 4, 1000, 40
LONGEST = 600.0
NOTE = """
import os, time


def note(number):
    descriptor = os.open("notes", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{number} {time.time()}\\n".encode())
    os.close(descriptor)
"""
TASK = """
from scheduler.Task import Task

from app.note import note


class Empty(Task):
    run_cron = "0 0 29 2 *"
    executor = "fleet"
    overlap = True

    def handle(self):
        note(self.current_run.id)
"""
BARE_TASK = """

@celery.task(name="bare", ignore_result=True)
def bare(number):
    from app.note import note

    note(number)
"""
BARE_JOB = """
from app.note import note


class Bare:
    def __init__(self, number):
        self.number = number

    def handle(self, *_, **__):
        note(self.number)

    def failed(self, *_):
        pass
"""


def main(name):
    """Print the figures of an engine, or why it cannot be measured."""
    engine = ENGINES[name]
    missing = [reason for broker in engine.brokers if (reason := why_unreachable(broker))]
    if missing:
        sys.exit(f"left out: {name}: there is not {missing[0]}")
    with tempfile.TemporaryDirectory() as folder:
        app = make_app(make_template(Path(folder)), Path(folder) / "app", ARRANGEMENTS["ours last"])
        print(json.dumps([asdict(each) for each in _of_engine(name, app)]))


def _of_engine(name, app):
    engine = ENGINES[name]
    database = None if why_no_database("postgres") else make_database("postgres", f"scheduler_executors_{os.getpid()}")
    fleet = Fleet(app, engine, database, tasks=TASK, witness=False)
    try:
        app.write("app/note.py", NOTE)
        app.write("app/bare_job.py", BARE_JOB)
        if isinstance(engine, Celery):
            app.write("app/celery.py", engine.files()["app/celery.py"] + BARE_TASK)
        fleet.start_workers(WORKERS)
        with booted(fleet.root) as application:
            contenders = {"bare job": _bare(application, engine), "run": _ours(application, fleet)}
            return [each for what, send in contenders.items() for each in _figures(fleet.root, name, what, send)]
    finally:
        fleet.close()
        if database:
            drop_database(database)


def _figures(root, name, what, send):
    """Let one contender start single jobs, then many."""
    notes = Notes(root / "notes")
    notes.after(send(1))  # loads what the first job loads, on either side
    late = []
    for _ in range(SINGLE):
        sent = time.time()
        late.append(notes.after(send(1)) - sent)
    begin = time.time()
    seconds = notes.after(send(JOBS)) - begin
    per_second = f"{JOBS / seconds:,.0f} a second"
    late_ms = median(late) * 1e3
    yield Figure(SECTION, f"{name}: start of a {what}", late_ms, late_ms, "ms", f"median of {SINGLE}; wall")
    yield Figure(SECTION, f"{name}: {JOBS:,} {what}s", seconds, seconds, "s", f"{per_second}, {WORKERS} workers; wall")


class Notes:
    """The recorded start of each job."""

    def __init__(self, path):
        self._path = path

    def after(self, expected):
        """Wait until all these have begun, and return when the last one did."""
        give_up = time.monotonic() + LONGEST
        while time.monotonic() < give_up:
            found = self._read()
            if expected <= found.keys():
                return max(found[number] for number in expected)
            time.sleep(0.002 if len(expected) == 1 else 0.1)
        raise AssertionError(f"{len(expected - found.keys())} of {len(expected)} jobs have not begun")

    def _read(self):
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        found = {}
        for line in lines:
            number, _, at = line.partition(" ")
            found.setdefault(int(number), float(at))
        return found


def _bare(application, engine) -> Callable[[int], set[int]]:
    """Return a function that sends `count` bare jobs of the engine and returns their numbers, which are negative."""
    sent = 0

    def send(many):
        nonlocal sent
        numbers = range(-sent - many, -sent)
        for number in numbers:
            push(number)
        sent += many
        return set(numbers)

    if isinstance(engine, Celery):
        app = importlib.import_module("app.celery")

        def push(number):
            app.bare.apply_async([number], queue=NAME)
    else:
        job, queue = importlib.import_module("app.bare_job").Bare, application.make("queue")

        def push(number):
            queue.push(job(number), driver=engine.driver, queue=NAME)

    return send


def _ours(application, fleet) -> Callable[[int], set[int]]:
    """Return a function that hands over `count` runs and returns their ids."""
    executors = Executors(scheduler_of(application).settings.executors, application, "database")
    sent = 0

    def send(many):
        nonlocal sent
        now = clock.real_now()
        claims = [Claim("Empty", f"Empty@{number}", now - timedelta(hours=1), True, executor="fleet") for number in range(sent, sent + many)]
        sent += many
        runs = fleet.store.claim(claims, {}, "", now)
        executors.submit("fleet", runs)
        return {run.id for run in runs}

    return send


if __name__ == "__main__":
    main(sys.argv[1])
