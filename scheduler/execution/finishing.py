"""Results of a user's callables: coroutines are awaited; generators, which would never run, are refused."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable
from typing import Any

from scheduler.errors import BrokenTask


def finish(result: Any, name: str) -> Any:
    """Return the result of the callable `name`, awaited if it has to be.

    Raise `BrokenTask` for a generator: calling one runs none of its code.
    """
    if inspect.isgenerator(result) or inspect.isasyncgen(result):
        raise BrokenTask(
            f"{name} returned a generator, of which nothing has run. Fix: remove its `yield`, or call the generator in "
            "a loop"
        )
    return _wait_for(result) if inspect.isawaitable(result) else result


def _wait_for(result: Awaitable[Any]) -> Any:
    import asyncio  # noqa: PLC0415 - 13 ms, only for tasks that await

    return asyncio.run(_await(result))


async def _await(result: Awaitable[Any]) -> Any:
    return await result
