"""Schedulers in processes of their own: start ticks, kill them, read what they left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from contracts.databases import Details, open_store
from waiting import is_alive, wait_until

from durability.probe_tasks import WitnessLine, read_witness
from scheduler.runs import Run
from scheduler.stores import Store

TESTS = Path(__file__).parent.parent
BASE = datetime(2024, 3, 5, 12, 0, tzinfo=timezone.utc)
"""The first minute of tests that pass the time to their ticks: in the past, so that nothing waits for it."""

LONGEST = 60.0
"""Seconds after which a test gives up."""


def minute(number: int) -> datetime:
    """Return the minute `number` of a test."""
    return BASE + timedelta(minutes=number)


def children_of(pid: int) -> list[int]:
    """Return the children of a process that run."""
    with suppress(OSError):
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
        return [int(word) for word in text.split() if is_alive(int(word))]
    return []


class Order:
    """A request that a prefork server executes in a process of its own."""

    def __init__(self, prefork_server: PreforkServer, out: Path, err: Path) -> None:
        self._prefork_server = prefork_server
        self._out = out
        self._err = err
        self._pid: int | None = None
        self._code: int | None = None

    @property
    def pid(self) -> int:
        """The number of the process that executes it."""
        if self._pid is None:
            self._pid = self._prefork_server.answer()["pid"]
        return self._pid

    def wait(self, longest: float = LONGEST) -> int:
        """Return its exit code, once it has ended; negative is the signal that ended it."""
        assert self.pid
        if self._code is None:
            self._code = self._prefork_server.answer(longest)["code"]
            self._prefork_server.order = None
        return self._code

    def kill(self) -> None:
        """Kill it, and wait for its end."""
        self.send(signal.SIGKILL)
        self.wait()

    def send(self, number: int = signal.SIGKILL) -> None:
        """Send it a signal."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    @property
    def out(self) -> str:
        return self._out.read_text(encoding="utf-8", errors="replace")

    @property
    def err(self) -> str:
        return self._err.read_text(encoding="utf-8", errors="replace")


