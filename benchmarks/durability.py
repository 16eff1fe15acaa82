"""The cost of running nothing twice and losing nothing: the store, the long-lived process, a long history.

The servers are those of the tests (TEST_POSTGRES, TEST_MYSQL); a missing one is left out and reported. Targets are
compared with medians, except the start of tasks after the minute, which is a 99th percentile.
"""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from statistics import quantiles

import idle_minute
import whole_run
from measure import Figure, Target, figure
from samples import declarations

from scheduler import Task
from scheduler.config.Settings import Settings
from scheduler.execution.Scheduler import Scheduler
from scheduler.listeners import ConsoleListener
from scheduler.masonite.MasoniteApp import MasoniteApp
from scheduler.processes.identity import this_process
from scheduler.stores import Claim, local_store
from scheduler.tasks.TaskRegistry import TaskRegistry

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from contracts.databases import (
    Application,
    drop_database,
    make_database,
    make_empty_tables,
    open_store,
    why_unreachable,
)

MINUTE = timedelta(minutes=1)
START = datetime(2027, 1, 1, tzinfo=timezone.utc)
FEW = 9
TASKS = 200
DUE_AT_ONCE = 1000
STORE, WORK, HISTORY = "the store", "schedule:work", "commands with 1,000,000 rows of history"
IDLE = f"store of a tick with nothing due, {TASKS} tasks"
CLAIMS = {driver: f"1,000 claims, {name}" for driver, name in (("local", "SQLite"), ("postgres", "PostgreSQL"), ("mysql", "MariaDB"))}
LATENCY, IDLE_CPU, MEMORY = "start of a task after the minute, p99", "CPU while idle", "memory beyond the booted app"
LIMITS = {IDLE: 10, CLAIMS["local"]: 2000, CLAIMS["postgres"]: 4000, LATENCY: 100, IDLE_CPU: 0.2, MEMORY: 10}
SLOWEST_COMMAND = 1000
ROWS = 1_000_000
A_MINUTE = 16
"""Rows of history a minute: six weeks of them, so that each tick has old ones to remove, too."""
COMMANDS = (
    "schedule:list",
    "schedule:history",
    "schedule:history --failed --since '1 minute'",
    "schedule:history Due",
    "schedule:history Due --failed --limit 100",
    "schedule:history Due --failed --since '1 minute'",
    f"schedule:history {ROWS // 2}",
    "schedule:explain Due",
    "schedule:doctor",
    "schedule:unlock Due",
    "schedule:run",
)
LATENCY_SCRIPT = """
import time
from datetime import datetime, timedelta, timezone
from wsgi import application
from scheduler.listeners import ConsoleListener
from scheduler.execution.ScheduleLoop import ScheduleLoop

bound = application.make("scheduler")
scheduler = getattr(bound.run, "__self__", bound).scheduler
jumped = timedelta()
minutes = 0


def now():
    '''A clock that jumps over all of a minute but its last half second, so that a minute is over soon.'''
    global jumped, minutes
    seen = datetime.now(timezone.utc) + jumped
    if seen.second < 59:
        jumped += timedelta(seconds=59.5) - timedelta(seconds=seen.second, microseconds=seen.microsecond)
        minutes += 1
        with open("boundaries", "a") as file:
            file.write(f"{time.time() + 0.5}\\n")
        if minutes > MINUTES:
            work.supervisor.stop()
    return datetime.now(timezone.utc) + jumped


work = ScheduleLoop(scheduler, ConsoleListener(lambda line: None, print), now)
work.run()
"""
TASK = """
import time

from scheduler import Task


class Due(Task):
    run_every = "1 minute"
    overlap = True

    def handle(self):
        with open("starts", "a") as file:
            file.write(f"{time.time()}\\n")
"""


