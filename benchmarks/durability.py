"""What it costs that nothing runs twice and nothing is lost: the store, the long-lived process, a long history.

PostgreSQL is the one at 127.0.0.1:5432 (user postgres, database test); without it that figure is left out, and said so.
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

from measure import Figure, Target, figure
from whole_run import MASONITES_LINE, OUR_LINE

from scheduler.process import this_process
from scheduler.stores import Claim, DatabaseStore, local_store
from scheduler.stores.connection import Connection
from scheduler.stores.schema import create_statements, drop_statements

MINUTE = timedelta(minutes=1)
START = datetime(2027, 1, 1, tzinfo=timezone.utc)
ROUNDS = 9
KNOWN_TASKS = 200
STORE = "the store"
WORK = "schedule:work"
HISTORY = "commands with 1,000,000 rows of history"
IDLE, CLAIM_SQLITE, CLAIM_POSTGRES = (
    "a tick with nothing due, 200 tasks",
    "1,000 claims, SQLite",
    "1,000 claims, PostgreSQL",
)
LATENCY, IDLE_CPU, MEMORY = "start of a task after the minute, p99", "CPU while idle", "memory beyond the booted app"
COMMANDS = (["schedule:list"], ["schedule:history"], ["schedule:history", "Due", "--failed"], ["schedule:run"])
LIMITS = {IDLE: 10, CLAIM_SQLITE: 2000, CLAIM_POSTGRES: 4000, LATENCY: 100, IDLE_CPU: 0.2, MEMORY: 10}
LATENCY_SCRIPT = """
import sys, time
from datetime import datetime, timedelta, timezone
from wsgi import application
from scheduler.listeners import ConsoleListener
from scheduler.Work import Work

bound = application.make("scheduler")
scheduler = getattr(bound.run, "__self__", bound).scheduler
jumped = timedelta()
ticks = 0


def now():
    '''A clock that jumps over all of a minute but its last half second, so that a minute is over soon.'''
    global jumped, ticks
    seen = datetime.now(timezone.utc) + jumped
    if seen.second < 59:
        jumped += timedelta(seconds=59.5) - timedelta(seconds=seen.second, microseconds=seen.microsecond)
        ticks += 1
        with open("boundaries", "a") as file:
            file.write(f"{time.time() + 0.5}\\n")
        if ticks > CYCLES:
            work.supervisor.stop()
    return datetime.now(timezone.utc) + jumped


work = Work(scheduler, ConsoleListener(lambda line: None, print), now)
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


def measured(cycles=60, idle_seconds=60):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        figures = [_idle_tick(root), _claims(local_store(str(root / "claims.sqlite3")), CLAIM_SQLITE)]
        postgres = _postgres()
        if postgres is None:
            print("  no PostgreSQL at 127.0.0.1:5432: its figure is left out", flush=True)
        else:
            figures.append(_claims(postgres, CLAIM_POSTGRES))
            for statement in drop_statements():
                postgres.connection.change(statement)
        app = _app(root)
        figures += [_latency(app, cycles), *_idle_process(app, idle_seconds)]
        figures += _long_history(app)
    return figures


def targets(figures):
    found = {each.who: each for each in figures}
    limited = [Target(who, found[who].median, limit, found[who].unit) for who, limit in LIMITS.items() if who in found]
    slow = [Target(each.who, each.median, 1000, each.unit) for each in figures if each.section == HISTORY]
    return limited + slow


def _idle_tick(root):
    """What a process that cron starts each minute does with the store when nothing is due."""
    path, owner = str(root / "idle.sqlite3"), str(this_process())
    keys = [f"app.tasks.Task{number}" for number in range(KNOWN_TASKS)]
    seconds = []
    for round_number in range(ROUNDS + 1):
        now = START + round_number * MINUTE
        start = time.perf_counter()
        store = local_store(path)
        store.cursors()
        store.open_runs()
        store.claim([], dict.fromkeys(keys, now + MINUTE), owner, now, ticked="benchmark")
        store.prune(now - timedelta(days=30))
        store.connection.close()
        seconds.append(time.perf_counter() - start)
    return figure(STORE, IDLE, seconds[1:], unit="ms", per_second=1e3)


def _claims(store, who):
    owner, seconds = str(this_process()), []
    for round_number in range(ROUNDS):
        fire_time = START + round_number * MINUTE
        claims = [Claim(f"Task{number}", f"Task{number}@{fire_time}", fire_time) for number in range(1000)]
        start = time.perf_counter()
        runs = store.claim(claims, {claim.key: fire_time + MINUTE for claim in claims}, owner, fire_time)
        seconds.append(time.perf_counter() - start)
        if len(runs) != len(claims):
            raise AssertionError(f"{who}: {len(runs)} of {len(claims)} claims won")
    return figure(STORE, who, seconds, unit="ms", per_second=1e3)


