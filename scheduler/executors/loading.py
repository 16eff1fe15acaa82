"""Loading objects of the app by their dotted name, such as `app.celery.celery`."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from scheduler.config.ExecutorConfig import closest
from scheduler.errors import ExecutorUnavailable
from scheduler.tasks.failures import describe_failure


def missing_module(name: str) -> str:
    """Return that the module of a dotted name does not exist, with the closest one; empty if it does."""
    module, dot, attribute = name.replace(":", ".").rpartition(".")
    if not dot or not all(part.isidentifier() for part in (*module.split("."), attribute)):
        return f"{name!r} is not the dotted name of an object, such as 'app.celery.celery'"
    try:
        found = module in sys.modules or find_spec(module) is not None
    except ModuleNotFoundError:
        found = False
    except Exception as error:  # noqa: BLE001 - a package of the app is imported to look into it
        return f"{module} cannot be imported: {describe_failure(error).error}"
    return "" if found else f"there is no module {module!r}{_closest_module(module)}"


def load(name: str) -> Any:
    """Return the object with a dotted name; raise `ExecutorUnavailable` if it cannot be imported."""
    module, _, attribute = name.replace(":", ".").rpartition(".")
    try:
        home = import_module(module)
    except (Exception, SystemExit) as error:
        failure = describe_failure(error)
        place = f" ({failure.location})" if failure.location else ""
        raise ExecutorUnavailable(f"{module} cannot be imported: {failure.error}{place}") from error
    if not hasattr(home, attribute):
        public = [each for each in vars(home) if not each.startswith("_")]
        raise ExecutorUnavailable(f"{module} has no {attribute!r}{closest(attribute, public)}")
    return getattr(home, attribute)


def _closest_module(module: str) -> str:
    package, _, own = module.rpartition(".")
    folder = os.path.join(os.getcwd(), *package.split("."))
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    modules = [os.path.splitext(name)[0] for name in names if not name.startswith(("_", "."))]
    return closest(own, modules)
