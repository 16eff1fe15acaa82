"""What is printed in this process, taken along while it is shown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any


@contextmanager
def taken(take: Callable[[bytes], None]) -> Iterator[None]:
    """Give `take` what Python prints as long as the block lasts; programs that are started print past it."""
    with redirect_stdout(_Shared(sys.stdout, take)), redirect_stderr(_Shared(sys.stderr, take)):
        yield


class _Shared:
    """A stream that is another one in everything, but that somebody else is given a copy."""

    def __init__(self, stream: Any, take: Callable[[bytes], None]) -> None:
        self._stream = stream
        self._take = take

    def write(self, text: str) -> int:
        self._take(text.encode("utf-8", "backslashreplace"))
        return int(self._stream.write(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
