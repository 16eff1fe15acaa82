"""How the scheduler and its workers handle signals. Processes that they fork handle them as usual."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)

_changed: set[int] = set()
"""The signals that this process handles in its own way: a forked child handles them as usual again."""
_forking = threading.local()
"""The signal mask that a thread had before it forked."""
_ended_by: list[int] = []
"""The signal that ended this worker."""


class EndedBySignal(SystemExit):
    """The process got a signal to end: `finally` blocks run, and it does not count as the task's own outcome."""


@contextmanager
def stop_on_signals(stop: Callable[[], None]) -> Iterator[int]:
    """Call `stop` on SIGTERM, SIGINT, SIGHUP and SIGQUIT while the block lasts.

    Gives a descriptor that becomes readable on a signal, -1 if there is none. Signals are left alone in any thread but
    the main one, as Python demands, and so is a SIGHUP that is ignored (`nohup`).
    """
    if threading.current_thread() is not threading.main_thread():
        yield -1
        return
    previous = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    if previous[signal.SIGHUP] is signal.SIG_IGN:
        del previous[signal.SIGHUP]
    for number in previous:
        signal.signal(number, lambda *_: stop())
    _changed.update(previous)
    previous[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, it would take exit codes away
    try:
        with _wakeup() as descriptor:
            yield descriptor
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler or signal.SIG_DFL)  # None is a handler that is not Python's
        _changed.difference_update(previous)


@contextmanager
def _wakeup() -> Iterator[int]:
    """Give a descriptor that becomes readable on a signal, -1 if the process has no descriptor left."""
    try:
        readable, writable = os.pipe()
    except OSError:
        yield -1
        return
    for descriptor in (readable, writable):
        os.set_blocking(descriptor, False)
    previous = signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    try:
        yield readable
    finally:
        signal.set_wakeup_fd(previous)
        os.close(readable)
        os.close(writable)


def end_on_sigterm() -> None:
    """Let SIGTERM end this worker in a way that runs `finally` blocks; all other signals have their usual meaning."""
    _reset()
    signal.signal(signal.SIGTERM, _end)
    _changed.add(signal.SIGTERM)


def raise_if_ended() -> None:
    """Raise `EndedBySignal` if this worker got a signal to end, even if the task has caught that exception."""
    if _ended_by:
        raise EndedBySignal(128 + _ended_by[0])


def _end(number: int, _frame: object) -> None:
    signal.signal(number, signal.SIG_IGN)
    _ended_by.append(number)
    raise EndedBySignal(128 + number)


def _reset() -> None:
    """Give the signals that this process or its parent handles their usual meaning."""
    with suppress(ValueError):  # not the main thread
        signal.set_wakeup_fd(-1)
        for number in (*_changed, signal.SIGINT):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    _changed.clear()


def _block_before_fork() -> None:
    """Keep a child from meeting a signal before `_reset_in_child`."""
    _forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, _changed) if _changed else None


def _unblock_after_fork() -> None:
    mask, _forking.mask = getattr(_forking, "mask", None), None
    if mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _reset_in_child() -> None:
    if _changed:
        _reset()
    _unblock_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_block_before_fork, after_in_parent=_unblock_after_fork, after_in_child=_reset_in_child
    )


def describe_signal(number: int) -> str:
    """Return a signal's number and name: '9 (SIGKILL)'."""
    try:
        name: Any = signal.Signals(number).name
    except ValueError:
        name = "unknown"
    return f"{number} ({name})"
