"""Inside a worker: waiting for the go signal, doing the work, finishing what runs in the background, reporting."""

from __future__ import annotations

import atexit
import json
import os
import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NoReturn

from scheduler.processes.marks import mark_descendants
from scheduler.processes.signals import EndedBySignal, raise_if_ended

GO: Final = b"g"
BEGUN: Final = b"\n"
END_OF_PROBLEM: Final = b"\0"
"""Bytes in reports besides JSON, which contains neither of them."""

_reports: list[int] = []
"""The descriptor this process reports to, if it is a worker."""


def restart_time_limit() -> None:
    """Report that this worker's time limit counts from now on; do nothing in any other process."""
    if _reports:
        write_all(_reports[-1], BEGUN)


def report_problem(line: str) -> bool:
    """Report a problem at once to the process that started this worker; return False in any other process."""
    if _reports:
        write_all(_reports[-1], json.dumps(line).encode() + END_OF_PROBLEM)
    return bool(_reports)


def serve(go: int, result: int, prepare: Callable[[], Callable[[], dict[str, Any]]]) -> NoReturn:
    """Prepare the work, wait for the go signal, work, report the result as JSON and exit: the body of every worker.

    What the work has started in threads is waited for and exit handlers are called before the report, so that they
    count as part of it. A child that the work has forked, and that comes back from it, ends and reports nothing.
    """
    code, worker = 1, os.getpid()
    try:
        _reports.append(result)
        mark_descendants()
        work = prepare()
        if os.read(go, 1) == GO:
            report = json.dumps(work()).encode()
            if os.getpid() != worker:
                end_process(0)
            _finish_threads()
            _call_exit_handlers()
            write_all(result, report)
            code = 0
    except EndedBySignal as error:
        code = int(error.code or 1)
        _call_exit_handlers()
    except BaseException:  # noqa: BLE001 - whatever happens, the parent's code must not continue in its child
        import traceback  # noqa: PLC0415 - hardly ever

        traceback.print_exc()
    finally:
        end_process(code)


def disown_cleanup() -> None:
    """Leave it to the parent to clean up its temporary folders and end its child processes when it exits."""
    for finalizer in list(getattr(weakref.finalize, "_registry", ())):
        finalizer.detach()
    process = sys.modules.get("multiprocessing.process")
    if process is not None:
        process._children.clear()  # noqa: SLF001 - as multiprocessing does in its own forked children
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util._finalizer_registry.clear()  # noqa: SLF001 - the same


def _finish_threads() -> None:
    """Wait for threads that are not daemons and for the work of thread pools, as Python does before it exits."""
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - multiprocessing calls it in its children too
    raise_if_ended()


def _call_exit_handlers() -> None:
    with suppress(SystemExit, KeyboardInterrupt):
        atexit._run_exitfuncs()  # noqa: SLF001 - there is no other way: a forked child must not leave by `sys.exit`
    raise_if_ended()


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`, however long."""
    while data:
        data = data[os.write(descriptor, data) :]


def end_process(code: int) -> NoReturn:
    """End this process at once with its output passed on."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # a task may have closed or removed it
            stream.flush()
    os._exit(code)
