"""One process for each task, so that whatever a task does, the others finish."""

from scheduler.processes.marks import leftovers_of
from scheduler.processes.messages import pack_fields, pack_request, unpack_fields, unpack_request
from scheduler.processes.signals import EndedBySignal, describe_signal, stop_on_signals
from scheduler.processes.starting import fork_worker, spawn_worker
from scheduler.processes.tree import die_with_parent, end_leftovers, send
from scheduler.processes.Worker import Worker
from scheduler.processes.worker_process import restart_time_limit

__all__ = [
    "EndedBySignal",
    "Worker",
    "describe_signal",
    "die_with_parent",
    "end_leftovers",
    "fork_worker",
    "leftovers_of",
    "pack_fields",
    "pack_request",
    "restart_time_limit",
    "send",
    "spawn_worker",
    "stop_on_signals",
    "unpack_fields",
    "unpack_request",
]
