"""Runs side by side, each in a process of its own, from their start under a lease to their outcome."""

from scheduler.supervision.Supervisor import Supervisor
from scheduler.supervision.Workers import done

__all__ = ["Supervisor", "done"]
