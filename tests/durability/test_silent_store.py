"""A store that does not answer, or that another process keeps locked, delays neither timeouts nor signals."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from contracts.proxy import Proxy
from waiting import wait_until

from durability.harness import Harness, Order, PreforkServers

LATEST = 5.0
"""Seconds within which a task is ended; a single wait for the store takes 10 or more."""


def muted(request: pytest.FixtureRequest, prefork_servers: PreforkServers, folder: Path) -> Iterator[tuple[Harness, Callable[[], None]]]:
    """A store in a server that accepts connections and never answers."""
    details = request.getfixturevalue("server_database")(request.param)
    proxy = Proxy(details["host"], details["port"])
    harness = Harness(prefork_servers, folder, {**details, "host": "127.0.0.1", "port": proxy.port}, details)
    yield harness, proxy.mute
    proxy.restore()
    harness.close()
    proxy.close()


def locked(prefork_servers: PreforkServers, folder: Path) -> Iterator[tuple[Harness, Callable[[], None]]]:
    """A local store that another process keeps locked."""
    harness = Harness(prefork_servers, folder)
    file = sqlite3.connect(harness.details["database"], isolation_level=None)
    yield harness, lambda: file.execute("BEGIN EXCLUSIVE")
    file.close()
    harness.close()


@pytest.fixture(params=["local", pytest.param("postgres", marks=pytest.mark.services), pytest.param("mysql", marks=pytest.mark.services)])
def silenced(request: pytest.FixtureRequest, prefork_servers: PreforkServers, folder: Path) -> Iterator[tuple[Harness, Callable[[], None]]]:
    """A store, and a function that makes it stop answering."""
    yield from locked(prefork_servers, folder) if request.param == "local" else muted(request, prefork_servers, folder)


def begin(harness: Harness, silence: Callable[[], None], **attributes: object) -> Order:
    """Start a long task; return once its supervisor waits for the store, to record the end of another one."""
    harness.add("long", "tidy_loop", **attributes)
    harness.add("short", "wait_for_file", argument=str(harness.folder / "go"))
    order = harness.begin(0)
    harness.wait_for("start", count=2)
    silence()
    (harness.folder / "go").write_text("", encoding="utf-8")
    harness.wait_for("end", "short")
    return order


@pytest.mark.once
def test_a_timeout_comes_in_time(silenced: tuple[Harness, Callable[[], None]]) -> None:
    begin(*silenced, timeout="3 seconds")
    began = time.monotonic()
    silenced[0].wait_for("tidied")
    assert time.monotonic() - began < LATEST


@pytest.mark.once
def test_stopping_is_announced_and_a_second_signal_ends_runs_at_once(silenced: tuple[Harness, Callable[[], None]]) -> None:
    order = begin(*silenced)
    began = time.monotonic()
    order.send(signal.SIGTERM)
    wait_until(lambda: "Stopping" in order.out, "it to say that it stops", seconds=LATEST)
    order.send(signal.SIGTERM)
    silenced[0].wait_for("tidied")
    assert time.monotonic() - began < LATEST
