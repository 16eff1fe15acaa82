"""The interpreter that runs here, its `craft`, and the app's folder."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from scheduler.errors import WrongUsage
from scheduler.installation.Installation import Installation
from scheduler.private_folder import FOLDER

NAMES = ("python", "python3")
CRON_DAEMONS = ("cron", "crond", "fcron", "dcron", "busybox")


def installation_here(id_: str, base_path: str, private_folder: str = FOLDER) -> Installation:
    """Return the installation of the app in the folder `base_path`, run by this interpreter."""
    folder, python = as_entered(base_path), interpreter()
    return Installation(id_, folder, python, craft_of(python, folder), private_folder)


def as_entered(folder: str) -> str:
    """Return the name by which the working directory `folder` was entered.

    So a link to the current release stays a link in the crontab, and the next release needs no new line.
    """
    entered = os.environ.get("PWD", "")
    return entered if os.path.isabs(entered) and _are_same(entered, folder) else folder


def interpreter() -> str:
    """Return a path of this interpreter that does not depend on how it was started or on its exact version."""
    names = (os.path.join(os.path.dirname(sys.executable), name) for name in NAMES)
    return next((name for name in names if _are_same(name, sys.executable)), sys.executable)


def craft_of(python: str, folder: str) -> str:
    """Return the environment's console script, or else the app's own file `craft`; raise `WrongUsage` without both."""
    script = os.path.join(os.path.dirname(python), "craft")
    if os.path.isfile(script):
        return script
    if os.path.isfile(os.path.join(folder, "craft")):
        return "craft"
    raise WrongUsage(f"There is no `craft` next to {python}: install masonite-scheduler with that interpreter's pip.")


def _are_same(one: str, other: str) -> bool:
    return os.path.exists(one) and os.path.samefile(one, other)


def cron_runs(processes: str = "/proc") -> bool | None:
    """Return whether a cron daemon runs on this machine, None if that cannot be seen."""
    try:
        numbers = [name for name in os.listdir(processes) if name.isdecimal()]
    except OSError:
        return None
    for number in numbers:
        with suppress(OSError), open(f"{processes}/{number}/comm", encoding="utf-8", errors="replace") as file:
            if file.read().strip() in CRON_DAEMONS:
                return True
    return False if numbers else None
