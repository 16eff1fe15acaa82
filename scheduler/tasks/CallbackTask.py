"""A task that calls a function."""

from __future__ import annotations

from functools import partial
from typing import Any

from scheduler.config.call_site import call_site, is_app_starting
from scheduler.Task import Task

LONGEST_SHOWN = 40


class CallbackTask(Task):
    """A task that calls `callback` with `arguments`; its other parameters are injected, and it may be `async def`."""

    defined_at = ""

    def __init__(self, callback: Any, *arguments: Any) -> None:
        self.callback = callback
        self.arguments = arguments
        self.defined_at = call_site()
        if callable(callback):
            handle = partial(callback, *arguments) if arguments else callback
            self.handle = handle  # type: ignore[method-assign]  # the injection looks at the callback's parameters
        elif not is_app_starting():
            self.check()

    @property
    def default_key(self) -> str:
        """Return the task's name, or the function's with its plain arguments, which tell several of these apart."""
        if self.name:
            return self.name
        name = str(getattr(self.callback, "__qualname__", type(self.callback).__name__))
        return f"{name}({', '.join(map(_shown, self.arguments))})" if self.arguments else name

    def check(self) -> None:
        """Raise `TypeError` unless there is a function to call."""
        if not callable(self.callback):
            raise TypeError(f"CallbackTask({_shown(self.callback)}): pass a function, not its result")


def _shown(argument: object) -> str:
    if isinstance(argument, (str, int, float, type(None))):
        text = repr(argument)
        return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
    return type(argument).__name__
