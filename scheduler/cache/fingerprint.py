"""The fingerprint of everything an app's schedule was built from: files, versions, environment, the machine.

An idle tick compares it, so this imports nothing that Python has not loaded already.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # see scheduler/__init__.py
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

READ = (".py", ".json", ".toml", ".yaml", ".yml", ".ini", ".cfg", ".so")
"""The endings of files that may decide when tasks run."""

NOT_READ = ("__pycache__", "node_modules")
"""Folders without code of the app; hidden ones and virtual environments are left out too."""

WRITTEN_TO = "storage"
"""The folder at the top of an app that the app writes to while it runs."""

LIBRARIES = ("site-packages", "dist-packages")
INSTALLED = (".dist-info", ".egg-info", ".egg-link", ".pth")


def fingerprint(folder: str, files: Iterable[str], variables: Iterable[str]) -> str:
    """Return a line for everything that the schedule of the app in `folder` may depend on.

    `files` are outside of the folder. `variables` are names of variables of the environment: those that are set get a
    line each.
    """
    read = set(variables)
    lines = [
        f"the app's folder\t{os.path.realpath(folder)}",
        f"Python\t{sys.version} in {sys.prefix}".replace("\n", " "),
        f"the host\t{os.uname().nodename}",
    ]
    lines += [f"the variable {name}\t{value!r}" for name, value in sorted(os.environ.items()) if name in read]
    lines += [f"{path}\t{_file_state(path)}" for path in files]
    for place in sys.path:
        if place.endswith(LIBRARIES):
            names = (name for name in _names_in(place) if name.endswith(INSTALLED))
            lines += [f"{path}\t{_file_state(path)}" for path in (f"{place}/{name}" for name in names)]
    lines += [f"{path[len(folder) + 1 :]}\t{_file_state(path)}" for path in app_files(folder)]
    return "\n".join(lines)


def difference(before: str, after: str) -> str:
    """Return the first difference between two fingerprints, in words."""
    old, new = (dict(line.split("\t", 1) for line in text.split("\n") if "\t" in line) for text in (before, after))
    for name in [*new, *old]:
        if name not in old:
            return f"{name} is new"
        if name not in new:
            return f"{name} is gone"
        if old[name] != new[name]:
            return f"{name} has changed"
    return "something has changed"


def app_files(folder: str) -> Iterator[str]:
    """Yield the files below the app's `folder` that may decide when tasks run."""
    seen = {os.path.realpath(folder)}
    waiting = [folder]
    while waiting:
        parent = waiting.pop()
        try:
            entries = sorted(os.scandir(parent), key=lambda entry: entry.name)
        except OSError:  # the app cannot import from it either
            continue
        is_top = parent is folder
        if not is_top and any(entry.name == "pyvenv.cfg" for entry in entries):
            continue
        for entry in entries:
            name = entry.name
            if not entry.is_dir():
                if name.endswith(READ) or (is_top and name.startswith(".env")):
                    yield entry.path
            elif not (name.startswith(".") or name in NOT_READ or (is_top and name == WRITTEN_TO)):
                if entry.is_symlink():
                    real = os.path.realpath(entry.path)
                    if real in seen:
                        continue
                    seen.add(real)
                waiting.append(entry.path)


def _names_in(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _file_state(path: str) -> str:
    """Return a text that differs after every change of a file: unlike `st_mtime`, its `st_ctime` cannot be set."""
    try:
        found = os.stat(path)
    except OSError:
        return "not there"
    return f"{found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"
