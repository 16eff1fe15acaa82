"""Task classes in the files of an app's task folder."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import NamedTuple

from scheduler.tasks.failures import describe_failure
from scheduler.tasks.inspection import is_class, is_task
from scheduler.tasks.strays import strays

OWN_PACKAGES = ("scheduler.", "masonite.")


class BrokenFile(NamedTuple):
    """A file that could not be imported."""

    path: str
    error: str
    location: str
    traceback: str

    @property
    def names(self) -> frozenset[str]:
        """Return the names by which `--task` may call it: most often, the class is named like its file."""
        return frozenset({self.path, os.path.splitext(os.path.basename(self.path))[0]})


class Discovered(NamedTuple):
    """The task classes of an app's files, the files that failed, and notices about classes that are not tasks."""

    classes: list[type]
    broken: list[BrokenFile]
    notices: list[str]


def discovered_classes(folder: str, package: str, registered: frozenset[int] = frozenset()) -> Discovered:
    """Return the task classes, failures and notices of the modules under `folder`, whose dotted name is `package`.

    A folder that does not exist holds nothing. `registered` are the ids of the tasks that are known already.
    """
    classes: dict[int, type] = {}
    broken: list[BrokenFile] = []
    modules: list[ModuleType] = []
    for path in _files(folder):
        try:
            module = _module(path, folder, package)
            for value in list(vars(module).values()):
                if is_class(value) and _belongs_to(value, module) and is_task(value):
                    classes[id(value)] = value
            modules.append(module)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever a user's file does when it is imported
            failure = describe_failure(error)
            shown = os.path.relpath(path)
            text = failure.error + _hint(error)
            broken.append(BrokenFile(shown, text, failure.location or shown, failure.traceback))
    return Discovered(list(classes.values()), broken, _strays(modules, registered))


def _strays(modules: list[ModuleType], registered: frozenset[int]) -> list[str]:
    try:
        return list(strays(modules, registered))
    except Exception:  # noqa: BLE001 - a notice must not cost a run
        return []


def _belongs_to(cls: type, module: ModuleType) -> bool:
    """Return whether a class is defined in a module, or made for it by a function elsewhere, and not just imported."""
    origin = str(type.__getattribute__(cls, "__module__"))
    if origin == module.__name__:
        return True
    home = sys.modules.get(origin)
    name = type.__getattribute__(cls, "__name__")
    return getattr(home, name, None) is not cls and not origin.startswith(OWN_PACKAGES)


def _hint(error: BaseException) -> str:
    """Return the import to write instead of one that worked with masonite-scheduler 3."""
    if isinstance(error, ModuleNotFoundError) and error.name == "masonite.scheduler":
        return "; that was masonite-scheduler 3: write `from scheduler.Task import Task`"
    return ""


def _files(folder: str) -> Iterator[str]:
    """Return the Python files below a folder, linked folders included, each folder once."""
    seen: set[str] = set()
    for parent, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
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
