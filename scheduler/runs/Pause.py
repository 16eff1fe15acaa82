"""A period in which a task is not started."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from scheduler import clock

EVERYTHING: Final = ""
"""The key of a pause of all tasks."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A period in which a task is not started, from `since` (inclusive) to `until` (None: no end yet).

    `key` is the task's, or `EVERYTHING`; `who` is the user and the host that asked for it.
    """

    key: str
    since: datetime
    until: datetime | None = None
    reason: str = ""
    who: str = ""

    def covers(self, instant: datetime) -> bool:
        """Return whether `instant` falls into it."""
        return self.since <= instant and (self.until is None or instant < self.until)

    def end(self) -> str:
        """Return until when it lasts, in words: 'until 2027-01-31 08:00', empty if it has no end."""
        return f"until {clock.time_text(self.until)}" if self.until else ""

    def describe(self) -> str:
        """Return who paused what, until when and why, in one line."""
        subject = "paused" if self.key else "all tasks are paused"
        words = [subject, f"by {self.who}" if self.who else "", self.end()]
        return " ".join(filter(None, words)) + (f": {self.reason}" if self.reason else "")

    def as_dict(self) -> dict[str, Any]:
        """Return the pause as JSON has it."""
        return {
            "everything": not self.key,
            "since": self.since.isoformat(),
            "until": self.until.isoformat() if self.until else None,
            "reason": self.reason or None,
            "who": self.who or None,
        }
