"""Check that executors can be reached, and that the runs that wait have workers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scheduler import clock
from scheduler.diagnosis.doctor.CheckContext import CheckContext
from scheduler.diagnosis.doctor.Finding import Finding, Health
from scheduler.errors import ExecutorUnavailable
from scheduler.execution.due import MINUTE
from scheduler.executors import Executor
from scheduler.listeners.ListenerDispatcher import within
from scheduler.text import counted

ANSWER_SECONDS: Final = 10.0
"""How long an engine has to answer."""
START = "start its workers, and check that they listen to its queue"


def executors(context: CheckContext, seconds: float = ANSWER_SECONDS) -> Iterator[Finding]:
    """Check every executor of the settings: its settings, its engine, which may take so long to answer, its workers."""
    for name in context.settings.executors:
        yield _examined(name, context, seconds)
    if not context.settings.executors:
        yield Finding("executors", Health.OK, "Every task runs on the server that claims it.")


def _examined(name: str, context: CheckContext, seconds: float) -> Finding:
    if problem := context.app.executors.problem(name):
        return Finding("executors", Health.WRONG, f"The executor {name!r} cannot be used: {problem}.")
    try:
        executor = context.app.executors.named(name)
        executor.prepare()
        listening = _listening(executor, seconds)
    except ExecutorUnavailable as error:
        return Finding("executors", Health.WRONG, f"The executor {name!r} cannot be used: {error}.")
    return _workers(name, context, listening)


def _listening(executor: Executor, seconds: float) -> int | None:
    """Return how many workers listen; a broker can accept a connection and then never answer."""
    answers: list[int | None] = []
    try:
        within(seconds, lambda: answers.append(executor.listening()))
    except TimeoutError as error:
        raise ExecutorUnavailable(f"its engine gave {error}") from error
    return answers[0]


def _workers(name: str, context: CheckContext, listening: int | None) -> Finding:
    heard = [worker for worker in context.store.heard_workers() if worker.executor == name]
    since = [run.waiting_since for run in context.store.open_runs() if run.executor == name and run.is_offered]
    waiting = [start for start in since if start and context.now - start > MINUTE]
    what = f"The executor {name!r} can be reached"
    if listening is not None:
        what += f"; {counted(listening, 'worker')} listen{'s' if listening == 1 else ''} to its queue"
    ago = {worker.host: clock.distance_text(min(worker.heard_at, context.now), context.now) for worker in heard}
    times = [f"on {host} {distance}" for host, distance in ago.items()]
    what += f"; a worker last reported {', '.join(times)}" if times else "; no worker has reported"
    if waiting and (listening == 0 or max((worker.heard_at for worker in heard), default=min(waiting)) <= min(waiting)):
        count = counted(len(waiting), "run")
        what += f"; {count} waited since {clock.time_text(min(waiting))}"
        return Finding("executors", Health.WRONG, f"{what}.", START)
    if listening == 0:
        return Finding("executors", Health.WARNING, f"{what}.", START)
    return Finding("executors", Health.OK, f"{what}.")
