"""Processes that are forked from this one, which has loaded Masonite and the engines: they start ten times as fast."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from integration.booted_app import booted, run_command

LOADED = (
    *("celery.__main__", "celery.bin.worker", "celery.apps.worker", "celery.concurrency.prefork", "celery.concurrency.solo"),
    *("celery.concurrency.thread", "kombu.transport.redis", "kombu.transport.pyamqp", "pika", "redis", "rq.cli"),
    *("scheduler.commands", "scheduler.executors.celery", "scheduler.execution.Supervisor"),
)


class Forked:
    """A process that runs a command of the app in `root`; it has the methods of `subprocess.Popen` that tests need."""

    def __init__(self, args: Sequence[str], root: Path, log: str) -> None:
        self.args = args
        self.returncode: int | None = None
        self.pid = os.fork()
        if not self.pid:
            _be(args, root, log)

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self, timeout: float = 120) -> int:
        give_up = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > give_up:
                raise subprocess.TimeoutExpired(list(self.args), timeout)
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def load(root: Path) -> None:
    """Load what forked processes need."""
    with booted(root):
        for name in LOADED:
            with suppress(ImportError):
                import_module(name)


def _be(args: Sequence[str], root: Path, log: str) -> None:
    code: Any = 70
    try:
        os.setsid()
        descriptor = os.open(root / log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        for standard in (1, 2):
            os.dup2(descriptor, standard)
        sys.stdout = sys.stderr = os.fdopen(descriptor, "w", buffering=1)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with booted(root) as application:
            code = _main_of(args, application)()
    except SystemExit as error:
        code = error.code
    except BaseException:  # noqa: BLE001 - it is printed, and this process ends
        traceback.print_exc()
    finally:
        os._exit(code if isinstance(code, int) else int(code is not None))


def _main_of(args: Sequence[str], application: Any) -> Callable[[], Any]:
    program, *arguments = args
    if arguments[0] == "craft":
        return lambda: run_command(application, arguments[1:])
    sys.argv = [program, *arguments]
    name = Path(program).name
    return import_module({"celery": "celery.__main__", "rq": "rq.cli"}[name]).main
