"""What a schedule is built from besides the app's folder: variables of the environment, and other files."""

from __future__ import annotations

import ast
import os
import re
import site
import sys
import sysconfig
import zoneinfo
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import tzinfo
from typing import Final

from scheduler.cache.fingerprint import LIBRARIES, app_files
from scheduler.rules.zones import name_of
from scheduler.tasks.inspection import class_of
from scheduler.tasks.RegisteredTask import RegisteredTask

ALWAYS_READ: Final = {"APP_ENV", "PYTHONHOME", "PYTHONPATH", "PYTHONTZPATH", "TZ"}
OF_A_SESSION: Final = {
    *("COLUMNS", "EDITOR", "HOME", "LANG", "LINES", "LOGNAME", "MAIL", "OLDPWD", "PAGER", "PATH", "PWD", "SHELL"),
    *("SHLVL", "TERM", "TMPDIR", "USER", "USERNAME", "VIRTUAL_ENV", "_"),
}
"""Variables that differ between a person's shell and cron, and do not decide when tasks run."""

IN_DOTENV: Final = re.compile(r"\$\{(\w+)", re.ASCII)
SET_BY_DOTENV: Final = re.compile(r"^\s*(?:export\s+)?(\w+)\s*=", re.ASCII | re.MULTILINE)
LOCAL_ZONE: Final = ("/etc/localtime", "/etc/timezone", "/etc/sysconfig/clock", "/etc/conf.d/clock")


def variable_names(folder: str) -> list[str]:
    """Return the names of all variables that the app in `folder` may read, except those that its `.env` sets.

    To read a variable, code needs its name. So every string in the app's Python files that can be a name counts,
    whatever function it is passed to, and so does every `${NAME}` in its `.env`.
    """
    dotenvs = (".env", f".env.{os.environ['APP_ENV']}") if os.environ.get("APP_ENV") else (".env",)
    texts = [_read(os.path.join(folder, name)) for name in dotenvs]
    names = ALWAYS_READ.union(*(IN_DOTENV.findall(text) for text in texts))
    for path in app_files(folder):
        if path.endswith(".py"):
            names |= _names_in(_read(path))
    return sorted(names.difference(OF_A_SESSION, *(SET_BY_DOTENV.findall(text) for text in texts)))


def outside_files(folder: str, tasks: Sequence[RegisteredTask]) -> list[str]:
    """Return the files outside of `folder` that may decide when its tasks run; some of them need not exist."""
    zones = _zone_files(task.zone for task in tasks if task.rule is not None)
    return sorted({*LOCAL_ZONE, *_module_files(folder), *_class_files(folder, tasks), *zones})


def _names_in(source: str) -> set[str]:
    """Return the strings in Python code that can be names of variables."""
    try:
        nodes = ast.walk(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # Python cannot import it either
        return set()
    strings = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return {string for string in strings if string.isidentifier()}


def _read(path: str) -> str:
    with suppress(OSError), open(path, encoding="utf-8", errors="replace") as file:
        return file.read()
    return ""


def _module_files(folder: str) -> Iterator[str]:
    """Yield the files of imported modules that are neither the app's nor installed, such as editable packages."""
    known = tuple(place + os.sep for place in (folder, *_library_folders()))
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and not path.startswith(known):
            yield path


def _class_files(folder: str, tasks: Sequence[RegisteredTask]) -> Iterator[str]:
    """Yield the files of the tasks' classes, unless they are the app's: an installed package may have tasks."""
    for task in tasks:
        for cls in class_of(task.target).__mro__:
            path = getattr(sys.modules.get(cls.__module__), "__file__", None)
            if isinstance(path, str) and not path.startswith(folder + os.sep):
                yield path


def _library_folders() -> set[str]:
    folders = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {*site.getsitepackages(), *(place for place in sys.path if place.endswith(LIBRARIES))}
    return {folder for folder in folders if folder}


def _zone_files(zones: Iterable[tzinfo]) -> set[str]:
    names = {name_of(zone) for zone in zones}
    return {os.path.join(place, name) for place in zoneinfo.TZPATH for name in names}
