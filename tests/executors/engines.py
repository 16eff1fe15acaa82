"""The engines that execute runs: how to set up an app, start workers and look into the broker."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

RABBIT = os.environ.get("TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672/")
REDIS = os.environ.get("TEST_REDIS", "redis://127.0.0.1:6379/5")
PROGRAMS = Path(sys.executable).parent
NAME = f"exec_{os.getpid()}"
"""The queue of these tests."""


def why_unreachable(url: str) -> str:
    """Return why a broker cannot be used, empty if it can."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=3).close()
    except OSError as error:
        return f"a broker at {parts.scheme}://{parts.hostname}:{parts.port} ({error})"
    return ""


class Engine:
    """An engine. `brokers` are the servers it needs, `config` its entry of EXECUTORS."""

    brokers: tuple[str, ...] = ()
    masonite: tuple[int, ...] = (4, 5)
    config: dict[str, str] = {}
    environment: dict[str, str] = {}
    warns_children = False

    def files(self) -> dict[str, str]:
        """Return files of the app, by their path."""
        return {}

    def commands(self, workers: int) -> list[list[str]]:
        """Return the commands that start that many `workers`."""
        return []

    def purge(self, root: Path) -> None:
        """Delete all messages."""


class Local(Engine):
    """The server that claims a run."""


class Celery(Engine):
    """A Celery app. With `pool` and a broker."""

    def __init__(self, broker: str, pool: str) -> None:
        self.broker, self.pool = broker, pool
        self.brokers = (broker,)
        self.config = {"driver": "celery", "app": "app.celery.celery", "queue": NAME}

    def files(self) -> dict[str, str]:
        lines = [
            "import os",
            "from celery import Celery",
            f"celery = Celery('app', broker=os.environ.get('BROKER', {self.broker!r}))",
            "celery.conf.worker_prefetch_multiplier = 1",
            "celery.conf.broker_connection_retry_on_startup = True",
            f"celery.conf.broker_transport_options = {{'global_keyprefix': '{NAME}'}}" if "redis" in self.broker else "",
            "from scheduler.executors.celery import register",
            "register(celery)",
        ]
        return {"app/celery.py": "\n".join(lines) + "\n"}

    def commands(self, workers: int) -> list[list[str]]:
        one = [str(PROGRAMS / "celery"), "-A", "app.celery:celery", "worker", "-Q", NAME, "--pool", self.pool]
        one += ["--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
        if self.pool == "solo":
            return [[*one, "--concurrency", "1", "--hostname", f"{NAME}-{number}@%h"] for number in range(workers)]
        return [[*one, "--concurrency", str(workers), "--hostname", f"{NAME}@%h"]]

    def purge(self, root: Path) -> None:
        if "redis" in self.broker:
            for key in redis().scan_iter(f"{NAME}*"):
                redis().delete(key)
        else:
            delete_queue()


class Queue(Engine):
    """Masonite's queue, with one of its drivers."""

    def __init__(self, driver: str, *broker: str, masonite: tuple[int, ...] = (4, 5)) -> None:
        self.driver = driver
        self.brokers = broker
        self.masonite = masonite
        self.config = {"driver": "queue", "connection": driver, "queue": NAME}

    def files(self) -> dict[str, str]:
        rabbit, redis = urlsplit(RABBIT), urlsplit(REDIS)
        drivers = {
            "default": "async",
            "async": {"blocking": False, "callback": "handle", "mode": "threading", "workers": 1},
            "database": {"connection": "sqlite", "table": "jobs", "failed_table": "failed_jobs", "attempts": 3, "poll": 1, "tz": "UTC"},
            "amqp": {
                "username": rabbit.username, "password": rabbit.password, "host": rabbit.hostname, "port": rabbit.port,
                "vhost": "", "exchange": "", "channel": "default", "queue": "masonite", "tz": "UTC",
                "connection_options": {"heartbeat": 4},
            },
            "redis": {
                "host": redis.hostname, "port": redis.port, "password": "", "options": {"db": int(redis.path[1:] or 0)},
                "failed_table": "failed_jobs", "attempts": 3, "poll": 0.1, "tz": "UTC",
            },
        }
        return {"config/queue.py": f"DRIVERS = {drivers!r}\n"}

    def commands(self, workers: int) -> list[list[str]]:
        poll = "1" if self.driver == "database" else "0.1"
        one = [sys.executable, "craft", "queue:work", "--driver", self.driver, "--queue", NAME, "--poll", poll]
        return [one] * workers

    def purge(self, root: Path) -> None:
        if self.driver == "amqp":
            delete_queue()
        elif self.driver == "redis":
            redis().delete(f"queue:{NAME}")
        else:
            import sqlite3

            with sqlite3.connect(root / "app.sqlite3", timeout=30) as database:
                database.execute("DELETE FROM jobs")


class Rq(Engine):
    """RQ, as docs/executors.md has it: an engine that is not built in."""

    brokers = (REDIS,)
    warns_children = True
    config = {"driver": "custom", "submit": "app.jobs.submit"}

    def files(self) -> dict[str, str]:
        page = Path(__file__).parent.parent.parent / "docs" / "executors.md"
        text = page.read_text(encoding="utf-8")
        source = text.split("<!-- file: app/jobs.py -->\n```python\n")[1].split("```")[0]
        shown = source.replace('"reports"', repr(NAME)).replace("Redis()", f"Redis.from_url({REDIS!r})")
        return {"app/jobs.py": shown}

    def commands(self, workers: int) -> list[list[str]]:
        return [[str(PROGRAMS / "rq"), "worker", "--url", REDIS, "--path", ".", "--quiet", NAME]] * workers

    def purge(self, root: Path) -> None:
        redis().delete(f"rq:queue:{NAME}")


def delete_queue() -> None:
    """Delete the queue of these tests from RabbitMQ."""
    import pika

    with suppress(Exception), pika.BlockingConnection(pika.URLParameters(RABBIT)) as connection:
        connection.channel().queue_delete(NAME)


def redis() -> Any:
    """Return a client of the tests' database of Redis."""
    from redis import Redis

    return Redis.from_url(REDIS)


ENGINES: dict[str, Engine] = {
    "celery, Redis, prefork": Celery(REDIS, "prefork"),
    "celery, RabbitMQ, solo": Celery(RABBIT, "solo"),
    "celery, RabbitMQ, threads": Celery(RABBIT, "threads"),
    "queue, amqp": Queue("amqp", RABBIT),
    "queue, redis": Queue("redis", REDIS, masonite=(5,)),
    "queue, database": Queue("database"),
    "custom, RQ": Rq(),
}
"""All engines, by name."""
