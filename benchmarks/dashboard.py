"""The cost of a page of the dashboard: 500 tasks with a million runs, and 5,000 tasks.

CPU time from the request to the bytes of the response, without Masonite around it. Before that, the tasks are found,
templates are compiled and the store is opened: a web process does that once, or (opening an SQLite file) in a
millisecond. `register()` is measured in fresh processes that have imported Masonite, as an app has. It adds one route
at the end of the list, so the time to skip that route is the whole cost for other requests.
"""

import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from durability import Application
from measure import Target, figure

from scheduler import Task
from scheduler.config.Settings import Settings
from scheduler.dashboard.Dashboard import Dashboard
from scheduler.dashboard.messages import Question
from scheduler.execution.Scheduler import Scheduler
from scheduler.masonite.MasoniteApp import MasoniteApp
from scheduler.stores import local_store
from scheduler.tasks.TaskRegistry import TaskRegistry

FEW, MANY = 500, 5000
RUNS = 1_000_000
ROUNDS = 9


class Measured(Task):
    def handle(self):
        pass


SECTION = "a page of the dashboard"
OVERVIEW, QUERIES = f"overview, {FEW} tasks, {RUNS:,} runs", "queries of the overview"
MANY_TASKS = f"overview, {MANY:,} tasks, {RUNS:,} runs"
REGISTER, OTHERS = "register()", "a request that is not for it"
LIMITS = {OVERVIEW: (100, "ms"), QUERIES: (6, ""), MANY_TASKS: (500, "ms"), REGISTER: (2, "ms"), OTHERS: (2, "µs")}
REGISTERED = """
import time
from masonite.foundation import Application
from masonite.routes import HTTPRoute, Router
import scheduler.providers
application = Application(None)
application.bind("router", Router(*[HTTPRoute(f"/page-{number}", request_method=["get"]) for number in range(20)]))
start = time.process_time()
scheduler.providers.ScheduleDashboardProvider(application).register()
took = time.process_time() - start
match, least = application.make("router").routes[-1].match, 1.0
for _ in range(9):
    start = time.process_time()
    for _ in range(10_000):
        match("/public", "GET")
    least = min(least, (time.process_time() - start) / 10_000)
print(took, least)
"""
PAGES = {
    OVERVIEW: {"path": ""},
    "search in it": {"path": "", "query": {"q": "task 49"}},
    "a task": {"path": "task", "query": {"key": "task 7"}},
    "runs": {"path": "runs"},
    "failures": {"path": "runs", "query": {"outcome": "failures"}},
    "a day": {"path": "day"},
    "data.json": {"path": "data.json"},
}


def measured(_rounds=None):
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "scheduler.sqlite3")
        store = local_store(path)
        make_history(store, RUNS)
        figures = measure_provider()
        figures += measure_pages(folder, path, FEW, PAGES)
        figures += measure_pages(folder, path, MANY, {MANY_TASKS: {"path": ""}})
    return figures, {}


def targets(figures, _ratios=None):
    found = {each.who: each.best for each in figures}
    return [Target(f"{SECTION}: {what}", found[what], limit, unit) for what, (limit, unit) in LIMITS.items()]


def measure_provider():
    runs = [subprocess.run([sys.executable, "-c", REGISTERED], capture_output=True, text=True, check=True) for _ in range(ROUNDS)]
    registered, matched = zip(*(map(float, run.stdout.split()) for run in runs), strict=True)
    return [
        figure(SECTION, REGISTER, registered, unit="ms", per_second=1e3, note="in a fresh process"),
        figure(SECTION, OTHERS, matched, note="the route that is passed over"),
    ]


def measure_pages(folder, path, tasks, pages):
    dashboard, queries = make_dashboard(folder, path, tasks)
    figures = []
    for who, question in pages.items():
        asked = Question("GET", base="/schedule", may_manage=True, who="anna", token="x" * 40, **question)
        dashboard.reply(asked)
        seconds = []
        for _ in range(ROUNDS):
            queries.clear()
            start = time.process_time()
            reply = dashboard.reply(replace(asked))
            seconds.append(time.process_time() - start)
            if reply.status != 200:
                raise AssertionError(f"{who}: {reply.status}")
        figures.append(figure(SECTION, who, seconds, unit="ms", per_second=1e3, note=f"{len(queries)} queries, {len(reply.body) // 1024} kB"))
        if who == OVERVIEW:
            figures.append(figure(SECTION, QUERIES, [len(queries)], unit="", per_second=1))
    return figures


def make_dashboard(folder, path, count):
    """Return a dashboard of that many tasks, and the list of its queries; its connection stays open."""
    app = MasoniteApp(Application(None, folder))
    settings = Settings(path=path)
    registry = TaskRegistry(app.bound, app.call, lambda: ("/nowhere", "nowhere"), settings.options)
    scheduler = Scheduler(registry, app, settings)
    every = [str(minutes) for minutes in (5, 7, 10, 15, 20, 30, 60, 90)]
    scheduler.add(*(Measured().every(f"{every[number % 8]} minutes").named(f"task {number}") for number in range(count)))
    scheduler.store = store = local_store(path)
    store.close = lambda: None
    queries, rows = [], store.connection.rows

    def rows_counted(sql, values=()):
        queries.append(sql)
        return rows(sql, values)

    store.connection.rows = rows_counted
    return Dashboard(lambda: scheduler, app), queries


def make_history(store, runs):
    """Record a million runs of 500 tasks within the last month."""
    now = datetime.now(timezone.utc)
    since = f"{now - timedelta(days=30):%Y-%m-%d %H:%M:%S}"
    step = 30 * 86400 / runs
    store.record_tick("web-1", now)
    store.connection.change(
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {runs})"
        " INSERT INTO scheduler_runs (slot, task, fire_time, attempt, late, outcome, claimed_at, started_at, ended_at, owner,"
        f" host, pid, output) SELECT 'task@' || i, 'task ' || (i % {FEW}), t, 1, 0, CASE i % 50 WHEN 1 THEN 'failed' WHEN 2 THEN 'skipped'"
        " ELSE 'succeeded' END, t, t, e, 'x', 'web-1', 1, 'a line of output' FROM"
        f" (SELECT i, strftime('%Y-%m-%d %H:%M:%f000', '{since}', '+' || (i * {step}) || ' seconds') AS t,"
        f" strftime('%Y-%m-%d %H:%M:%f000', '{since}', '+' || (i * {step} + i % 9) || ' seconds') AS e FROM n)"
    )
