"""Running a task in a process of its own, so that whatever it does, the others finish."""

from scheduler.isolation.parent import die_with_parent, end_leftovers
from scheduler.isolation.Worker import Worker, fork_worker, spawn_worker

__all__ = ["Worker", "die_with_parent", "end_leftovers", "fork_worker", "spawn_worker"]
