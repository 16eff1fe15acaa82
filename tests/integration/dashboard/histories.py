"""Runs as ticks would have left them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from scheduler.runs import Outcome
from scheduler.stores import Claim, Store, slot_of


def add_run(store: Store, key: str, fire_time: datetime, outcome: Outcome | None, **more: Any) -> int:
    """Record a run as a tick would have, and return its number."""
    (run,) = store.claim([Claim(key, slot_of(key, fire_time), fire_time)], {}, "somebody", fire_time)
    if outcome is not None:
        ran = outcome not in {Outcome.SKIPPED, Outcome.MISSED}
        end = fire_time + timedelta(seconds=2.5)
        store.finish(replace(run, outcome=outcome, started_at=fire_time if ran else None, ended_at=end, **more))
    return run.id


def this_minute() -> datetime:
    return datetime.now(timezone.utc).replace(second=0, microsecond=0)
