"""Why a due task was not run."""

from __future__ import annotations

from enum import Enum


class SkipReason(str, Enum):
    """Why a due task was not run."""

    STILL_RUNNING = "still_running"
    CONDITION = "condition"
    ENVIRONMENT = "environment"
    MAINTENANCE = "maintenance"
    PAUSED = "paused"
