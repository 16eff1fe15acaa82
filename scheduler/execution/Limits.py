"""How long a supervisor keeps trying, and how long it waits for others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Limits:
    """Limits that no setting changes, in seconds."""

    starting: float = 60.0
    """How long a start is tried again if no process can be started; longer if the task's `grace` is longer."""
    saving: float = 60.0
    """How long recording an outcome is tried while the store is unavailable."""
    notifying: float = 60.0
    """How long the notifications of an outcome may take, hooks included."""
    handing_over: float = 30.0
    """How long handing over to an executor may take; the rest is left to the next tick."""


LIMITS: Final = Limits()
