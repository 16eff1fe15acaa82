"""One thing that a tick does, or would do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from scheduler.runs.Outcome import SkipReason
from scheduler.runs.Pause import Pause
from scheduler.runs.Run import Run

MINUTE: Final = timedelta(minutes=1)


class Action(str, Enum):
    """What a tick does with one fire time."""

    RUN = "run"
    RUN_LATE = "run_late"
    RETRY = "retry"
    SKIP = "skip"
    FAIL = "fail"
    MISS = "miss"
    LEAVE = "leave"
    WAIT = "wait"
    RECORD_CRASH = "record_crash"

    @property
    def starts(self) -> bool:
        """Return whether the task is started."""
        return self in {Action.RUN, Action.RUN_LATE, Action.RETRY}


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """What a tick does with one fire time of the task `key`; `fire_time` is None for a forced run.

    `run` is the open run it is about; None if the fire time is still to be claimed. A claimed one starts at
    `start_after`, if given. `pause` is why it is skipped. If too many fire times were missed to record each, the first
    recorded one has `also_missed_until`: the latest of the older ones. `grace` is how late a missed run could have
    started. `detail` and `skip_reason` are empty in a plan:
    `DryRun` adds them.
    """

    key: str
    action: Action
    fire_time: datetime | None = None
    run: Run | None = None
    start_after: datetime | None = None
    pause: Pause | None = None
    also_missed_until: datetime | None = None
    grace: timedelta | None = None
    skip_reason: SkipReason | None = None
    detail: str = ""

    def is_for(self, key: str, minute: datetime) -> bool:
        """Return whether it is about a fire time of the task `key` in `minute`."""
        return self.key == key and self.fire_time is not None and minute <= self.fire_time < minute + MINUTE

    def as_dict(self) -> dict[str, object]:
        """Return the action as JSON has it."""
        return {
            "key": self.key,
            "action": self.action.value,
            "fire_time": self.fire_time.isoformat() if self.fire_time else None,
            "skip_reason": self.skip_reason.value if self.skip_reason else None,
            "detail": self.detail or None,
            "run_id": self.run.id if self.run else None,
        }
