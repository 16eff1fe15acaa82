"""What the programs in benchmarks/ import exists: few people run them, so a renamed class would go unnoticed for long."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

BENCHMARKS = Path(__file__).parent.parent.parent / "benchmarks"
IMPORT = re.compile(r"^ *from (scheduler[\w.]*) import (?:\(([^)]*)\)|(.+))$", re.MULTILINE)


def imported_names(code: str) -> set[tuple[str, str]]:
    """Return what code imports from the scheduler, and what the programs do that it holds as text."""
    lists = ((module, several or single) for module, several, single in IMPORT.findall(code))
    return {(module, name) for module, names in lists for name in re.findall(r"\w+", names.partition(" as ")[0])}


def test_the_benchmarks_import_what_there_is() -> None:
    names = {name for file in BENCHMARKS.glob("*.py") for name in imported_names(file.read_text())}
    assert ("scheduler.execution.ScheduleLoop", "ScheduleLoop") in names
    missing = [
        (module, name)
        for module, name in sorted(names)
        if not hasattr(import_module(module), name) and find_spec(f"{module}.{name}") is None
    ]
    assert missing == []
