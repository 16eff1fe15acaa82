"""What came of running a task, or would come of it: frozen values."""

from scheduler.runs.Ending import Ending
from scheduler.runs.Outcome import FAILURES, Outcome
from scheduler.runs.Pause import EVERYTHING, Pause
from scheduler.runs.Pauses import Pauses
from scheduler.runs.Plan import Plan
from scheduler.runs.Planned import Planned
from scheduler.runs.Run import Run
from scheduler.runs.SkipReason import SkipReason

__all__ = [
    "EVERYTHING",
    "FAILURES",
    "Ending",
    "Outcome",
    "Pause",
    "Pauses",
    "Plan",
    "Planned",
    "Run",
    "SkipReason",
]
