"""The conditions of a task with their answers, as far as they can be asked now."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import datetime

from scheduler import clock
from scheduler.execution.conditions import Answer, App, check_condition, conditions_of, leave_open
from scheduler.processes.identity import is_gone
from scheduler.runs import Pauses, SkipReason
from scheduler.stores import Lease, Store
from scheduler.tasks.failures import describe_failure
from scheduler.tasks.RegisteredTask import RegisteredTask
from scheduler.text import with_location


def check_conditions(
    task: RegisteredTask, store: Store, app: App, minute: datetime, *, asking: bool
) -> Iterator[Answer]:
    """Yield everything that may prevent the task from running, with answers if `asking`.

    A pause is known for any `minute`.
    """
    pause = Pauses(store.pauses(), clock.now()).of(task, None if asking else minute)
    if pause or asking:
        yield Answer(SkipReason.PAUSED, "it is not paused", pause.describe() if pause else "")
    if not task.options.overlap:
        wanted = "its earlier runs have ended"
        held = _lease_on(task, store) if asking else None
        refusal = f"an earlier run has not ended (process {held.pid} on {held.host})" if held else ""
        yield Answer(SkipReason.STILL_RUNNING, wanted, refusal if asking else None)
    try:
        instance = app.call(task.target) if inspect.isclass(task.target) else task.target
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a constructor may do anything
        failure = describe_failure(error)
        refusal = with_location(f"its constructor raised {failure.error}", failure.location)
        yield Answer(SkipReason.CONDITION, "it can be built", refusal, fails=True)
        return
    for condition in conditions_of(instance, app):
        yield check_condition(condition) if asking else leave_open(condition)


def _lease_on(task: RegisteredTask, store: Store) -> Lease | None:
    """Return the lease that prevents the task from starting, None if it may start."""
    now = clock.real_now()
    leases = (lease for lease in store.leases() if lease.key == task.claim_key)
    return next((lease for lease in leases if lease.expires_at > now and not is_gone(lease.owner)), None)
