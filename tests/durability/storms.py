"""Schedulers that are stopped and resumed at random instants while others tick on; overlaps and owners are checked."""

from __future__ import annotations

import itertools
import signal
import time
from random import Random
from typing import Final

from waiting import wait_until

from durability.harness import Harness, Order
from durability.invariants import violations
from scheduler import clock

LEASE: Final = 1.0
LONGEST_STOP: Final = 4.0
"""Longer than a lease and the time to end what could not be renewed: others take over by then."""
MACHINES: Final = ("alpha", "beta", "gamma")


class Storm:
    """Three schedulers, on as many machines if the store allows that, each stopped now and then."""

    def __init__(self, harness: Harness, seed: int) -> None:
        self.harness = harness
        self.random = Random(seed)
        self.number = 0
        self.stopped = 0
        """How often a scheduler was stopped."""
        is_local = harness.details["driver"] == "local"
        self.machines = ("alpha",) * len(MACHINES) if is_local else MACHINES
        harness.settings |= {"lease": f"{LEASE:g} seconds", "kill_grace": "1 second"}
        harness.add("a", "breathe", argument=3.0)
        harness.add("b", "breathe", argument=0.3, retries=1)
        harness.add("c", "breathe", argument=0.5, catch_up="all")
        harness.tick(0, host=self.machines[0])

    def round(self) -> None:
        """Tick for one minute after the other, each in another scheduler, and stop and resume them meanwhile."""
        servers = self.harness.prefork_servers.several(len(self.machines))
        begin = time.monotonic()
        orders: list[Order] = []
        events: list[tuple[float, int, Order]] = []
        for server, machine in zip(servers, self.machines, strict=True):
            self.number += 1
            _wait_until(begin + self.random.uniform(0, 1.5) * len(orders), events)
            order = self.harness.begin(self.number, server, host=machine)
            orders.append(order)
            stop_at = time.monotonic() + self.random.uniform(0, 1.0)
            events += [
                (stop_at, signal.SIGSTOP, order),
                (stop_at + self.random.uniform(0.1, LONGEST_STOP), signal.SIGCONT, order),
            ]
            self.stopped += 1
        _wait_until(None, events)
        for order in orders:
            code = order.wait()
            assert code in {0, 1}, (code, order.err)

    def settle(self) -> list[str]:
        """Tick until nothing runs any more, and return what is wrong."""
        wait_until(self._is_silent, "the last leases to lapse")
        for _ in range(2):
            self.number += 1
            code = self.harness.tick(self.number, host=self.machines[0]).wait()
            if code not in {0, 1}:
                return [f"exit code {code} of a tick that followed"]
        return overlaps(self.harness) + violations(self.harness, range(self.number + 1), ("missed", "skipped"))

    def _is_silent(self) -> bool:
        heard = [run.heartbeat_at for run in self.harness.store.open_runs() if run.heartbeat_at]
        return not heard or (clock.real_now() - max(heard)).total_seconds() > 2.5 * LEASE


def overlaps(harness: Harness) -> list[str]:
    """Return where two processes of one task ran at the same time."""
    wrong = []
    for task in harness.tasks:
        breaths = sorted((line.more, line.pid) for line in harness.lines("breath", task["key"]))
        last: dict[int, float] = {}
        first: dict[int, float] = {}
        for instant, pid in breaths:
            first.setdefault(pid, instant)
            last[pid] = instant
        runs = sorted((first[pid], last[pid], pid) for pid in first)
        wrong += [
            f"{task['key']}: process {one[2]} breathed until {one[1]:.2f}, {other[2]} from {other[0]:.2f}"
            for one, other in itertools.pairwise(runs)
            if other[0] < one[1]
        ]
    return wrong


def _wait_until(instant: float | None, events: list[tuple[float, int, Order]]) -> None:
    """Send the signals whose time has come, until `instant`, or until none is left."""
    while events and (instant is None or min(each[0] for each in events) <= instant):
        event = min(events, key=lambda each: each[0])
        events.remove(event)
        time.sleep(max(0.0, event[0] - time.monotonic()))
        event[2].send(event[1])
    if instant is not None:
        time.sleep(max(0.0, instant - time.monotonic()))
