"""Servers that are stopped and started, and disks that fill up, while tasks run."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

from durability.database_servers import Server
from durability.faults import add_tasks
from durability.harness import LONGEST, Harness, Order
from durability.invariants import violations

GIVING_UP = 4 * LONGEST
"""Seconds in which a tick must have ended that has tried to write down outcomes for a minute."""
SETTLING = 3
"""Ticks after which everything must have come to rest."""


class Outages:
    """Rounds in each of which a `schedule:run`, or a `schedule:work` of some minutes, loses its store for a while."""

    def __init__(self, harness: Harness, random: Random, *, at_length: bool = False) -> None:
        """With `at_length` the store sometimes stays away until a second tick has ended.

        One that has an outcome to write down tries for a minute.
        """
        self.harness = harness
        self.random = random
        self.at_length = at_length
        self.longest = 0.0
        """Seconds that a second tick has taken while the store was away."""
        self.number = 0
        self.codes: dict[int, int] = {}
        self.wrong: list[str] = []
        add_tasks(harness)
        begin = time.monotonic()
        harness.tick(0)
        self.usual = time.monotonic() - begin

    def tick(self) -> int:
        """Tick in the next minute, to the end."""
        self.number += 1
        return self._note(self.harness.tick(self.number).wait())

    def round(self, take_away: Iterator[None]) -> None:
        """Begin to tick, take the store away at a random instant and give it back: the two steps of `take_away`."""
        length = self.random.choice((1, 1, 3))
        minutes = [self.number + 1 + step for step in range(length)]
        self.number += length
        order = self.harness.begin(minutes if length > 1 else minutes[0])
        begin, pid = time.monotonic(), order.pid
        _wait(begin + self.random.uniform(0, self.usual * 1.1 * length) - time.monotonic())
        next(take_away)
        orders = [order]
        if self.random.random() < 0.5:
            orders.append(self.harness.begin(minutes[0], self.harness.prefork_servers.several(2)[1]))
            if self.at_length and self.random.random() < 0.5:
                self._wait_while_away(orders[1])
        _wait(self.random.uniform(0, self.usual))
        next(take_away, None)
        for each in orders:
            code = self._note(each.wait(GIVING_UP))
            if code not in {0, 1, 3}:
                self.wrong.append(f"round of {minutes}, process {pid}: exit code {code}: {each.err[-500:]}")
            if "Traceback" in each.err:
                self.wrong.append(f"round of {minutes}: a traceback: {each.err[-1000:]}")

    def _wait_while_away(self, order: Order) -> None:
        begin = time.monotonic()
        order.wait(GIVING_UP)
        self.longest = max(self.longest, time.monotonic() - begin)

    def settle(self) -> list[str]:
        """Tick until nothing runs any more, and return what is wrong."""
        for _ in range(SETTLING):
            code = self.tick()
            self.wrong += [f"exit code {code} of a tick that followed"] if code not in {0, 1} else []
        return self.wrong + violations(self.harness, range(self.number + 1))

    def _note(self, code: int) -> int:
        self.codes[code] = self.codes.get(code, 0) + 1
        return code


def _wait(seconds: float) -> None:
    if seconds > 0:
        time.sleep(seconds)


def restarted(server: Server, random: Random) -> Iterator[None]:
    """Stop a server, then start it."""
    server.stop(random.choice(server.stops))
    yield
    server.start()


def filled(disk: Path, harness: Harness) -> Iterator[None]:
    """Leave no room on a disk, then make some.

    The write-ahead log is emptied first, if nobody is at it: one that has grown takes many ticks without more room.
    """
    harness.store.connection.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    ballast = disk / "ballast"
    with suppress(OSError), open(ballast, "wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    yield
    ballast.unlink()


@contextmanager
def small_disk(folder: Path, size: str = "16m") -> Iterator[Path]:
    """Create a disk with room for a store with its write-ahead log, and not much more."""
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def why_no_disk(folder: Path) -> str:
    """Return why a small disk cannot be created, empty if it can."""
    if os.geteuid() != 0:
        return "root, who may mount a small disk"
    try:
        with small_disk(folder):
            pass
    except subprocess.CalledProcessError as error:
        return f"a small disk: {error}"
    finally:
        with suppress(OSError):
            (folder / "disk").rmdir()
    return ""
