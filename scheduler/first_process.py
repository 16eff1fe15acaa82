"""The first process of a container: the kernel ignores every signal to it that it does not handle."""

from __future__ import annotations

import os
import signal


def end_on_signals() -> None:
    """Let signals end this process while it boots, if it is the first one; handlers that it has stay."""
    if os.getpid() != 1:
        return
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(number) in {signal.SIG_DFL, signal.default_int_handler}:
            signal.signal(number, lambda number, _frame: os._exit(128 + number))
