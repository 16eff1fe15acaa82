"""The guarantees, as one check of the store and of the file that tasks write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from durability.harness import Harness, minute
from scheduler.runs import Outcome


def violations(harness: Harness, minutes: Iterable[int], unstarted: Iterable[str] = ("missed",)) -> list[str]:
    """Return the broken guarantees once nothing runs any more, for tasks that are due every minute.

    `minutes` are those that must have an outcome; `unstarted` are the outcomes that a fire time may have without ever
    having been started.
    """
    allowed = {"missed", *unstarted}
    wrong: list[str] = []
    starts = Counter((line.key, line.fire_time, line.attempt) for line in harness.lines("start"))
    ends = Counter((line.key, line.fire_time, line.attempt) for line in harness.lines("end"))
    wrong += [f"started {count} times: {start}" for start, count in starts.items() if count > 1]
    runs = {}
    for run in harness.runs():
        written = run.fire_time.isoformat() if run.fire_time else None
        name = (run.key, written, run.attempt)
        if name in runs:
            wrong.append(f"two runs of {name}")
        runs[name] = run
        if run.outcome is None:
            wrong.append(f"no outcome: {name}, owner {run.owner!r}, started at {run.started_at}")
        elif run.outcome in {Outcome.SKIPPED, Outcome.MISSED}:
            if starts[name]:
                wrong.append(f"{run.outcome.value}, though it was started: {name}")
            if run.outcome.value not in allowed:
                wrong.append(f"{run.outcome.value}: {name}: {run.detail}")
        elif run.outcome is Outcome.SUCCEEDED and not ends[name]:
            wrong.append(f"succeeded, though it never ended: {name}")
        elif run.outcome in {Outcome.FAILED, Outcome.TIMED_OUT} and not starts[name]:
            wrong.append(f"{run.outcome.value}, though it was never started: {name}: {run.error}")
    wrong += [f"started, and not in the store: {name}" for name in starts if name not in runs]
    for task in harness.tasks:
        for number in minutes:
            name = (task["key"], minute(number).isoformat(), 1)
            if name not in runs:
                wrong.append(f"no run at all: {name}")
        for name, run in runs.items():
            following = (name[0], name[1], name[2] + 1)
            if name[0] == task["key"] and run.failed and run.attempt <= task.get("retries", 0) and following not in runs:
                wrong.append(f"never tried again: {name}, {run.outcome.value}")
    wrong += [f"a lease stays: {lease}" for lease in harness.store.leases()]
    return wrong
