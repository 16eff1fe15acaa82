"""Tells everybody who wants to hear of a run; whatever they do, it changes no outcome."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from scheduler.errors import SchedulerError
from scheduler.failures import described
from scheduler.isolation import EndedBySignal, begin
from scheduler.listeners import RunListener, Telling
from scheduler.runs import Ending, Run
from scheduler.TaskRegistry import RegisteredTask


class Teller:
    """Lets its listeners hear of starts and outcomes, one after the other, and reports what they raise."""

    def __init__(self, listeners: Sequence[RunListener]) -> None:
        self._listeners = listeners

    @contextmanager
    def only(self, kind: type) -> Iterator[None]:
        """Let nobody but listeners of that kind hear, as long as the block lasts: for tests."""
        everybody = self._listeners
        self._listeners = [listener for listener in everybody if isinstance(listener, kind)]
        try:
            yield
        finally:
            self._listeners = everybody

    def is_awaited(self, task: RegisteredTask, ending: Ending) -> bool:
        """Tell whether anybody wants to hear of an outcome."""
        return bool(self._tellings(task, lambda listener: listener.at_end(task, ending)))

    def seconds_to_tell_start(self, task: RegisteredTask, run: Run) -> float:
        """Return how long telling that a run starts may take at most, as far as that has a limit."""
        tellings = self._tellings(task, lambda listener: listener.at_start(task, run))
        return sum(telling.seconds or 0.0 for telling in tellings)

    def started(self, task: RegisteredTask, run: Run) -> None:
        """Tell that a run starts; in a worker, the time that the run may take counts from then on."""
        tellings = self._tellings(task, lambda listener: listener.at_start(task, run))
        for telling in tellings:
            _tell(task, telling)
        if any(telling.seconds for telling in tellings):
            begin()

    def ended(self, task: RegisteredTask, ending: Ending) -> bool:
        """Tell an outcome; False where people should have heard of it, and none could be reached."""
        tellings = self._tellings(task, lambda listener: listener.at_end(task, ending))
        notices = [_tell(task, telling) for telling in tellings if telling.is_notice]
        for telling in tellings:
            if not telling.is_notice:
                _tell(task, telling)
        return any(notices) or not notices

    def _tellings(self, task: RegisteredTask, gather: Callable[[RunListener], Iterable[Telling]]) -> list[Telling]:
        found: list[Telling] = []
        for listener in self._listeners:
            try:
                found += gather(listener)
            except Exception as error:  # noqa: BLE001 - it asks the app, where anything may be bound
                _report(task, type(listener).__name__, error)
        return found


def _tell(task: RegisteredTask, telling: Telling) -> bool:
    try:
        if telling.seconds is None:
            telling.tell()
        else:
            within(telling.seconds, telling.tell)
    except EndedBySignal:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it is the user's code, or somebody else's server
        _report(task, telling.whom, error)
        return False
    return True


def within(seconds: float, work: Callable[[], object]) -> None:
    """Do `work` and wait for its end, but no longer than `seconds`: then raise `TimeoutError` and leave it alone.

    It is done in a thread: a server that answers a letter at a time, or a name that is looked up for ever, keeps to no
    timeout of a socket.
    """
    raised: list[BaseException] = []

    def attempt() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
            raised.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"there was no answer within {seconds:g} seconds")
    if raised:
        raise raised[0]


def _report(task: RegisteredTask, whom: str, error: BaseException) -> None:
    failure = described(error)
    place = f" ({failure.location})" if failure.location else ""
    why = str(error) if isinstance(error, SchedulerError) else failure.error
    print(f"{task.key}: {whom} could not be told: {why}{place}", file=sys.stderr)  # noqa: T201 - a person reads it
