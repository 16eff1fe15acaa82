"""What an app's schedule was read from, as text in which every change shows: files, versions, variables, the machine.

An idle tick compares it, so this imports nothing that Python has not loaded already.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # see scheduler/__init__.py
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

READ = (".py", ".json", ".toml", ".yaml", ".yml", ".ini", ".cfg", ".so")
"""How the names of files end that may say when tasks run."""

NOT_READ = ("__pycache__", "node_modules")
"""Folders without anything that is the app's own; hidden ones and virtual environments are left out too."""

WRITTEN_TO = "storage"
"""The folder, at the top of an app, that it writes to while it runs."""

LIBRARIES = ("site-packages", "dist-packages")
INSTALLED = (".dist-info", ".egg-info", ".egg-link", ".pth")
OURS = os.path.dirname(os.path.abspath(__file__))


def fingerprint(folder: str, files: Iterable[str], variables: Iterable[str]) -> str:
    """Return a line for each thing that the schedule of the app in `folder` may depend on.

    `files` are those outside of the folder, `variables` those of the environment.
    """
    lines = [
        f"the app's folder\t{os.path.realpath(folder)}",
        f"Python\t{sys.version} in {sys.prefix}".replace("\n", " "),
        f"the host\t{os.uname().nodename}",
    ]
    lines += [f"the variable {name}\t{os.environ.get(name)!r}" for name in variables]
    lines += [f"{path}\t{_state_of(path)}" for path in files]
    for place in sys.path:
        if place.endswith(LIBRARIES):
            names = (name for name in _names_in(place) if name.endswith(INSTALLED))
            lines += [f"{path}\t{_state_of(path)}" for path in (f"{place}/{name}" for name in names)]
    lines += [f"{path}\t{_state_of(path)}" for path in files_of(OURS)]
    lines += [f"{path[len(folder) + 1 :]}\t{_state_of(path)}" for path in files_of(folder)]
    return "\n".join(lines)


def difference(before: str, after: str) -> str:
    """Return in words what is different between two fingerprints: the first thing of it."""
    old, new = (dict(line.split("\t", 1) for line in text.split("\n") if "\t" in line) for text in (before, after))
    for name in [*new, *old]:
        if name not in old:
            return f"{name} is new"
        if name not in new:
            return f"{name} is gone"
        if old[name] != new[name]:
            return f"{name} has changed"
    return "something has changed"


def files_of(folder: str) -> Iterator[str]:
    """Return the files below `folder` that may say when tasks run."""
    seen = {os.path.realpath(folder)}
    waiting = [folder]
    while waiting:
        parent = waiting.pop()
        try:
            entries = sorted(os.scandir(parent), key=lambda entry: entry.name)
        except OSError:  # what cannot be listed, the app cannot import
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


def _state_of(path: str) -> str:
    """Return what changes whenever a file does: its time of change cannot be set, unlike that of its last writing."""
    try:
        found = os.stat(path)
    except OSError:
        return "not there"
    return f"{found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"
