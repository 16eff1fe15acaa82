"""Names that apps import, and files that they publish, stay where they are."""

from __future__ import annotations

import importlib
import os
from importlib.metadata import entry_points

import pytest

import scheduler

PUBLIC = {
    "scheduler": ["CallbackTask", "CanSchedule", "CommandTask", "InvalidSchedule", "Task"],
    "scheduler.Task": ["Task"],
    "scheduler.errors": ["InvalidSchedule", "OK", "STORE_UNAVAILABLE", "TASK_FAILED", "WRONG_USAGE"],
    "scheduler.events": [
        "ScheduledTaskFailed",
        "ScheduledTaskFinished",
        "ScheduledTaskMissed",
        "ScheduledTaskSkipped",
        "ScheduledTaskStarting",
    ],
    "scheduler.providers": ["ScheduleProvider"],
    "scheduler.stores.schema": ["create_statements", "drop_statements"],  # migrations in apps import these
    "scheduler.tasks": ["CallbackTask", "CommandTask", "Task"],
    "scheduler.testing": ["assert_due", "assert_not_due", "assert_runs", "frozen", "memory_store", "run_due"],
}
PUBLISHED = ["config/scheduler.py", "migrations/create_scheduler_tables.py"]


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, names in PUBLIC.items() for name in names])
def test_a_public_name_can_be_imported_from_its_path(module: str, name: str) -> None:
    loaded = importlib.import_module(module)
    assert hasattr(loaded, name)


@pytest.mark.parametrize("path", PUBLISHED)
def test_files_to_publish_are_in_the_package(path: str) -> None:
    assert os.path.isfile(os.path.join(os.path.dirname(scheduler.__file__), path))


def test_the_console_scripts_start_functions_that_exist() -> None:
    scripts = {entry.name: entry for entry in entry_points(group="console_scripts") if entry.value.startswith("scheduler.")}
    assert set(scripts) == {"craft", "source"}
    assert all(callable(entry.load()) for entry in scripts.values())