def _postgres():
    import psycopg2

    def opened():
        raw = psycopg2.connect(host="127.0.0.1", port=5432, user="postgres", dbname="test")
        raw.autocommit = True
        return raw

    try:
        opened().close()
    except psycopg2.OperationalError:
        return None
    store = DatabaseStore(Connection("postgres", opened, "the benchmark's store"))
    for statement in [*drop_statements(), *create_statements("postgres")]:
        store.connection.change(statement)
    return store


def _app(root):
    masonite = Path(sys.executable).with_name("masonite")
    new = [masonite, "new", "blog", "--no-input", "--no-venv", "--no-git", "--no-serve"]
    subprocess.run(new, cwd=root, check=True, stdout=subprocess.DEVNULL)
    app = root / "blog"
    providers = app / "config" / "providers.py"
    providers.write_text(providers.read_text().replace(MASONITES_LINE, OUR_LINE))
    (app / "app" / "tasks").mkdir()
    (app / "app" / "tasks" / "Due.py").write_text(TASK)
    return app


def _latency(app, cycles):
    """How long after the minute has begun the first task of schedule:work does."""
    (app / "latency.py").write_text(LATENCY_SCRIPT.replace("CYCLES", str(cycles)))
    subprocess.run([sys.executable, "latency.py"], cwd=app, check=True, stdout=subprocess.DEVNULL)
    starts = sorted(float(line) for line in (app / "starts").read_text().split())
    boundaries = sorted(float(line) for line in (app / "boundaries").read_text().split())
    late = [min(start - begun for begun in boundaries if begun <= start + 0.01) for start in starts[1:]]
    p99 = quantiles(late, n=100)[98] * 1e3
    return Figure(WORK, LATENCY, min(late) * 1e3, p99, "ms", f"of {len(late)} minutes; best is the shortest")


def _idle_process(app, seconds):
    """What schedule:work takes while it has nothing to do: its CPU over whole minutes, and its memory."""
    (app / "app" / "tasks" / "Due.py").write_text(TASK.replace('"1 minute"', '"1 year"'))
    booted = "import os, wsgi; print(open('/proc/self/status').read())"
    before = subprocess.run([sys.executable, "-c", booted], cwd=app, check=True, capture_output=True, text=True).stdout
    process = subprocess.Popen([sys.executable, "craft", "schedule:work"], cwd=app, stdout=subprocess.DEVNULL)
    try:
        time.sleep(5)
        used, start = _cpu_seconds(process.pid), time.monotonic()
        time.sleep(seconds)
        share = (_cpu_seconds(process.pid) - used) / (time.monotonic() - start) * 100
        grown = (_resident(Path(f"/proc/{process.pid}/status").read_text()) - _resident(before)) / 1024
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
    return [
        Figure(WORK, IDLE_CPU, share, share, "%", f"of a core, over {seconds} s"),
        Figure(WORK, MEMORY, grown, grown, "MB"),
    ]


def _long_history(app):
    """What the commands take with a million rows of history, from the start of the process to its end."""
    path = app / "storage" / "framework" / "scheduler.sqlite3"
    database = sqlite3.connect(path)
    database.execute("DELETE FROM scheduler_runs")
    database.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)"
        " INSERT INTO scheduler_runs (slot, task, fire_time, attempt, late, outcome, claimed_at, started_at, ended_at,"
        " owner, host, pid) SELECT 'Due@' || i, CASE i % 20 WHEN 0 THEN 'Due' ELSE 'Task' || i % 500 END, t, 1, 0,"
        " CASE i % 50 WHEN 0 THEN 'failed' ELSE 'succeeded' END, t, t, t, 'x', 'x', 1"
        " FROM (SELECT i, strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || ((1000000 - i) / 40) || ' minutes') AS t"
        " FROM n)"
    )
    database.commit()
    database.close()
    figures = []
    for command in COMMANDS:
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            ended = subprocess.run([sys.executable, "craft", *command], cwd=app, capture_output=True, text=True)
            seconds.append(time.perf_counter() - start)
            if ended.returncode:
                raise AssertionError(f"{command} ended with {ended.returncode}: {ended.stderr}")
        figures.append(figure(HISTORY, "craft " + " ".join(command), seconds, unit="ms", per_second=1e3, note="whole"))
    return figures


def _cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(status):
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


if __name__ == "__main__":
    found = measured()
    for each in found:
        print(f"{each.section:<42} {each.who:<44} {each.best:>9.3f} {each.median:>9.3f} {each.unit:<3} {each.note}")
    for target in targets(found):
        print(f"{target.what:<60} {target.value:>9.3f} {target.limit:>9.3f} {'pass' if target.met else 'FAIL'}")
