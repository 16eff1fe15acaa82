"""Running a task in a process of its own, so that whatever it does, the others finish."""

from scheduler.isolation.packing import packed, packed_endings
from scheduler.isolation.tree import die_with_parent, end_leftovers
from scheduler.isolation.Worker import EndedBySignal, Worker, begin, fork_worker, spawn_worker

__all__ = [
    "EndedBySignal",
    "Worker",
    "begin",
    "die_with_parent",
    "end_leftovers",
    "fork_worker",
    "packed",
    "packed_endings",
    "spawn_worker",
]
