"""Reports of a tick and a dry run about tasks that do not run."""

from __future__ import annotations

from datetime import datetime, timedelta

from scheduler import clock
from scheduler.execution.plan import TickPlan
from scheduler.listeners import Listener
from scheduler.stores import Store
from scheduler.tasks.failures import describe_failure
from scheduler.tasks.RegisteredTask import RegisteredTask
from scheduler.tasks.Tasks import TaskProblem, Tasks


def announce(tasks: Tasks, listener: Listener) -> None:
    """Notify the listener of problems with the tasks."""
    for notice in tasks.notices:
        listener.noticed(notice)
    for broken in tasks.broken:
        listener.found_broken(broken)
    if not tasks.usable and not tasks.broken:
        listener.found_nothing()


def report_idle(plan: TickPlan, tasks: Tasks, listener: Listener) -> None:
    """Notify the listener that nothing is due, or, if it explains, when each task that is not due runs next."""
    if tasks.usable and plan.is_idle:
        listener.nothing_due()
    if listener.explains:
        for task in plan.not_due:
            next_run = task.rule.next_after(plan.minute, task.zone) if task.rule else None
            listener.not_due(task, clock.as_pendulum(next_run, task.zone) if next_run else None)


def report_handled(task: RegisteredTask, fire_time: datetime, store: Store, listener: Listener) -> None:
    """Notify the listener that an earlier or another tick claimed a fire time, and its outcome."""
    runs = store.runs_for(task.key, fire_time, fire_time + timedelta.resolution) if listener.reports_handled else []
    listener.claimed_before(task, fire_time.astimezone(task.zone), runs[-1] if runs else None)


def should_run_problem(task: RegisteredTask, error: BaseException) -> TaskProblem:
    """Return the problem of a task whose `should_run`, or a function in its `run_except`, raised."""
    failure = describe_failure(error)
    return TaskProblem(task.key, f"{task.decider} raised {failure.error}", failure.location, failure.traceback)
