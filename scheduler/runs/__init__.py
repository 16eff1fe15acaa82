"""Runs, outcomes, pauses and planned actions: frozen values."""

from scheduler.runs.CompletedRun import CompletedRun
from scheduler.runs.long_text import LONGEST_TRACEBACK, shorten
from scheduler.runs.Outcome import FAILURES, Outcome, SkipReason
from scheduler.runs.Pause import EVERYTHING, Pause
from scheduler.runs.Pauses import Pauses
from scheduler.runs.PlannedAction import Action, PlannedAction
from scheduler.runs.Run import Run

__all__ = [
    "EVERYTHING",
    "FAILURES",
    "LONGEST_TRACEBACK",
    "Action",
    "CompletedRun",
    "Outcome",
    "Pause",
    "Pauses",
    "PlannedAction",
    "Run",
    "SkipReason",
    "shorten",
]
