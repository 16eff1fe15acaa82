"""What came of running a task, or would come of it: frozen values."""

from scheduler.runs.Outcome import FAILURES, Outcome
from scheduler.runs.Plan import Plan
from scheduler.runs.Planned import Planned
from scheduler.runs.Run import Run
from scheduler.runs.SkipReason import SkipReason

__all__ = ["FAILURES", "Outcome", "Plan", "Planned", "Run", "SkipReason"]
