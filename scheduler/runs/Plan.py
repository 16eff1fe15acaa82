"""What a tick would do."""

from __future__ import annotations

from enum import Enum


class Plan(str, Enum):
    """What a tick would do with one fire time."""

    RUN = "run"
    RUN_LATE = "run_late"
    RETRY = "retry"
    SKIP = "skip"
    FAIL = "fail"
    MISS = "miss"
    LEAVE = "leave"
    WAIT = "wait"
    BURY = "write_down_as_crashed"
