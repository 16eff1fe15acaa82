"""For every Python that runs under libfaketime.

`time.sleep` sleeps until a moment. libfaketime takes it for a moment of its own clock, even if told to leave that
clock alone.
"""

import select
import time


def sleep(seconds: float) -> None:
    """Sleep for that long."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds)


time.sleep = sleep
