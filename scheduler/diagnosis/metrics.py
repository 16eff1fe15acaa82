"""The state of the schedule in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from scheduler.errors import SchedulerError
from scheduler.processes.identity import unattended
from scheduler.runs import Pauses
from scheduler.stores import Store
from scheduler.stores.RunStatistics import RunGlance
from scheduler.tasks.Tasks import Tasks

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
DAY: Final = timedelta(days=1)
PREFIX: Final = "masonite_schedule_"


class MetricsUnavailable(SchedulerError):
    """The package that writes Prometheus' text format is not installed."""


def metrics_text(store: Store, tasks: Tasks, now: datetime) -> str:
    """Return the metrics; raise `MetricsUnavailable` if `prometheus_client` is not installed."""
    try:
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - an extra
        from prometheus_client.registry import Collector  # noqa: PLC0415 - the same
    except ModuleNotFoundError:
        raise MetricsUnavailable(
            "prometheus_client is not installed. Fix: pip install 'masonite-scheduler[metrics]'"
        ) from None

    class Schedule(Collector):
        def collect(self) -> Iterator[GaugeMetricFamily]:
            yield from _families(store, tasks, now)

    registry = CollectorRegistry()
    registry.register(Schedule())
    return generate_latest(registry).decode()


def _families(store: Store, tasks: Tasks, now: datetime) -> Iterator[GaugeMetricFamily]:
    keys = [task.key for task in tasks.usable]
    yield _by_task_and_outcome(store, now)
    yield from _of_tasks(store, tasks, now)
    open_runs = store.open_runs()
    yield _single("running", "Runs that are running", sum(run.started_at is not None for run in open_runs))
    yield _single("pending", "Runs that wait for their start", sum(run.started_at is None for run in open_runs))
    yield _single("tasks", "Tasks of the app that can run", len(keys))
    yield _single("broken_tasks", "Tasks of the app that are broken and never run", len(tasks.broken))
    ticks = _family("last_tick_timestamp_seconds", "When a host ticked last by itself", ["host"])
    for host, at in sorted(unattended(store.ticks()).items()):
        ticks.add_metric([host], at.timestamp())
    yield ticks


def _of_tasks(store: Store, tasks: Tasks, now: datetime) -> Iterator[GaugeMetricFamily]:
    pauses = Pauses(store.pauses(), now)
    successes = store.last_successes([task.key for task in tasks.usable])
    since = _due_since(store, tasks, successes)
    overdue = _family("overdue_seconds", "How long ago the task should have succeeded", ["task"])
    following = _family("next_run_timestamp_seconds", "When the task runs next", ["task"])
    paused = _family("paused", "Whether the task is paused", ["task"])
    for task in tasks.usable:
        label = [task.key]
        coming = next(pauses.coming(task, now), None)
        if coming:
            following.add_metric(label, coming.timestamp())
        paused.add_metric(label, float(pauses.of(task) is not None))
        overdue.add_metric(label, max(0.0, (now - since.get(task.key, now)).total_seconds()))
    yield from (*_of_successes(successes), overdue, following, paused)


def _of_successes(successes: Mapping[str, RunGlance]) -> Iterator[GaugeMetricFamily]:
    success = _family("last_success_timestamp_seconds", "When a run of the task ended last that succeeded", ["task"])
    duration = _family("last_success_duration_seconds", "How long that run took", ["task"])
    lag = _family("last_success_lag_seconds", "How long after its fire time that run started", ["task"])
    for key, run in sorted(successes.items()):
        if run.ended_at:
            success.add_metric([key], run.ended_at.timestamp())
            duration.add_metric([key], run.seconds or 0.0)
        if run.started_at and run.fire_time:
            lag.add_metric([key], max(0.0, (run.started_at - run.fire_time).total_seconds()))
    yield from (success, duration, lag)


def _due_since(store: Store, tasks: Tasks, successes: Mapping[str, RunGlance]) -> dict[str, datetime]:
    """Return since when each task should have succeeded.

    That is its first fire time after its last success, or after the last time it was skipped on purpose. A task
    without either should have succeeded at the first fire time that its history knows.
    """
    keys = [task.key for task in tasks.usable if task.rule is not None and task.is_foreseeable]
    settled = store.last_deliberate_skips(keys)
    for key, run in successes.items():
        ended = run.ended_at or run.claimed_at
        settled[key] = max(ended, settled.get(key, ended))
    since = store.first_due([key for key in keys if key not in settled])
    for task in tasks.usable:
        if task.rule is not None and task.is_foreseeable and task.key in settled:
            due = task.rule.next_after(settled[task.key], task.zone)
            since |= {task.key: due} if due else {}
    return since


def _by_task_and_outcome(store: Store, now: datetime) -> GaugeMetricFamily:
    runs = _family("runs_last_day", "Runs claimed in the last 24 hours that have ended", ["task", "outcome"])
    for (key, outcome), number in sorted(store.count_since(now - DAY).items()):
        runs.add_metric([key, outcome.value], number)
    return runs


def _single(name: str, says: str, value: float) -> GaugeMetricFamily:
    family = _family(name, says, [])
    family.add_metric([], value)
    return family


def _family(name: str, says: str, labels: list[str]) -> GaugeMetricFamily:
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - an extra

    return GaugeMetricFamily(PREFIX + name, says, labels=labels)
