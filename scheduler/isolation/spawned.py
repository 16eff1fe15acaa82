"""A fresh process that runs one task, started as `python -m scheduler.isolation.spawned` with what `main` takes."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from typing import Any


def main(arguments: list[str]) -> int:
    """Boot the app in the working directory, wait to be let go, run the task, report what came of it."""
    key, run_id, fire_time, attempt, late, go, result = arguments
    parent = os.getppid()
    from scheduler.isolation import tree  # noqa: PLC0415 - first of all

    tree.die_with_parent(parent)
    tree.keep_descendants()
    sys.path.insert(0, os.getcwd())
    from wsgi import application  # type: ignore[import-not-found]  # noqa: PLC0415 - the app's own file

    from scheduler.isolation.Worker import GO  # noqa: PLC0415 - the app is booted first
    from scheduler.runs import Run  # noqa: PLC0415

    if os.read(int(go), 1) != GO:
        return 1
    run = Run(
        key,
        datetime.fromisoformat(fire_time) if fire_time else None,
        id=int(run_id),
        attempt=int(attempt),
        late=late == "1",
        pid=os.getpid(),
    )
    report: dict[str, Any] = application.make("scheduler").run_here(run)
    with os.fdopen(int(result), "w", encoding="utf-8") as stream:
        json.dump(report, stream)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
