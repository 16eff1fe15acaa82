"""A task that calls a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scheduler.Task import Task


class CallbackTask(Task):
    """A task that calls `callback`, whose parameters are injected by the container and which may be `async def`."""

    def __init__(self, callback: Callable[..., Any]) -> None:
        if not callable(callback):
            raise TypeError(f"CallbackTask({callback!r}): pass a function, not its result")
        self.handle = callback  # type: ignore[method-assign]  # the callback is what this task does

    @property
    def default_key(self) -> str:
        """The function's name: what tells several of these apart."""
        return str(getattr(self.handle, "__qualname__", type(self.handle).__name__))
