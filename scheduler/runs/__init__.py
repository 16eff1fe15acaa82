"""What came of running a task: frozen values."""

from scheduler.runs.Outcome import Outcome
from scheduler.runs.Run import Run
from scheduler.runs.SkipReason import SkipReason

__all__ = ["Outcome", "Run", "SkipReason"]
