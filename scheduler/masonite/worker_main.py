"""A fresh process that runs one task or sends its notifications: `python -m scheduler.masonite.worker_main`."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

from scheduler.executors.execute import scheduler_of
from scheduler.processes import tree
from scheduler.processes.messages import unpack_request
from scheduler.processes.signals import end_on_sigterm
from scheduler.processes.streams import read_input, replace_streams
from scheduler.processes.worker_process import restart_time_limit, serve


def main(arguments: list[str]) -> NoReturn:
    """Boot the app in the working directory, wait for the go signal, do what is requested, report the result, exit.

    `arguments` are the numbers of the parent process and of the pipes for the go signal and the report. The request is
    on the standard input.
    """
    parent, go, result = map(int, arguments)
    tree.die_with_parent(parent)
    tree.keep_descendants()
    serve(go, result, _boot)


def _boot() -> Callable[[], dict[str, Any]]:
    """Boot the app and return the work. Booting does not count towards the task's timeout."""
    what, run, completed_runs = unpack_request(read_input())
    replace_streams()
    sys.path.insert(0, os.getcwd())
    with warnings.catch_warnings(record=True):  # the process that started this one has booted the app and shown them
        from wsgi import application  # type: ignore[import-not-found]  # noqa: PLC0415 - the app's own file
    scheduler = scheduler_of(application)
    end_on_sigterm()

    def work() -> dict[str, Any]:
        restart_time_limit()
        report: dict[str, Any] = scheduler.execute_request(what, run, completed_runs)
        return report

    return work


if __name__ == "__main__":
    main(sys.argv[1:])
