"""A standard stream of this process that is written without ever waiting for its reader."""

from __future__ import annotations

import os
import select
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

LIMIT: Final = 256 * 1024
"""How many bytes are kept for a reader that is slow."""
STALLED_SECONDS: Final = 2.0
"""How long a reader may read nothing before it is no longer waited for."""
SMALLEST_PIPE_SPACE: Final = getattr(select, "PIPE_BUF", 512)
"""The number of bytes that fit into any pipe that is ready for writing."""


class OutputStream:
    """Writes to `stream`, a text stream such as `sys.stdout`, what its reader takes at once, and keeps the rest.

    What cannot be written is dropped: a closed pipe, a full disk or a reader that has stopped reading costs the lines
    themselves and nothing else. A stream that is no file of the system, as in tests, is written to directly.
    """

    def __init__(self, stream: Any, stalled_seconds: float = STALLED_SECONDS) -> None:
        self.stream = stream
        self.stalled_seconds = stalled_seconds
        self._pending = bytearray()
        self._dropped = 0
        self._moved_at = time.monotonic()
        self.problem = ""
        """Why something could not be written; a reader that has stopped reading does not count."""

    @property
    def descriptor(self) -> int:
        """Return the descriptor to wait for until `flush` can write more; -1 if nothing is pending."""
        return _descriptor(self.stream) if self._pending else -1

    @property
    def is_full(self) -> bool:
        """Return whether a printing process should wait for the reader, which is slow but has not stopped."""
        return len(self._pending) >= LIMIT and not self._is_stalled()

    def write_line(self, line: str) -> None:
        """Write a line of text; a character that the stream cannot encode is escaped."""
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        self.write(f"{line}\n".encode(encoding, "backslashreplace"))

    def write(self, data: bytes) -> None:
        """Write bytes as they are."""
        if _descriptor(self.stream) < 0:
            _write_text(self.stream, data)
            return
        if not self._pending:
            self._moved_at = time.monotonic()
        if len(self._pending) >= LIMIT and self._is_stalled():
            self._dropped += len(data)
        else:
            self._pending += data
        self.flush()

    def flush(self) -> None:
        """Write what the reader takes at once."""
        while self._pending:
            try:
                written = _write_some(self.stream, self._pending)
            except (OSError, ValueError) as error:  # no space left, the pipe or the stream is closed
                self._pending.clear()
                self.lose(error)
                return
            if not written:
                return
            self._moved_at = time.monotonic()
            del self._pending[:written]
            if self._dropped and not self._pending:
                note, self._dropped = f"… {self._dropped} bytes of output were dropped, nobody read them …\n", 0
                self._pending += note.encode("utf-8" if _is_unicode(self.stream) else "ascii", "replace")

    def lose(self, error: Exception) -> None:
        """Keep why something could not be written."""
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            self.problem = error.strerror or str(error)

    def drain(self, seconds: float) -> None:
        """Write the rest while the reader continues to read; it may pause for `seconds`."""
        self.flush()
        while self._pending and time.monotonic() - self._moved_at < seconds:
            poll = select.poll()
            poll.register(_descriptor(self.stream), select.POLLOUT)
            poll.poll(50)
            self.flush()
        self._pending.clear()

    def _is_stalled(self) -> bool:
        return time.monotonic() - self._moved_at >= self.stalled_seconds


def _is_unicode(stream: Any) -> bool:
    return "utf" in (getattr(stream, "encoding", None) or "utf").lower()


def _descriptor(stream: Any) -> int:
    """Return the stream's descriptor, -1 if it has none."""
    try:
        return int(stream.fileno())
    except (AttributeError, OSError, ValueError):
        return -1


def _write_text(stream: Any, data: bytes) -> None:
    with suppress(AttributeError, OSError, ValueError):
        stream.write(data.decode("utf-8", "replace"))
        stream.flush()


def _write_some(stream: Any, data: bytearray) -> int:
    """Write some of the data without waiting, and return how much; 0 if nothing can be written now."""
    descriptor = _descriptor(stream)
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    if not poll.poll(0):
        return 0
    stream.flush()  # what others have printed must come first
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.write(descriptor, data)
    with _opened_again(descriptor) as again:
        try:
            return os.write(descriptor, data[:SMALLEST_PIPE_SPACE]) if again < 0 else os.write(again, data)
        except BlockingIOError:
            return 0


@contextmanager
def _opened_again(descriptor: int) -> Iterator[int]:
    """Open the same file a second time, so that it does not block here and still does wherever else it is open.

    Gives -1 if the system does not allow it.
    """
    try:
        again = os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        yield -1
        return
    try:
        yield again
    finally:
        os.close(again)
