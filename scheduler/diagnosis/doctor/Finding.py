"""A finding of the doctor, and how bad it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Health(str, Enum):
    """The health of what was checked; `unknown` if something else that is wrong prevented the check."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """What the check `name` found, in a sentence, and how to fix it, empty if there is nothing to fix."""

    name: str
    health: Health
    message: str
    hint: str = ""

    def as_dict(self) -> dict[str, str | None]:
        """Return the finding as JSON has it."""
        return {"check": self.name, "health": self.health.value, "message": self.message, "hint": self.hint or None}
