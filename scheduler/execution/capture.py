"""Capturing what is printed in this process while it is shown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any


@contextmanager
def capture(take: Callable[[bytes], None]) -> Iterator[None]:
    """Pass what Python prints during the block to `take`. The output of started programs is not captured."""
    with redirect_stdout(_Shared(sys.stdout, take)), redirect_stderr(_Shared(sys.stderr, take)):
        yield


class _Shared:
    """Behaves as another stream, but `take` gets a copy, and a line that cannot be written is dropped."""

    def __init__(self, stream: Any, take: Callable[[bytes], None]) -> None:
        self._stream = stream
        self._take = take

    @property
    def uncaptured(self) -> Any:
        """Return the other stream."""
        return self._stream

    def write(self, text: str) -> int:
        self._take(text.encode("utf-8", "backslashreplace"))
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
