"""How well something is."""

from __future__ import annotations

from enum import Enum


class Health(str, Enum):
    """How well something is; `unknown` where it could not be looked at because of something else that is wrong."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    UNKNOWN = "unknown"
