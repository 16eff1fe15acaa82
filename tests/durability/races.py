"""Many processes that want the same at the same moment."""

from __future__ import annotations

import time
from collections import Counter

from durability.hosts import Place, minute
from durability.promises import broken_promises

RUN_UP = 0.25
"""Seconds from the first order to the moment at which all begin: long enough to give them all."""


def race(place: Place, processes: int, number: int) -> None:
    """Let several processes tick in the same minute; every task must have been started by exactly one of them."""
    not_before = time.monotonic() + RUN_UP
    orders = [place.begin(number, stem, not_before=not_before) for stem in place.stems.several(processes)]
    codes = [order.wait() for order in orders]
    complaints = "\n".join(order.err for order in orders if order.err)
    assert codes == [0] * processes, f"{codes}\n{complaints}"
    fire_time = minute(number).isoformat()
    started = Counter(line.key for line in place.noted("start") if line.fire_time == fire_time)
    assert started == Counter(task["key"] for task in place.tasks), complaints
    assert broken_promises(place, range(number + 1)) == []


def races(place: Place, processes: int, rounds: int, tasks: int) -> int:
    """Race several times; return how many starts there were."""
    for number in range(tasks):
        place.add(f"task{number:03}")
    for number in range(rounds):
        race(place, processes, number)
    return len(place.noted("start"))


def lease_fuzz(place: Place, processes: int, rounds: int) -> tuple[int, int]:
    """Let several processes count up one unprotected number under a lease; return the number and what it should be."""
    counter = place.folder / "counter"
    counter.write_text("0", encoding="utf-8")
    not_before = time.monotonic() + RUN_UP
    order = place.order(order="lease_fuzz", counter=str(counter), rounds=rounds, not_before=not_before)
    orders = [stem.begin(order) for stem in place.stems.several(processes)]
    codes = [each.wait(600) for each in orders]
    assert codes == [0] * processes, "\n".join(each.err for each in orders)
    assert place.store.leases() == []
    return int(counter.read_text(encoding="utf-8")), processes * rounds
