"""Task classes in the files of an app's task folder."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import NamedTuple

from scheduler.failures import described


class BrokenFile(NamedTuple):
    """A file that could not be imported."""

    path: str
    error: str
    location: str
    traceback: str

    @property
    def names(self) -> frozenset[str]:
        """What `--task` may call it: the class is named like its file, most often."""
        return frozenset({self.path, os.path.splitext(os.path.basename(self.path))[0]})


def discovered_classes(folder: str, package: str) -> tuple[list[type], list[BrokenFile]]:
    """Return the classes defined in modules under `folder`, whose dotted name is `package`, and what failed to load.

    A folder that does not exist holds nothing.
    """
    classes: list[type] = []
    broken: list[BrokenFile] = []
    for path in _files(folder):
        try:
            module = _module(path, folder, package)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a user's file does when it is imported
            failure = described(error)
            shown = os.path.relpath(path)
            broken.append(BrokenFile(shown, failure.error + _mend(error), failure.location or shown, failure.traceback))
            continue
        found = [cls for cls in vars(module).values() if inspect.isclass(cls) and cls.__module__ == module.__name__]
        classes += [cls for cls in dict.fromkeys(found) if cls not in classes]
    return classes, broken


def _mend(error: BaseException) -> str:
    """Return what to write in place of an import that was right with masonite-scheduler 3."""
    if isinstance(error, ModuleNotFoundError) and error.name == "masonite.scheduler":
        return "; that was masonite-scheduler 3: write `from scheduler.Task import Task`"
    return ""


def _files(folder: str) -> Iterator[str]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        for name in sorted(files):
            if name.endswith(".py") and not name.startswith("."):
                yield os.path.join(parent, name)


def _module(path: str, folder: str, package: str) -> ModuleType:
    """Import a file under the name other modules of the app know it by, so that its classes exist once."""
    parts = [*package.split("."), *os.path.splitext(os.path.relpath(path, folder))[0].split(os.sep)]
    if parts[-1] == "__init__":
        parts.pop()
    name = ".".join(parts)
    if all(part.isidentifier() for part in parts):
        return importlib.import_module(name)
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