def measured(rounds, idle_seconds=60, rows=ROWS):
    """Return the figures; there are no ratios."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        figures = [_idle_tick(root), *_claims(root)]
        app = _app(root)
        figures += [_latency(app, rounds * 2), *_idle_process(app, idle_seconds)]
        figures += _long_history(app, rows)
    return figures, {}


def targets(figures, _ratios):
    """Return the targets with the measured figures; PostgreSQL's is left out if it is missing."""
    found = {each.who: each for each in figures}
    limited = [Target(who, found[who].median, limit, found[who].unit) for who, limit in LIMITS.items() if who in found]
    slowest = max((each for each in figures if each.section == HISTORY), key=lambda each: each.median)
    return [*limited, Target(f"{slowest.who}, the slowest with 1,000,000 rows", slowest.median, SLOWEST_COMMAND, "ms")]


def _idle_tick(root):
    """How long a tick waits for its store if nothing is due, with the store opened for each tick, as under cron."""
    settings = Settings(path=str(root / "idle.sqlite3"))
    later = declarations(TASKS, lambda attributes: whole_run.is_later(attributes, START + timedelta(hours=2), START))
    tasks = [type(f"Task{n}", (Task,), {**attributes, "handle": lambda _self: None}) for n, attributes in enumerate(later)]
    seconds = []
    for number in range(FEW + 1):
        app = MasoniteApp(Application(None, str(root)))
        registry = TaskRegistry(app.bound, app.call, lambda: ("/nowhere", "nowhere"), settings.options)
        scheduler = Scheduler(registry, app, settings)
        scheduler.add(*tasks)
        waited = _clocked(scheduler.store.connection)
        if scheduler.tick(START + number * MINUTE, ConsoleListener(print, print)):
            raise AssertionError("a tick with nothing due went wrong")
        start = time.perf_counter()
        scheduler.store.connection.close()
        seconds.append(sum(waited) + time.perf_counter() - start)
    return figure(STORE, IDLE, seconds[1:], unit="ms", per_second=1e3, note="opened and closed too; wall")


def _clocked(connection):
    """Return a list to which the connection adds the seconds of each call."""
    seconds = []
    try_again = connection._try_again

    def clocked(work):
        start = time.perf_counter()
        try:
            return try_again(work)
        finally:
            seconds.append(time.perf_counter() - start)

    connection._try_again = clocked
    return seconds


def _claims(root):
    figures = [_claims_of(local_store(str(root / "claims.sqlite3")), CLAIMS["local"])]
    for driver in ("postgres", "mysql"):
        reason = why_unreachable(driver)
        if reason:
            print(f"  left out: {reason}", flush=True)
            continue
        details = make_database(driver, f"scheduler_benchmark_{os.getpid()}", lasting=True)
        try:
            make_empty_tables(details)
            store = open_store(details)
            figures.append(_claims_of(store, CLAIMS[driver]))
            store.connection.close()
        finally:
            drop_database(details)
    return figures


def _claims_of(store, who):
    owner, seconds = str(this_process()), []
    for number in range(FEW):
        fire_time = START + number * MINUTE
        claims = [Claim(f"Task{n}", f"Task{n}@{fire_time}", fire_time) for n in range(DUE_AT_ONCE)]
        start = time.perf_counter()
        runs = store.claim(claims, {claim.key: fire_time + MINUTE for claim in claims}, owner, fire_time)
        seconds.append(time.perf_counter() - start)
        if len(runs) != len(claims):
            raise AssertionError(f"{who}: {len(runs)} of {len(claims)} claims won")
    return figure(STORE, who, seconds, unit="ms", per_second=1e3, note="in one tick; wall")


def _app(root):
    whole_run.new_app(root)
    app = root / "blog"
    whole_run.exchange_provider(app)
    (app / "app" / "tasks").mkdir(exist_ok=True)
    (app / "app" / "tasks" / "Due.py").write_text(TASK)
    return app


