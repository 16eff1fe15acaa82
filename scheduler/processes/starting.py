"""Starting workers: by forking this process, or in a fresh interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from scheduler.processes import tree
from scheduler.processes.signals import end_on_sigterm
from scheduler.processes.streams import redirect_streams
from scheduler.processes.Worker import Worker
from scheduler.processes.worker_process import disown_cleanup, end_process, serve

Pipes = tuple[int, int, int, int]
"""One side's ends of a worker's pipes: go, result, output, errors."""


def fork_worker(work: Callable[[], dict[str, Any]], prepare: Callable[[], None]) -> Worker:
    """Fork a worker that calls `prepare` and, after the go signal, `work`, and reports its result.

    Raises `OSError` if the system is out of processes or descriptors.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    if tree.ON_LINUX:
        tree.c_library()  # loaded here once, not in each worker
    ours, theirs = _pipes()
    parent = os.getpid()
    try:
        pid = os.fork()
    except OSError:
        _close(ours + theirs)
        raise
    if not pid:
        _work(work, prepare, parent, ours, theirs)
    _close(theirs)
    return Worker(pid, *ours)


def spawn_worker(module: str, request: str) -> Worker:
    """Start a fresh interpreter that runs `module` as a worker: for a process that cannot be forked safely.

    The module's arguments are the numbers of this process and of the worker's pipes; it reads `request` from its
    standard input, where no other user can see it. Raises `OSError` if the system is out of processes or descriptors.
    """
    ours, theirs = _pipes()
    go, result, output, errors = theirs
    flags = ["-B"] if sys.dont_write_bytecode else []
    try:
        with _file_of(request.encode()) as file:
            process = subprocess.Popen(  # noqa: S603 - this interpreter, and arguments of our own
                [sys.executable, *flags, "-m", module, str(os.getpid()), str(go), str(result)],
                stdin=file,
                stdout=output,
                stderr=errors,
                pass_fds=(go, result),
                start_new_session=True,
            )
    except OSError:
        _close(ours + theirs)
        raise
    _close(theirs)
    process.returncode = 0  # the worker is waited for by its number
    return Worker(process.pid, *ours, boots=True)


def _work(
    work: Callable[[], dict[str, Any]], prepare: Callable[[], None], parent: int, ours: Pipes, theirs: Pipes
) -> NoReturn:
    """Work as the forked child and exit: the parent's code never continues in it."""
    try:
        _close(ours)
        go, result, output, errors = theirs
        os.setsid()
        tree.die_with_parent(parent)
        tree.keep_descendants()
        redirect_streams(output, errors)
        end_on_sigterm()
        disown_cleanup()

        def prepared() -> Callable[[], dict[str, Any]]:
            prepare()
            return work

        serve(go, result, prepared)
    finally:
        end_process(1)


def _pipes() -> tuple[Pipes, Pipes]:
    """Return the parent's ends and the child's; leave none open if there are too few descriptors for all."""
    opened: list[int] = []
    try:
        for _ in range(4):
            opened += os.pipe()
    except OSError:
        _close(opened)
        raise
    go_read, go_write, result_read, result_write, output_read, output_write, errors_read, errors_write = opened
    return (go_write, result_read, output_read, errors_read), (go_read, result_write, output_write, errors_write)


def _close(descriptors: tuple[int, ...] | list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _file_of(data: bytes) -> Any:
    """Return a file without a name that holds `data`; a pipe would take only so much until somebody reads it."""
    if hasattr(os, "memfd_create"):
        file: Any = open(os.memfd_create("request"), "w+b")  # noqa: SIM115 - closed by the caller
    else:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the caller
    file.write(data)
    file.seek(0)
    return file
