"""The contract of executors."""

from __future__ import annotations

from abc import ABC, abstractmethod

from scheduler.config.ExecutorConfig import ExecutorConfig
from scheduler.runs import Run


class Executor(ABC):
    """Sends the ids of pending runs to the workers of an engine.

    The store decides about a run, and a message only wakes a worker: it may be lost, come twice, late or out of order.
    A worker that receives one calls `scheduler.execute`.
    """

    def __init__(self, config: ExecutorConfig) -> None:
        self.name = config.name
        self.options = config.options

    @abstractmethod
    def problem(self) -> str:
        """Return what is wrong with the settings, empty if nothing is, without asking the engine."""

    def prepare(self) -> None:  # noqa: B027 - most have nothing to load
        """Load what `submit` needs; raise `ExecutorUnavailable` if that fails. Do not connect to the engine."""

    @abstractmethod
    def submit(self, run: Run) -> None:
        """Send the id of a pending run to the workers; raise `ExecutorUnavailable` if that fails."""

    def close(self) -> None:  # noqa: B027 - most keep no connection
        """Close the connection that `submit` opened, if any."""

    def listening(self) -> int | None:
        """Return how many workers listen now, None if the engine cannot tell; raise `ExecutorUnavailable`."""
        return None