class PreforkServer:
    """A process that starts ticks, one at a time."""

    def __init__(self, options: Iterable[str] = ()) -> None:
        path = os.pathsep.join(filter(None, (str(TESTS), os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, *options, "-m", "durability.prefork_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            cwd=TESTS,
        )
        os.set_blocking(self._process.stdout.fileno(), False)
        self._read = b""
        self._number = 0
        self._is_ready = False
        self.order: Order | None = None
        """The request it executes now."""

    def begin(self, order: Mapping[str, Any]) -> Order:
        """Start to execute a request."""
        if not self._is_ready:
            self.answer()
            self._is_ready = True
        self._number += 1
        out, err = (Path(order["base_path"], f"{id(self)}-{self._number}.{name}") for name in ("out", "err"))
        line = json.dumps({**order, "out": str(out), "err": str(err)})
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()
        self.order = Order(self, out, err)
        return self.order

    def answer(self, longest: float = LONGEST) -> dict[str, Any]:
        """Return its next answer."""

        def line() -> bytes | None:
            with suppress(BlockingIOError):
                self._read += os.read(self._process.stdout.fileno(), 65536)
            found, mark, rest = self._read.partition(b"\n")
            if not mark:
                if self._process.poll() is not None:
                    raise AssertionError(f"the prefork_server ended with {self._process.returncode}")
                return None
            self._read = rest
            return found

        return json.loads(wait_until(line, "an answer of the prefork_server", longest))

    def close(self) -> None:
        """End it, and the request it executes."""
        if self.order is not None:
            with suppress(AssertionError):  # it does not even say which process that is
                self.order.send(signal.SIGKILL)
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


class PreforkServers:
    """Prefork servers, started when needed and kept for all tests."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, ...], list[PreforkServer]] = {}

    def several(self, count: int, options: tuple[str, ...] = ()) -> list[PreforkServer]:
        made = self._made.setdefault(options, [])
        while len(made) < count:
            made.append(PreforkServer(options))
        return made[:count]

    def one(self, options: tuple[str, ...] = ()) -> PreforkServer:
        return self.several(1, options)[0]

    def end_busy(self) -> None:
        """End the servers that a failed test left busy, so that the next test does not fail too."""
        for made in self._made.values():
            for prefork_server in [prefork_server for prefork_server in made if prefork_server.order is not None]:
                made.remove(prefork_server)
                prefork_server.close()

    def close(self) -> None:
        for made in self._made.values():
            for prefork_server in made:
                prefork_server.close()


class Harness:
    """A store, a witness file, and the tasks of an app: what ticks share."""

    def __init__(
        self, prefork_servers: PreforkServers, folder: Path, details: Details | None = None, direct: Details | None = None
    ) -> None:
        """`direct` are the connection details of the test itself, if they differ from those of the ticks."""
        self.prefork_servers = prefork_servers
        self.folder = folder
        self.witness = folder / "witness"
        self.details = details or {"driver": "local", "database": str(folder / "scheduler.sqlite3")}
        self.direct = direct or self.details
        self.tasks: list[dict[str, Any]] = []
        self.settings: dict[str, Any] = {"kill_grace": "1 second"}
        self.options: tuple[str, ...] = ()
        self._store: Store | None = None

    @property
    def store(self) -> Store:
        """The store, opened by the test."""
        if self._store is None:
            self._store = open_store(self.direct)
        return self._store

    def add(self, key: str, does: str = "nothing", **attributes: Any) -> None:
        """Add a task to the app."""
        self.tasks.append({"key": key, "does": does, **attributes})

    def order(self, number: int | Iterable[int] | None = 0, **more: Any) -> dict[str, Any]:
        """Return the order to tick in the minute `number` of the test (or in several; None is now)."""
        if number is None:
            now: Any = datetime.now(timezone.utc).isoformat()
        else:
            now = minute(number).isoformat() if isinstance(number, int) else [minute(n).isoformat() for n in number]
        settings = {**self.settings, **more.pop("settings", {})}
        if self.details["driver"] == "local":
            settings |= {"store": "local", "path": self.details["database"]}
        else:
            settings |= {"store": "database"}
        connections = {"default": "it", "it": self.details, "other": self.details}
        return {
            "now": now,
            "base_path": str(self.folder),
            "witness": str(self.witness),
            "tasks": self.tasks,
            "settings": settings,
            "connections": connections,
            **more,
        }

    def begin(self, number: int | Iterable[int] | None = 0, prefork_server: PreforkServer | None = None, **more: Any) -> Order:
        """Start a tick in the minute `number` of the test."""
        return (prefork_server or self.prefork_servers.one(self.options)).begin(self.order(number, **more))

    def tick(self, number: int | Iterable[int] | None = 0, **more: Any) -> Order:
        """Tick in the minute `number` of the test, to the end."""
        order = self.begin(number, **more)
        order.wait()
        return order

    def lines(self, what: str = "start", key: str = "") -> list[WitnessLine]:
        """Return the lines that the tasks have written to the witness file."""
        return [line for line in read_witness(self.witness) if line.what == what and key in {"", line.key}]

    def wait_for(self, what: str = "start", key: str = "", count: int = 1) -> list[WitnessLine]:
        """Return the lines of the witness file, once there are `count`."""
        return wait_until(
            lambda: found if len(found := self.lines(what, key)) >= count else None, f"{count} times {what} of {key}"
        )

    def runs(self, key: str = "") -> list[Run]:
        """Return all runs there are, the oldest first."""
        return [run for run in reversed(self.store.history(limit=100000)) if key in {"", run.key}]

    def outcomes(self, key: str = "") -> list[str | None]:
        """Return the outcomes of all runs, the oldest first."""
        return [run.outcome.value if run.outcome else None for run in self.runs(key)]

    def run_of(self, key: str) -> Run:
        """Return the only run of a task, whole."""
        (run,) = self.runs(key)
        return self.store.run(run.id)

    def close(self) -> None:
        self.prefork_servers.end_busy()
        if self._store is not None:
            self._store.connection.close()
