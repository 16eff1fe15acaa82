"""What tests do to schedulers in processes of their own: start ticks, kill them, look at what they left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from contracts.databases import Details, open_store

from durability.doing import Noted, read_witness
from scheduler.runs import Run
from scheduler.stores import DatabaseStore

TESTS = Path(__file__).parent.parent
BASE = datetime(2024, 3, 5, 12, 0, tzinfo=timezone.utc)
"""The first minute of tests whose ticks are told the time: long ago, so that nothing waits for it to come."""

LONGEST = 60.0
"""Seconds after which something that should have happened, has not."""


def minute(number: int) -> datetime:
    """Return the minute `number` of a test."""
    return BASE + timedelta(minutes=number)


def wait_until(condition: Callable[[], Any], what: str, longest: float = LONGEST) -> Any:
    """Return what `condition` gives once that is something; fail if it is not in time."""
    give_up = time.monotonic() + longest
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > give_up:
            raise AssertionError(f"waited {longest:.0f} seconds for {what}")
        time.sleep(0.002)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and is not yet waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def children_of(pid: int) -> list[int]:
    """Return the children of a process that run."""
    with suppress(OSError):
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
        return [int(word) for word in text.split() if is_alive(int(word))]
    return []


class Order:
    """Something that a stem carries out in a process of its own."""

    def __init__(self, stem: Stem, out: Path, err: Path) -> None:
        self._stem = stem
        self._out = out
        self._err = err
        self._pid: int | None = None
        self._code: int | None = None

    @property
    def pid(self) -> int:
        """The process that carries it out."""
        if self._pid is None:
            self._pid = self._stem.answer()["pid"]
        return self._pid

    def wait(self, longest: float = LONGEST) -> int:
        """Return its exit code, once it has ended; negative is the signal that ended it."""
        assert self.pid
        if self._code is None:
            self._code = self._stem.answer(longest)["code"]
            self._stem.order = None
        return self._code

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


class Stem:
    """A process that starts ticks, one at a time."""

    def __init__(self, options: Iterable[str] = ()) -> None:
        path = os.pathsep.join(filter(None, (str(TESTS), os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, *options, "-m", "durability.stem"],
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
        """What it carries out."""

    def begin(self, order: Mapping[str, Any]) -> Order:
        """Start carrying out an order."""
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
        """Return the next line it says."""

        def line() -> bytes | None:
            with suppress(BlockingIOError):
                self._read += os.read(self._process.stdout.fileno(), 65536)
            found, mark, rest = self._read.partition(b"\n")
            if not mark:
                if self._process.poll() is not None:
                    raise AssertionError(f"the stem ended with {self._process.returncode}")
                return None
            self._read = rest
            return found

        return json.loads(wait_until(line, "an answer of the stem", longest))

    def close(self) -> None:
        """End it, and what it carries out."""
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


class Stems:
    """As many stems as are asked for, each made once."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, ...], list[Stem]] = {}

    def several(self, count: int, options: tuple[str, ...] = ()) -> list[Stem]:
        made = self._made.setdefault(options, [])
        while len(made) < count:
            made.append(Stem(options))
        return made[:count]

    def one(self, options: tuple[str, ...] = ()) -> Stem:
        return self.several(1, options)[0]

    def end_busy(self) -> None:
        """End the stems that still carry out something: the test that wanted it has failed, the next one must not."""
        for made in self._made.values():
            for stem in [stem for stem in made if stem.order is not None]:
                made.remove(stem)
                stem.close()

    def close(self) -> None:
        for made in self._made.values():
            for stem in made:
                stem.close()


class Place:
    """A store, a witness file, and the tasks of an app: what ticks share."""

    def __init__(
        self, stems: Stems, folder: Path, details: Details | None = None, own_way: Details | None = None
    ) -> None:
        """`own_way` is how the test itself reaches the store, where that is another way than the ticks'."""
        self.stems = stems
        self.folder = folder
        self.witness = folder / "witness"
        self.details = details or {"driver": "local", "database": str(folder / "scheduler.sqlite3")}
        self.own_way = own_way or self.details
        self.tasks: list[dict[str, Any]] = []
        self.settings: dict[str, Any] = {"kill_grace": "1 second"}
        self.options: tuple[str, ...] = ()
        self._store: DatabaseStore | None = None

    @property
    def store(self) -> DatabaseStore:
        """The test's own way into the store."""
        if self._store is None:
            self._store = open_store(self.own_way)
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

    def begin(self, number: int | Iterable[int] | None = 0, stem: Stem | None = None, **more: Any) -> Order:
        """Start a tick in the minute `number` of the test."""
        return (stem or self.stems.one(self.options)).begin(self.order(number, **more))

    def tick(self, number: int | Iterable[int] | None = 0, **more: Any) -> Order:
        """Tick in the minute `number` of the test, to the end."""
        order = self.begin(number, **more)
        order.wait()
        return order

    def noted(self, what: str = "start", key: str = "") -> list[Noted]:
        """Return what the tasks have written down."""
        return [line for line in read_witness(self.witness) if line.what == what and key in {"", line.key}]

    def wait_for(self, what: str = "start", key: str = "", count: int = 1) -> list[Noted]:
        """Return what the tasks have written down, once that is enough."""
        return wait_until(
            lambda: found if len(found := self.noted(what, key)) >= count else None, f"{count} times {what} of {key}"
        )

    def runs(self, key: str = "") -> list[Run]:
        """Return all runs there are, the oldest first."""
        return [run for run in reversed(self.store.history(limit=100000)) if key in {"", run.key}]

    def outcomes(self, key: str = "") -> list[str | None]:
        """Return what the runs ended in, the oldest first."""
        return [run.outcome.value if run.outcome else None for run in self.runs(key)]

    def run_of(self, key: str) -> Run:
        """Return the only run of a task, whole."""
        (run,) = self.runs(key)
        return self.store.run(run.id)

    def close(self) -> None:
        self.stems.end_busy()
        if self._store is not None:
            self._store.connection.close()
