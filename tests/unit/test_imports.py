"""Unnecessary imports cost time in every craft command and every minute."""

from __future__ import annotations

import subprocess
import sys

import pytest

SHOW = "import os, sys; before = set(sys.modules); {}; print(*sorted(set(sys.modules) - before))"


def modules_of(code: str) -> set[str]:
    """What a fresh Python imports for `code`, beside what it has imported to start."""
    command = [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}; {SHOW.format(code)}"]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


def test_importing_the_package_imports_nothing_else() -> None:
    assert modules_of("import scheduler") <= {"__future__", "scheduler"}


@pytest.mark.parametrize(
    ("code", "imported"),
    [
        ("import scheduler.craft", {"scheduler.craft"}),
        ("import scheduler.cache.idle", {"scheduler.cache", "scheduler.cache.idle", "scheduler.cache.fingerprint", "scheduler.cache.ScheduleCache", "scheduler.private_folder", "binascii"}),
    ],
)
def test_an_idle_tick_imports_hardly_more(code: str, imported: set[str]) -> None:
    assert modules_of(code) - {"__future__"} == {"scheduler", *imported}


def test_public_names_are_loaded_when_they_are_first_used() -> None:
    assert "scheduler.errors" in modules_of("from scheduler import InvalidSchedule")
    assert "scheduler.Task" not in modules_of("from scheduler import InvalidSchedule")
