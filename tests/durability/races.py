"""Many processes that claim the same runs at the same moment."""

from __future__ import annotations

import time
from collections import Counter

from durability.harness import Harness, minute
from durability.invariants import violations

RUN_UP = 0.25
"""Seconds from the first order to the moment at which all begin: long enough to give them all."""


def race(harness: Harness, processes: int, number: int) -> None:
    """Let several processes tick in the same minute; every task must have been started by exactly one of them."""
    not_before = time.monotonic() + RUN_UP
    orders = [harness.begin(number, prefork_server, not_before=not_before) for prefork_server in harness.prefork_servers.several(processes)]
    codes = [order.wait() for order in orders]
    complaints = "\n".join(order.err for order in orders if order.err)
    assert codes == [0] * processes, f"{codes}\n{complaints}"
    fire_time = minute(number).isoformat()
    started = Counter(line.key for line in harness.lines("start") if line.fire_time == fire_time)
    assert started == Counter(task["key"] for task in harness.tasks), complaints
    assert violations(harness, range(number + 1)) == []


def races(harness: Harness, processes: int, rounds: int, tasks: int) -> int:
    """Race several times; return how many starts there were."""
    for number in range(tasks):
        harness.add(f"task{number:03}")
    for number in range(rounds):
        race(harness, processes, number)
    return len(harness.lines("start"))


def lease_fuzz(harness: Harness, processes: int, rounds: int) -> tuple[int, int]:
    """Let several processes count up one unprotected number under a lease; return the number and what it should be."""
    counter = harness.folder / "counter"
    counter.write_text("0", encoding="utf-8")
    not_before = time.monotonic() + RUN_UP
    order = harness.order(order="lease_fuzz", counter=str(counter), rounds=rounds, not_before=not_before)
    orders = [prefork_server.begin(order) for prefork_server in harness.prefork_servers.several(processes)]
    codes = [each.wait(600) for each in orders]
    assert codes == [0] * processes, "\n".join(each.err for each in orders)
    assert harness.store.leases() == []
    return int(counter.read_text(encoding="utf-8")), processes * rounds
