"""A wrong executor is reported in one line, with the closest valid value."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from importlib import import_module
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from scheduler.config.ExecutorConfig import read_executors
from scheduler.config.Settings import Settings
from scheduler.config.TaskOptions import TaskOptions, read_options
from scheduler.errors import ExecutorUnavailable, InvalidSchedule
from scheduler.execution.action_text import detail_of
from scheduler.execution.plan import StoreState, plan_tick
from scheduler.execution.recovery import plan_recovery
from scheduler.executors import Executors
from scheduler.rules import zones
from scheduler.runs import Action, Pauses, Run
from scheduler.stores import slot_of
from scheduler.tasks.RegisteredTask import RegisteredTask
from scheduler.tasks.Tasks import Tasks

NOON = datetime(2026, 3, 3, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
NUMBERS = count()
DRIVERS = {"default": "async", "async": {"workers": 1}, "amqp": {"host": "localhost"}, "database": {"table": "jobs"}, "sqs": {"region": "x"}}
QUEUE = SimpleNamespace(drivers=dict.fromkeys(("async", "amqp", "database", "redis")), driver_config=DRIVERS)
APP = SimpleNamespace(has=lambda name: True, make=lambda name: QUEUE)


def executors(store: str = "database", **configs: object) -> Executors:
    return Executors(read_executors(configs), APP, store)


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"driver": "celry", "app": "a.b"}, "its driver 'celry' does not exist; did you mean 'celery'?"),
        ({"driver": "celery"}, "the driver 'celery' needs the option 'app'"),
        ({"driver": "celery", "app": "app.x", "queu": "x"}, "has no option 'queu'; did you mean 'queue'?"),
        ({"driver": "celery", "app": 5}, "its app 5 is not text"),
        ({"driver": "celery", "app": "celery"}, "'celery' is not the dotted name of an object"),
        ({"driver": "celery", "app": "nowhere.celery"}, "there is no module 'nowhere'"),
        ({"driver": "custom", "submit": "nowhere.submit"}, "there is no module 'nowhere'"),
        ({"driver": "queue", "connection": "amqq"}, "config/queue.py has no connection 'amqq'; did you mean 'amqp'?"),
        ({"driver": "queue", "connection": "redis"}, "config/queue.py has no connection 'redis'"),
        ({"driver": "queue", "connection": "sqs"}, "Masonite's queue has no driver 'sqs' here; use 'amqp' or 'database'"),
        ({"driver": "queue"}, "runs jobs in threads of the process that pushes them, not in a worker; use 'amqp' or 'database'"),
        ("reports", "'reports' is not a dictionary with a 'driver'"),
    ],
)
def test_an_invalid_executor_reports_its_problem(config: object, problem: str) -> None:
    assert problem in executors(reports=config).problem("reports")


def test_a_missing_executor_is_named_with_the_closest_one() -> None:
    found = executors(reports={"driver": "custom", "submit": "os.getpid"}).problem("report")
    assert found == "EXECUTORS of config/scheduler.py has no 'report'; did you mean 'reports'?"


def test_an_executor_whose_workers_cannot_share_the_store() -> None:
    assert "STORE is 'local'" in executors("local", reports={"driver": "custom", "submit": "os.getpid"}).problem("reports")


def test_a_valid_executor_has_no_problem() -> None:
    found = executors(reports={"driver": "custom", "submit": "os.getpid"}, mail={"driver": "queue", "connection": "amqp"})
    assert [found.problem(name) for name in ("local", "reports", "mail")] == ["", "", ""]


def test_an_error_in_submit_leaves_the_run_pending() -> None:
    found = executors(reports={"driver": "custom", "submit": "os.kill"})
    with pytest.raises(ExecutorUnavailable, match=r"os\.kill raised TypeError"):
        found.submit("reports", [Run("a", NOON, id=1)])


def test_an_executor_of_celery_without_celery_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("scheduler.executors.CeleryExecutor"), "find_spec", lambda name: None)
    found = executors(reports={"driver": "celery", "app": "os.path"}).problem("reports")
    assert found == "Celery is not installed: pip install 'masonite-scheduler[celery]'"


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("raise RuntimeError('no broker')", r"celery_app_\d+ cannot be imported: RuntimeError: no broker"),
        ("import nothing_of_that_name", r"cannot be imported: ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        ("raise SystemExit(3)", "cannot be imported"),
        ("celary = 5", "has no 'celery'; did you mean 'celary'?"),
        ("celery = 5", "is not a Celery app, but int"),
    ],
)
def test_a_celery_app_that_cannot_be_used_leaves_its_runs_pending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, problem: str
) -> None:
    module = f"celery_app_{next(NUMBERS)}"
    (tmp_path / f"{module}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    found = executors(reports={"driver": "celery", "app": f"{module}.celery"})
    assert found.problem("reports") == ""
    with pytest.raises(ExecutorUnavailable, match=problem.replace("?", r"\?")):
        found.submit("reports", [Run("a", NOON, id=1)])


def test_a_function_that_is_not_there_is_named_with_the_closest_one() -> None:
    with pytest.raises(ExecutorUnavailable, match="os has no 'getpidd'; did you mean 'getpid'"):
        executors(reports={"driver": "custom", "submit": "os.getpidd"}).submit("reports", [])


@pytest.mark.parametrize("value", ["reports", {"local": {}}, {"": {}}, {"x" * 65: {}}, {5: {}}])
def test_invalid_names_of_executors_are_refused(value: object) -> None:
    with pytest.raises(InvalidSchedule, match="EXECUTORS"):
        Settings.read({"executors": value}.get)


def test_a_task_with_on_every_server_runs_on_each_server() -> None:
    with pytest.raises(InvalidSchedule, match="cannot use an executor, which runs it on one"):
        read_options("Each", {"on_every_server": True, "executor": "reports"})


# -- runs that nobody has started --


def task_of(**options: object) -> RegisteredTask:
    return RegisteredTask("a", None, None, zones.zone_named("UTC"), TaskOptions(executor="reports", **options))


def planned(minutes: int, fire_time: datetime | None = NOON, **options: object):
    """Return what the tick `minutes` after the claim does about a run that was handed over."""
    task = task_of(**options)
    slot = "a@2026-03-03T12:00:00Z" if fire_time else ""
    run = Run("a", fire_time, id=1, slot=slot, executor="reports", claimed_at=NOON)
    minute = NOON + timedelta(minutes=minutes)
    return plan_recovery(run, task, Pauses((), minute), read_at=minute, minute=minute, settings=Settings())


def test_each_tick_hands_over_again_what_no_worker_has_started() -> None:
    assert [planned(minutes).action for minutes in range(1, 6)] == [Action.RUN_LATE] * 5


def test_a_run_that_no_worker_starts_within_grace_is_missed() -> None:
    action = planned(6)
    assert action.action is Action.MISS
    assert detail_of(action) == "no worker of executor 'reports' started it within 5 minutes"


def test_a_caught_up_run_is_offered_less_often_after_ten_minutes() -> None:
    handed_over = [minutes for minutes in range(1, 41) if planned(minutes, catch_up="latest")]
    assert handed_over == [*range(1, 11), 20, 30, 40]


@pytest.mark.parametrize(("overlap", "handed_over"), [(False, [1]), (True, [1, 2, 3])])
def test_only_the_first_run_of_a_task_is_handed_over_again(overlap: bool, handed_over: list[int]) -> None:
    """The worker that ends a run hands over the next one: messages for all of a backlog would pile up."""
    tasks = Tasks([task_of(overlap=overlap, catch_up="all")])
    runs = tuple(
        Run("a", fire_time, id=number, slot=slot_of("a", fire_time), executor="reports", claimed_at=NOON)
        for number, fire_time in enumerate((NOON - 2 * MINUTE, NOON - MINUTE, NOON), start=1)
    )
    plan = plan_tick(NOON + MINUTE, tasks, StoreState(NOON, Pauses((), NOON), open_runs=runs), Settings())
    assert [action.run.id for action in plan.actions if action.run and action.action.starts] == handed_over


def test_a_forced_run_waits_for_an_hour() -> None:
    assert planned(5, None).action is Action.RUN
    assert planned(61, None).action is Action.MISS
