"""Where output goes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress


@contextmanager
def stdout_as_stderr() -> Iterator[None]:
    """Send the output of tasks and their child processes to the error output during the block."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def drop_unwritten() -> str:
    """Write the buffers, and drop what cannot be written: it would fail again when the process ends.

    Return why the standard output could not be written, empty if it was, or if its reader has stopped reading.
    """
    lines = sys.modules.get("scheduler.processes.output")  # a module that was never imported has written nothing
    problem: str = lines.unwritten_because() if lines else ""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError) as error:
            if stream is sys.stdout and isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
                problem = error.strerror or str(error)
            with suppress(AttributeError, OSError, ValueError):
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, stream.fileno())
                os.close(null)
    return problem
