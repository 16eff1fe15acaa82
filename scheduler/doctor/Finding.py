"""What a check has found."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.doctor.Health import Health


@dataclass(frozen=True, slots=True)
class Finding:
    """What the check `name` has found, in a sentence, and how to mend it, empty where there is nothing to mend."""

    name: str
    health: Health
    what: str
    mend: str = ""

    def as_dict(self) -> dict[str, str | None]:
        """Return the finding as JSON has it."""
        return {"check": self.name, "health": self.health.value, "what": self.what, "mend": self.mend or None}
