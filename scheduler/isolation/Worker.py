"""A process of its own for one task: its pipes, its end, and ending it with everything it started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NoReturn

from scheduler.isolation import tree

CHUNK = 65536
GO = b"g"
BEGUN = b"\n"
UNKNOWN_STATUS = 255
"""Somebody else has waited for the process."""

_REPORTS: list[int] = []
"""Where this process reports, if it is a worker."""

Pipes = tuple[int, int, int, int]
"""One's ends of them: go, result, output, errors."""


class EndedBySignal(SystemExit):
    """The process was told to end: `finally` blocks run, and nobody mistakes it for an outcome of the task."""


class Worker:
    """A child process that waits for `go`, does its work, reports one JSON object and ends.

    It leads a session of its own. `output` and `errors` are the ends to read what it prints from, -1 once they are
    closed. One that `boots` needs a while until it can begin.
    """

    def __init__(self, pid: int, go: int, result: int, output: int, errors: int, *, boots: bool = False) -> None:
        self.pid = pid
        self.boots = boots
        self.output = output
        self.errors = errors
        self.status: int | None = None
        self._go = go
        self._result = result
        self._report = b""
        self._members: set[tree.Member] = set()
        for descriptor in (result, output, errors):
            os.set_blocking(descriptor, False)

    @property
    def descriptors(self) -> list[int]:
        """Everything there may be something to read from."""
        return [fd for fd in (self._result, self.output, self.errors) if fd >= 0]

    @property
    def times_begun(self) -> int:
        """How often it has said that its time counts from then on."""
        return self._report.count(BEGUN)

    def go(self) -> None:
        """Let it begin."""
        with suppress(BrokenPipeError):
            os.write(self._go, GO)
        self._close_go()

    def read(self, descriptor: int) -> bytes:
        """Return what it printed there since the last time; reports are kept, and closed ends forgotten."""
        try:
            data = os.read(descriptor, CHUNK)
        except BlockingIOError:
            return b""
        if not data:
            self._forget(descriptor)
        if descriptor == self._result:
            self._report += data
            return b""
        return data

    def has_ended(self) -> bool:
        """Tell whether the process has ended, without waiting."""
        if self.status is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                self.status = UNKNOWN_STATUS
            else:
                self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status is not None

    def report(self) -> dict[str, Any] | None:
        """Return what it reported, None where it ended before it could."""
        while self._result >= 0:
            before = len(self._report)
            self.read(self._result)
            if len(self._report) == before:
                break
        try:
            return dict(json.loads(self._report))
        except ValueError:
            return None

    def send(self, number: int) -> None:
        """Send a signal to it and to everything it has started, detached or not, now or when it was last sent one."""
        self._members |= tree.members_of(self.pid)
        if self._members:
            tree.send(self._members, number)
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def close(self) -> None:
        """Close all pipes."""
        self._close_go()
        for descriptor in self.descriptors:
            self._forget(descriptor)

    def _close_go(self) -> None:
        if self._go >= 0:
            os.close(self._go)
            self._go = -1

    def _forget(self, descriptor: int) -> None:
        os.close(descriptor)
        if descriptor == self.output:
            self.output = -1
        elif descriptor == self.errors:
            self.errors = -1
        else:
            self._result = -1


def begin() -> None:
    """In a worker, say that the time it may take counts from now on; anywhere else do nothing."""
    if _REPORTS:
        write_all(_REPORTS[-1], BEGUN)


def report_to(descriptor: int) -> None:
    """Make this process a worker that reports there."""
    _REPORTS.append(descriptor)


def fork_worker(work: Callable[[], dict[str, Any]], prepare: Callable[[], None]) -> Worker:
    """Fork a process that calls `prepare` and then, once it is let go, `work`, whose result it reports."""
    sys.stdout.flush()
    sys.stderr.flush()
    ours, theirs = _pipes()
    parent = os.getpid()
    pid = os.fork()
    if not pid:
        _work(work, prepare, parent, ours, theirs)
    for descriptor in theirs:
        os.close(descriptor)
    return Worker(pid, *ours)


def spawn_worker(arguments: Sequence[str], given: str = "") -> Worker:
    """Start a fresh interpreter that runs `spawned` with these and its pipes' numbers: where forking is not safe.

    It reads `given` from its standard input, if there is anything to give.
    """
    ours, theirs = _pipes()
    go, result, output, errors = theirs
    flags = ["-B"] if sys.dont_write_bytecode else []
    with tempfile.TemporaryFile() as file:  # a pipe would take only so much until somebody reads it
        file.write(given.encode())
        file.seek(0)
        process = subprocess.Popen(  # noqa: S603 - this interpreter, and arguments of our own
            [sys.executable, *flags, "-m", "scheduler.isolation.spawned", *arguments, str(go), str(result)],
            stdin=file if given else subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            pass_fds=(go, result),
            start_new_session=True,
        )
    for descriptor in theirs:
        os.close(descriptor)
    process.returncode = 0  # it is waited for by its number
    return Worker(process.pid, *ours, boots=True)


def _work(
    work: Callable[[], dict[str, Any]], prepare: Callable[[], None], parent: int, ours: Pipes, theirs: Pipes
) -> NoReturn:
    """Be the child: whatever happens, the parent's code does not go on in it."""
    code = 1
    try:
        for descriptor in ours:
            os.close(descriptor)
        go, result, output, errors = theirs
        os.setsid()
        tree.die_with_parent(parent)
        tree.keep_descendants()
        _redirect(output, errors)
        take_signals()
        report_to(result)
        prepare()
        if os.read(go, 1) == GO:
            write_all(result, json.dumps(work()).encode())
            code = 0
    except EndedBySignal as error:
        code = int(error.code or 1)
    except BaseException:  # noqa: BLE001 - see above
        import traceback  # noqa: PLC0415 - hardly ever

        traceback.print_exc()
    finally:
        end_process(code)


def _pipes() -> tuple[Pipes, Pipes]:
    """Return the parent's ends and the child's."""
    go_read, go_write = os.pipe()
    result_read, result_write = os.pipe()
    output_read, output_write = os.pipe()
    errors_read, errors_write = os.pipe()
    return (go_write, result_read, output_read, errors_read), (go_read, result_write, output_write, errors_write)


def _redirect(output: int, errors: int) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (output, 1), (errors, 2)):
        os.dup2(source, target)
        os.close(source)
    prepare_streams()


def prepare_streams() -> None:
    """Give this process streams that pass on each line at once and choke on no letter."""
    sys.stdin = open(0, closefd=False, encoding="utf-8")  # noqa: SIM115 - it lasts as long as the process
    sys.stdout = open(1, "w", buffering=1, closefd=False, encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False, encoding="utf-8", errors="backslashreplace")  # noqa: SIM115


def take_signals() -> None:
    """Give signals their usual meaning again; SIGTERM lets `finally` blocks run."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _exit_on_signal)


def _exit_on_signal(number: int, _frame: object) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise EndedBySignal(128 + number)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`, however long."""
    while data:
        data = data[os.write(descriptor, data) :]


def end_process(code: int) -> NoReturn:
    """End this process at once, threads and all, with what it has printed passed on."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
