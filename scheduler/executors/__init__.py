"""Executors: the engines whose workers execute runs, on this machine or on others."""

from scheduler.executors.execute import execute
from scheduler.executors.Executor import Executor
from scheduler.executors.Executors import Executors

__all__ = ["Executor", "Executors", "execute"]
