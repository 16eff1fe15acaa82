"""`self.job(SendInvoices())` and `JobTask` put one of the app's own jobs on its queue."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from .apps import App

JOB = """
    from masonite.queues import Queueable

    class SendInvoices(Queueable):
        def __init__(self, customer="all"):
            self.customer = customer

        def handle(self):
            open("sent", "a").write(self.customer)
"""
DRIVERS = """
    DRIVERS = {
        "default": "async",
        "async": {"blocking": False, "callback": "handle", "mode": "threading", "workers": 1},
        "database": {"connection": "sqlite", "table": "jobs", "attempts": 1, "poll": 1, "tz": "UTC"},
    }
"""


@pytest.fixture
def shop(app: App) -> App:
    app.write("app/jobs/SendInvoices.py", JOB)
    app.write("config/queue.py", DRIVERS)
    app.write(
        "config/database.py",
        f"""
        from masoniteorm.connections import ConnectionResolver

        DATABASES = {{"default": "sqlite", "sqlite": {{"driver": "sqlite", "database": "{app.root}/jobs.sqlite3", "prefix": "", "log_queries": False}}}}
        DB = ConnectionResolver().set_connection_details(DATABASES)
        """,
    )
    with closing(sqlite3.connect(app.root / "jobs.sqlite3")) as database:
        database.execute("CREATE TABLE jobs (id INTEGER PRIMARY KEY, name, payload, available_at, attempts, queue)")
    return app


def schedules(app: App, register: str) -> None:
    header = "from app.jobs.SendInvoices import SendInvoices\nfrom scheduler import CanSchedule, JobTask"
    app.provider(register, header=header, bases="Provider, CanSchedule")


def rows(app: App) -> list[str]:
    with closing(sqlite3.connect(app.root / "jobs.sqlite3")) as database:
        return [queue for (queue,) in database.execute("SELECT queue FROM jobs ORDER BY id")]


def test_a_provider_schedules_putting_a_job_on_a_queue(shop: App) -> None:
    schedules(shop, 'self.job(SendInvoices(), queue="mail", connection="database").every_minute()')
    shop.python_craft("schedule:run").exits(0)
    assert rows(shop) == ["mail"]
    assert not (shop.root / "sent").exists(), "a worker of the queue does the job"


def test_the_job_names_its_queue_if_the_task_does_not(shop: App) -> None:
    schedules(shop, 'self.schedule(JobTask(SendInvoices, connection="database").every_minute())')
    shop.python_craft("schedule:run").exits(0)
    assert rows(shop) == ["default"]


def test_a_job_task_has_the_name_of_the_jobs_class(shop: App) -> None:
    schedules(shop, "self.job(SendInvoices()).daily()")
    assert [task["key"] for task in shop.craft("schedule:list", "--json").exits(0).json()["tasks"]] == ["SendInvoices"]


def test_on_the_async_connection_the_job_is_done_before_the_run_ends(shop: App) -> None:
    schedules(shop, 'self.job(SendInvoices("all of them")).every_minute()')
    shop.python_craft("schedule:run").exits(0)
    assert (shop.root / "sent").read_text() == "all of them"


def test_a_connection_that_does_not_exist_is_named_with_the_closest_one(shop: App) -> None:
    schedules(shop, 'self.job(SendInvoices(), connection="databse").every_minute()')
    failed = shop.python_craft("schedule:run").exits(1)
    assert "config/queue.py has no connection 'databse'; did you mean 'database'?" in failed.err


def test_a_connection_without_a_driver_differs_from_a_missing_one(shop: App) -> None:
    shop.edit("config/queue.py", lambda text: f"{text}\nDRIVERS['sqs'] = {{'region': 'eu-north-1'}}\n")
    schedules(shop, 'self.job(SendInvoices(), connection="sqs").every_minute()')
    failed = shop.python_craft("schedule:run").exits(1)
    assert "Masonite's queue has no driver 'sqs'" in failed.err


def test_an_object_without_handle_is_not_a_job(shop: App) -> None:
    schedules(shop, "self.job(5)")
    listed = " ".join(shop.python_craft("schedule:list").exits(1).out.split())
    assert "JobTask(5): pass a job, which has a method handle()" in listed
