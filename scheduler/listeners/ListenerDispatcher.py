"""Notify the listeners of a run. Nothing a listener does can change the outcome."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from scheduler.errors import SchedulerError
from scheduler.listeners import Delivery, RunListener
from scheduler.processes import EndedBySignal, restart_time_limit
from scheduler.processes.worker_process import report_problem
from scheduler.runs import CompletedRun, Run
from scheduler.tasks.failures import describe_failure
from scheduler.tasks.RegisteredTask import RegisteredTask
from scheduler.text import mask_secrets, one_line, with_location


def write_problem(line: str) -> None:
    """Report what went wrong to the scheduler; in its own process write it to stderr, past a task's own output."""
    if report_problem(line):
        return
    with suppress(OSError, ValueError):
        print(line, file=getattr(sys.stderr, "uncaptured", sys.stderr))


class ListenerDispatcher:
    """Notifies its listeners of starts and outcomes, one after the other, and reports their errors."""

    def __init__(self, listeners: Sequence[RunListener]) -> None:
        self._listeners = listeners

    @contextmanager
    def only(self, kind: type) -> Iterator[None]:
        """Notify listeners of that kind only, during the block: for tests."""
        everybody = self._listeners
        self._listeners = [listener for listener in everybody if isinstance(listener, kind)]
        try:
            yield
        finally:
            self._listeners = everybody

    def is_awaited(self, task: RegisteredTask, completed: CompletedRun) -> bool:
        """Return whether any listener has a delivery for the outcome."""
        return bool(self._deliveries(task, lambda listener: listener.at_end(task, completed)))

    def seconds_to_notify_start(self, task: RegisteredTask, run: Run) -> float:
        """Return how long the deliveries of a start may take at most; those without a limit are left out."""
        deliveries = self._deliveries(task, lambda listener: listener.at_start(task, run))
        return sum(delivery.seconds or 0.0 for delivery in deliveries)

    def started(self, task: RegisteredTask, run: Run) -> list[str]:
        """Notify listeners of a start, and return what went wrong; in a worker, the run's timeout counts from then on.

        The standard error output is the task's own by then, so nothing is written there.
        """
        problems: list[str] = []
        deliveries = self._deliveries(task, lambda listener: listener.at_start(task, run), problems.append)
        for delivery in deliveries:
            _send(task, delivery, problems.append)
        if any(delivery.seconds for delivery in deliveries):
            restart_time_limit()
        return problems

    def ended(self, task: RegisteredTask, completed: CompletedRun) -> bool:
        """Notify listeners of an outcome; return False if people should have been notified and none was reached."""
        deliveries = self._deliveries(task, lambda listener: listener.at_end(task, completed))
        notices = [_send(task, delivery) for delivery in deliveries if delivery.is_notice]
        for delivery in deliveries:
            if not delivery.is_notice:
                _send(task, delivery)
        return any(notices) or not notices

    def _deliveries(
        self,
        task: RegisteredTask,
        gather: Callable[[RunListener], Iterable[Delivery]],
        report: Callable[[str], object] = write_problem,
    ) -> list[Delivery]:
        found: list[Delivery] = []
        for listener in self._listeners:
            try:
                found += gather(listener)
            except Exception as error:  # noqa: BLE001 - it asks the app, in which anything may be bound
                report(_problem(task, type(listener).__name__, error))
        return found


def _send(task: RegisteredTask, delivery: Delivery, report: Callable[[str], object] = write_problem) -> bool:
    try:
        if delivery.seconds is None:
            delivery.send()
        else:
            within(delivery.seconds, delivery.send)
    except EndedBySignal:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it is the user's code, or another server
        report(_problem(task, delivery.whom, error))
        return False
    return True


def within(seconds: float, work: Callable[[], object]) -> None:
    """Do `work` in a thread; raise `TimeoutError` if it takes longer than `seconds`.

    No timeout of a socket covers a server that answers one byte at a time, or a name lookup that never ends.
    """
    raised: list[BaseException] = []

    def attempt() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again by the caller's thread
            raised.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"no answer within {seconds:g} seconds")
    if raised:
        raise raised[0]


def _problem(task: RegisteredTask, whom: str, error: BaseException) -> str:
    """Return who could not be notified and why, in one line."""
    failure = describe_failure(error)
    why = mask_secrets(str(error)) if isinstance(error, SchedulerError) else failure.error
    return one_line(with_location(f"{task.key}: {whom} could not be notified: {why}", failure.location))
