"""One fire time, and what a tick would do with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scheduler.runs.Plan import Plan
from scheduler.runs.SkipReason import SkipReason


@dataclass(frozen=True, slots=True)
class Planned:
    """What a tick would do with one fire time of a task; `fire_time` is on the task's clock, None where it is forced.

    `run_id` is the run that is there already, 0 if there is none.
    """

    key: str
    plan: Plan
    fire_time: datetime | None
    detail: str = ""
    run_id: int = 0
    reason: SkipReason | None = None

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {
            "key": self.key,
            "would": self.plan.value,
            "fire_time": self.fire_time.isoformat() if self.fire_time else None,
            "skip_reason": self.reason.value if self.reason else None,
            "detail": self.detail or None,
            "run": self.run_id or None,
        }