def _latency(app, minutes):
    """How long after the beginning of the minute the first task of schedule:work starts."""
    (app / "latency.py").write_text(LATENCY_SCRIPT.replace("MINUTES", str(minutes)))
    subprocess.run([sys.executable, "latency.py"], cwd=app, check=True, stdout=subprocess.DEVNULL, timeout=600)
    starts = sorted(float(line) for line in (app / "starts").read_text().split())
    boundaries = sorted(float(line) for line in (app / "boundaries").read_text().split())
    late = [min(start - begun for begun in boundaries if begun <= start + 0.01) for start in starts[1:]]
    p99 = quantiles(late, n=100, method="inclusive")[98] * 1e3
    return Figure(WORK, LATENCY, p99, p99, "ms", f"of {len(late)} minutes; the shortest {min(late) * 1e3:.1f} ms")


def _idle_process(app, seconds):
    """CPU time and memory of schedule:work while it has nothing to do, over whole minutes."""
    (app / "app" / "tasks" / "Due.py").write_text(TASK.replace('"1 minute"', '"1 year"'))
    booted = "import wsgi; print(open('/proc/self/status').read())"
    before = subprocess.run([sys.executable, "-c", booted], cwd=app, check=True, capture_output=True, text=True, timeout=60).stdout
    process = subprocess.Popen([sys.executable, "craft", "schedule:work"], cwd=app, stdout=subprocess.DEVNULL)
    try:
        time.sleep(10)
        used, start = idle_minute.cpu_of(process.pid), time.monotonic()
        time.sleep(seconds)
        share = (idle_minute.cpu_of(process.pid) - used) / (time.monotonic() - start) * 100
        grown = (_resident(Path(f"/proc/{process.pid}/status").read_text()) - _resident(before)) / 1024
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    return [
        Figure(WORK, IDLE_CPU, share, share, "%", f"of a core, over {seconds} s"),
        Figure(WORK, MEMORY, grown, grown, "MB"),
    ]


def _long_history(app, rows):
    """How long commands take with a million rows of history, from the start of the process to its end."""
    path = app / ".scheduler" / "scheduler.sqlite3"
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("DELETE FROM scheduler_runs")
    database.execute(
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})"
        " INSERT INTO scheduler_runs (id, slot, task, fire_time, attempt, late, outcome, claimed_at, started_at, ended_at,"
        " owner, host, pid) SELECT i, 'Due@' || i, CASE i % 20 WHEN 0 THEN 'Due' ELSE 'Task' || i % 500 END, t, 1, 0,"
        " CASE i % 50 WHEN 1 THEN 'failed' ELSE 'succeeded' END, t, t, t, 'x', 'x', 1"
        f" FROM (SELECT i, strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || (({rows} - i) / {A_MINUTE}) || ' minutes') AS t"
        " FROM n)"
    )
    database.close()
    figures = []
    for command in COMMANDS:
        words = re.findall(r"'[^']*'|\S+", command.replace(str(ROWS // 2), str(rows // 2)))
        arguments = [sys.executable, "craft", *(word.strip("'") for word in words)]
        seconds = [_wall(arguments, app) for _ in range(3)]
        figures.append(figure(HISTORY, f"craft {command}", seconds, unit="ms", per_second=1e3, note="whole; wall"))
    return figures


def _wall(command, app):
    start = time.perf_counter()
    ended = subprocess.run(command, cwd=app, env=whole_run.ENVIRONMENT, capture_output=True, text=True, timeout=600)
    seconds = time.perf_counter() - start
    if ended.returncode:
        raise AssertionError(f"{command} ended with {ended.returncode}: {ended.stdout}{ended.stderr}")
    return seconds


def _resident(status):
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


if __name__ == "__main__":
    found, _ = measured(10, 20, 20_000)
    for each in found:
        print(f"{each.section:<42} {each.who:<60} {each.best:>9.3f} {each.median:>9.3f} {each.unit:<3} {each.note}")
    for target in targets(found, {}):
        print(f"{target.what:<90} {target.value:>9.3f} {target.limit:>9.3f} {'pass' if target.met else 'FAIL'}")
