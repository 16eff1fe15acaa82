"""A Masonite app booted in this process; its changes to shared state are undone afterwards."""

from __future__ import annotations

import importlib
import os
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from masonite.container import Container
from masonite.utils.structures import data

_SHARED = ("objects", "_hooks", "swaps", "_remembered")


@contextmanager
def booted(root: Path) -> Iterator[Any]:
    """The application of that folder, as its `wsgi.py` makes it."""
    of_its_own = (_container_of_its_own(), _modules_of_its_own(root), _environment_of_its_own(root), _start_of_its_own())
    with ExitStack() as stack, warnings.catch_warnings():
        for each in of_its_own:
            stack.enter_context(each)
        warnings.simplefilter("ignore")
        yield importlib.import_module("wsgi").application


def run_command(application: Any, arguments: Sequence[str]) -> int:
    """`craft` with these arguments: the application's own command line, told not to end this process."""
    console = application.make("commands").command_application
    argv = ["craft", *arguments]
    if hasattr(console, "auto_exits"):
        from cleo.io.inputs.argv_input import ArgvInput

        console.auto_exits(False)
        return int(console.run(ArgvInput(argv)))
    from clikit.args.argv_args import ArgvArgs

    console.config.set_terminate_after_run(False)
    return int(console.run(ArgvArgs(argv)))


@contextmanager
def _container_of_its_own() -> Iterator[None]:
    before = {name: getattr(Container, name) for name in _SHARED}
    data.__defaults__[0].clear()  # the configuration of every app lives in one default argument
    for name in _SHARED:
        setattr(Container, name, {"make": {}, "bind": {}, "resolve": {}} if name == "_hooks" else {})
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(Container, name, value)


@contextmanager
def _modules_of_its_own(root: Path) -> Iterator[None]:
    path, write_bytecode = sys.path[:], sys.dont_write_bytecode
    sys.path.insert(0, str(root))
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:], sys.dont_write_bytecode = path, write_bytecode
        for name in [name for name, module in sys.modules.items() if _is_under(root, module)]:
            del sys.modules[name]
        for folder in [folder for folder in sys.path_importer_cache if not os.path.isabs(folder)]:
            del sys.path_importer_cache[folder]  # Masonite looks into `config`, and Python 3.10 remembers whose that was


def _is_under(root: Path, module: Any) -> bool:
    places = [getattr(module, "__file__", None) or "", *map(str, getattr(module, "__path__", []))]
    return any(place.startswith(f"{root}{os.sep}") for place in places)


@contextmanager
def _environment_of_its_own(root: Path) -> Iterator[None]:
    folder, environment = Path.cwd(), dict(os.environ)
    os.chdir(root)
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    try:
        yield
    finally:
        os.chdir(folder)
        current_test = os.environ.get("PYTEST_CURRENT_TEST", environment.get("PYTEST_CURRENT_TEST"))
        os.environ.clear()
        os.environ.update(environment)
        if current_test is not None:
            os.environ["PYTEST_CURRENT_TEST"] = current_test


@contextmanager
def _start_of_its_own() -> Iterator[None]:
    """This process seems to start now: what it has loaded before belongs to no app."""
    with patch("scheduler.processes.identity.started_at", lambda now=time.time(): now):
        yield
