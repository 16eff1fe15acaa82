"""What came of running a task: frozen values."""

from scheduler.runs.Outcome import FAILURES, Outcome
from scheduler.runs.Run import Run
from scheduler.runs.SkipReason import SkipReason

__all__ = ["FAILURES", "Outcome", "Run", "SkipReason"]
