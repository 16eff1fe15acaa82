"""Run a command while the clock shows another date: `python tools/at_date.py 2040-02-29T12:00 pytest tests/unit`.

The date is in UTC. It is the clock of the command and of every process that it starts, and it runs from there. This
needs libfaketime (Debian's package `faketime`); without it, the command runs at the current date, except in CI.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime, timezone
from glob import glob
from pathlib import Path

PLACES = ("/usr/lib/*/faketime", "/usr/lib/faketime", "/usr/local/lib/faketime")
OWN_PYTHON = Path(__file__).parent.parent / "tests" / "faked_clock"


def main(date: str, *command: str) -> None:
    """Become that command."""
    if library := next((path for place in PLACES for path in glob(f"{place}/libfaketime.so.1")), None):
        os.environ.update(faked_clock(library, datetime.fromisoformat(date).replace(tzinfo=timezone.utc)))
    elif os.environ.get("CI"):
        sys.exit("ERROR: libfaketime is missing; it is in Debian's package faketime")
    else:
        print(f"WARNING: libfaketime is missing: NOT TESTED AT {date}, only as of today")
    os.execvp(command[0], command)  # noqa: S606 (a command of ours)


def faked_clock(library: str, date: datetime) -> dict[str, str]:
    """Return the environment in which the clock shows that date now."""
    seconds = (date - datetime.now(timezone.utc)).total_seconds()
    path = os.pathsep.join(filter(None, [str(OWN_PYTHON), os.environ.get("PYTHONPATH")]))
    return {
        "LD_PRELOAD": library,
        "FAKETIME": f"{seconds:+.0f}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "PYTHONPATH": path,
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
