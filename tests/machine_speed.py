"""CPU time in seconds of one stated machine, so that a bound means the same on a slower or busier one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

YARDSTICK_SECONDS = 0.0105
"""What `_yardstick` takes on the machine of docs/cost.md while nothing else runs."""


def cpu_seconds(function: Callable[[], Any], times: int = 1) -> float:
    """Return the CPU time of a call, the best of several, corrected for the speed of the machine."""
    found = []
    for _ in range(times):
        before = _cpu_of(_yardstick)
        took = _cpu_of(function)
        slowness = max(before, _cpu_of(_yardstick)) / YARDSTICK_SECONDS
        found.append(took / max(1, slowness))
    return min(found)


def _cpu_of(function: Callable[[], Any]) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start


def _yardstick() -> int:
    counts: dict[int, int] = {}
    for number in range(100_000):
        counts[number % 97] = counts.get(number % 97, 0) + number * 3
    return sum(counts.values())
