"""Ticks that are killed, or lose their store, at a chosen or a random instant; then ticks go on and promises are checked."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from random import Random

from durability.hosts import Order, Place, children_of, is_alive, wait_until
from durability.promises import broken_promises

VICTIMS = ("ticker", "worker", "both", "both, the worker first")


def add_tasks(place: Place, *, retries: bool = True) -> None:
    """Add some tasks that are due every minute."""
    place.add("a")
    place.add("b", "fail_until", argument=2, retries=1) if retries else place.add("b")
    place.add("c", overlap=True)


def statements_of_a_tick(place: Place) -> int:
    """Return how many statements one tick gives to its store."""
    place.tick(0)
    order = place.tick(1, fault={"action": "count", "first": 0})
    assert order.wait() in {0, 1}, order.err
    return order.out.count("statement ")


def fault_at(place: Place, action: str, first: int, when: str, minutes: list[int], times: int = 1) -> list[str]:
    """Let ticks go wrong at one statement, tick on until all is at rest, and return what is wrong then.

    With one minute it is `schedule:run` that goes wrong, with several a `schedule:work` that lives on.
    """
    add_tasks(place)
    place.tick(0)
    fault = {"action": action, "first": first, "when": when, "times": times}
    order = place.begin(minutes[0] if len(minutes) == 1 else minutes, fault=fault)
    code = order.wait()
    allowed = {0, 1, -signal.SIGKILL if action == "kill" else 3}
    wrong = [] if code in allowed else [f"exit code {code}: {order.err}"]
    if len(minutes) > 1:
        wrong += [f"while it lived: {found}" for found in broken_promises(place, ())]
    last = minutes[-1] + 2
    for number in range(minutes[-1] + 1, last + 1):
        code = place.tick(number).wait()
        wrong += [f"exit code {code} of a tick that followed"] if code > 1 else []
    return wrong + broken_promises(place, range(last + 1))


def another(place: Place, number: int) -> Place:
    """Return a place like this one where nothing has happened."""
    folder = place.folder / f"other {number}"
    folder.mkdir()
    return Place(place.stems, folder)


class Killing:
    """Rounds in each of which a ticker, its worker or both are killed at a random instant."""

    def __init__(self, place: Place, seed: int, *, retries: bool) -> None:
        self.place = place
        self.random = Random(seed)
        self.number = 0
        self.killed = 0
        """Rounds in which somebody was killed: some ticks have ended before."""
        add_tasks(place, retries=retries)
        place.tick(0)
        begin = time.monotonic()
        place.tick(1)
        self.number = 1
        self.usual = time.monotonic() - begin

    def round(self) -> None:
        """Tick once, or for some minutes, and kill."""
        length = self.random.choice((1, 1, 1, 3))
        minutes = list(range(self.number + 1, self.number + 1 + length))
        self.number += length
        victim = self.random.choice(VICTIMS)
        instant = self.random.uniform(0, self.usual * 1.1 * length)
        order = self.place.begin(minutes if length > 1 else minutes[0])
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
        """Tick on until all is at rest, and return what is wrong."""
        for _ in range(2):
            self.number += 1
            code = self.place.tick(self.number).wait()
            if code not in {0, 1}:
                return [f"exit code {code} of a tick that followed"]
        return broken_promises(self.place, range(self.number + 1))


def wait_until_dead(*pids: int) -> None:
    """Wait until processes have ended."""
    wait_until(lambda: not any(is_alive(pid) for pid in pids), f"the end of {pids}")

