"""Ticks that are killed, or lose their store, at a chosen or random instant; then the guarantees are checked."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from random import Random

from waiting import is_alive, wait_until

from durability.harness import Harness, Order, children_of
from durability.invariants import violations

SAMPLE = 4
"""How many statements of a tick are tried in a test; `make soak` tries all."""

VICTIMS = ("ticker", "worker", "both", "both, the worker first")


def add_tasks(harness: Harness, *, retries: bool = True) -> None:
    """Add some tasks that are due every minute."""
    harness.add("a")
    harness.add("b", "fail_until", argument=2, retries=1) if retries else harness.add("b")
    harness.add("c", overlap=True)


def statements_of_a_tick(harness: Harness) -> int:
    """Return how many statements one tick executes in its store."""
    harness.tick(0)
    order = harness.tick(1, fault={"action": "count", "first": 0})
    assert order.wait() in {0, 1}, order.err
    return order.out.count("statement ")


def fault_at(harness: Harness, action: str, first: int, when: str, minutes: list[int], times: int = 1) -> list[str]:
    """Make ticks fail at one statement, tick on until nothing runs, and return the broken guarantees.

    With one minute this is a `schedule:run`, with several a `schedule:work` that continues.
    """
    add_tasks(harness)
    harness.tick(0)
    fault = {"action": action, "first": first, "when": when, "times": times}
    order = harness.begin(minutes[0] if len(minutes) == 1 else minutes, fault=fault)
    code = order.wait()
    allowed = {0, 1, -signal.SIGKILL if action == "kill" else 3}
    wrong = [] if code in allowed else [f"exit code {code}: {order.err}"]
    if len(minutes) > 1:
        wrong += [f"while it lived: {found}" for found in violations(harness, ())]
    last = minutes[-1] + 2
    for number in range(minutes[-1] + 1, last + 1):
        code = harness.tick(number).wait()
        wrong += [f"exit code {code} of a tick that followed"] if code > 1 else []
    return wrong + violations(harness, range(last + 1))


def broken_by_faults(
    harness: Harness, action: str, when: str, minutes: list[int], *, seed: int, times: Sequence[int] = (1,)
) -> dict[int, list[str]]:
    """Return the broken guarantees after a fault at some statements of a tick, each of them repeated some `times`."""
    random = Random(seed)
    add_tasks(harness)
    count = statements_of_a_tick(harness)
    assert count > 20
    broken = {}
    for statement in sorted(Random(seed).sample(range(count), SAMPLE)):
        other = another(harness, statement)
        if found := fault_at(other, action, statement, when, minutes, random.choice(times)):
            broken[statement] = found
        other.close()
    return broken


def another(harness: Harness, number: int) -> Harness:
    """Return a new harness with the same processes."""
    folder = harness.folder / f"other {number}"
    folder.mkdir()
    return Harness(harness.prefork_servers, folder)


class Killing:
    """Rounds in each of which a ticker, its worker or both are killed at a random instant."""

    def __init__(self, harness: Harness, seed: int, *, retries: bool) -> None:
        self.harness = harness
        self.random = Random(seed)
        self.number = 0
        self.killed = 0
        """Rounds in which a process was killed; in others the tick had ended before."""
        add_tasks(harness, retries=retries)
        harness.tick(0)
        begin = time.monotonic()
        harness.tick(1)
        self.number = 1
        self.usual = time.monotonic() - begin

    def round(self) -> None:
        """Tick once, or for some minutes, and kill."""
        length = self.random.choice((1, 1, 1, 3))
        minutes = list(range(self.number + 1, self.number + 1 + length))
        self.number += length
        victim = self.random.choice(VICTIMS)
        instant = self.random.uniform(0, self.usual * 1.1 * length)
        order = self.harness.begin(minutes if length > 1 else minutes[0])
        begin = time.monotonic()
        pid = order.pid
        time.sleep(max(0.0, instant - (time.monotonic() - begin)))
        self.killed += self._kill(victim, order, pid)
        code = order.wait()
        assert code in {0, 1, -signal.SIGKILL}, (victim, instant, order.err)

    def _kill(self, victim: str, order: Order, pid: int) -> bool:
        workers = children_of(pid)
        first = [self.random.choice(workers)] if workers else []
        targets = {
            "ticker": [pid],
            "worker": first,
            "both": [pid, *workers],
            "both, the worker first": [*workers, pid],
        }[victim]
        lived = [target for target in targets if is_alive(target)]
        for target in lived:
            with suppress(ProcessLookupError):
                os.kill(target, signal.SIGKILL)
        return bool(lived)

    def settle(self) -> list[str]:
        """Tick until nothing runs any more, and return what is wrong."""
        for _ in range(2):
            self.number += 1
            code = self.harness.tick(self.number).wait()
            if code not in {0, 1}:
                return [f"exit code {code} of a tick that followed"]
        return violations(self.harness, range(self.number + 1))


def wait_until_dead(*pids: int) -> None:
    """Wait until processes have ended."""
    wait_until(lambda: not any(is_alive(pid) for pid in pids), f"the end of {pids}")

