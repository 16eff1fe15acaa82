"""Tasks that do what tests need done, and write down outside the store that they did."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from scheduler.runs import Run
from scheduler.Task import Task

FOR_EVER = 3600.0


class Noted(NamedTuple):
    """One line of the witness file."""

    what: str
    key: str
    fire_time: str | None
    attempt: int
    pid: int
    more: Any


class Doing(Task):
    """Does what `does` names, and writes to the file `witness` before and after."""

    does = "nothing"
    witness = os.devnull
    argument: Any = None

    def handle(self) -> None:
        self.note("start", {"late": self.current_run.late, "id": self.current_run.id})
        DEEDS[self.does](self)
        self.note("end")

    def note(self, what: str, more: Any = None) -> None:
        """Append a line, in one system call, so that no line is lost or torn."""
        run = self.current_run
        fire_time = run.fire_time.isoformat() if run.fire_time else None
        line = json.dumps([what, run.key, fire_time, run.attempt, os.getpid(), more])
        descriptor = os.open(self.witness, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, line.encode() + b"\n")
        os.close(descriptor)


class Telling(Doing):
    """Writes down which hooks are called, and fails in those that `fails_in` names."""

    fails_in: tuple[str, ...] = ()

    def _hook(self, name: str, run: Run | None = None) -> None:
        outcome = run.outcome.value if run and run.outcome else None
        self.note(name, {"outcome": outcome, "error": run.error if run else None})
        if name in self.fails_in:
            raise RuntimeError(f"{name} went wrong")

    def before(self) -> None:
        self._hook("before")

    def after(self) -> None:
        self._hook("after")

    def succeeded(self, run: Run) -> None:
        self._hook("succeeded", run)

    def failed(self, run: Run) -> None:
        self._hook("failed", run)


def made(description: Mapping[str, Any], witness: str) -> type[Task]:
    """Return a class for a task that JSON describes: its `key`, and any attributes."""
    attributes = {name: value for name, value in description.items() if name not in {"key", "hooks"}}
    if not any(name.startswith("run_") and value for name, value in attributes.items()):
        attributes["run_every"] = "1 minute"
    attributes.setdefault("timezone", "UTC")
    base = Telling if description.get("hooks") else Doing
    return type(description["key"], (base,), {**attributes, "witness": witness, "__module__": __name__})


def read_witness(path: str | Path) -> list[Noted]:
    """Return what tasks have written so far."""
    if not os.path.exists(path):
        return []
    return [Noted(*json.loads(line)) for line in Path(path).read_text(encoding="utf-8").splitlines()]


# -- what they do --


def _fail(_task: Doing) -> None:
    raise RuntimeError("it went wrong")


def _fail_until(task: Doing) -> None:
    if task.current_run.attempt < task.argument:
        raise RuntimeError(f"attempt {task.current_run.attempt} went wrong")


def _segfault(_task: Doing) -> None:
    ctypes.string_at(0)


def _exit(_task: Doing) -> None:
    os._exit(7)


def _sys_exit(_task: Doing) -> None:
    sys.exit(3)


def _kill_itself(_task: Doing) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _memory(_task: Doing) -> None:
    limit = 512 * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    b"x" * (limit * 2)


def _loop(_task: Doing) -> None:
    while True:
        pass


def _deaf_loop(task: Doing) -> None:
    """Neither SIGTERM nor SIGINT ends it."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    task.note("deaf")
    while True:
        time.sleep(FOR_EVER)


def _tidy_loop(task: Doing) -> None:
    """Needs a moment to clean up when it is told to end."""
    try:
        time.sleep(FOR_EVER)
    finally:
        task.note("tidied")


def _wait_for_file(task: Doing) -> None:
    """Lasts until there is a file of the name `argument`."""
    while not os.path.exists(task.argument):
        time.sleep(0.005)


def _print_lines(task: Doing) -> None:
    for start in range(0, task.argument, 1000):
        print("\n".join(f"line {number} of what it has to say" for number in range(start, start + 1000)))
    print("the last word")


def _print_bytes(_task: Doing) -> None:
    os.write(1, b"\xff\xfe\x00 no text \x00\n")
    print("a surrogate \udc80, a NUL \0, an emoji \U0001f680")


def _child(task: Doing) -> None:
    """Starts a child in its own process group that stays, and waits for it."""
    with subprocess.Popen([sys.executable, "-c", _STAY]) as process:
        task.note("child", process.pid)
        process.wait()


def _child_left_behind(task: Doing) -> None:
    """Ends at once; its child, which holds its output open, stays."""
    process = subprocess.Popen([sys.executable, "-c", _STAY])
    task.note("child", process.pid)
    process.returncode = 0


def _daemon(task: Doing) -> None:
    """Ends at once; what it started in a session of its own holds its output open and stays."""
    process = subprocess.Popen([sys.executable, "-c", _STAY], start_new_session=True)
    task.note("child", process.pid)
    process.returncode = 0


def _chatty_daemon(task: Doing) -> None:
    """Ends at once; what it started in a session of its own prints without end."""
    process = subprocess.Popen(["yes", "still here"], start_new_session=True)
    task.note("child", process.pid)
    process.returncode = 0


def _child_in_session(task: Doing) -> None:
    """Waits for a child that made a session of its own."""
    with subprocess.Popen([sys.executable, "-c", _STAY], start_new_session=True) as process:
        task.note("child", process.pid)
        process.wait()


def _child_in_group(task: Doing) -> None:
    """Waits for a child that made a process group of its own, as an interactive shell's jobs do."""
    with subprocess.Popen([sys.executable, "-c", _STAY], preexec_fn=os.setpgrp) as process:
        task.note("child", process.pid)
        process.wait()


def _count_up(task: Doing) -> None:
    """Reads a number, and writes it back one higher: two at once would lose one."""
    path = Path(task.argument)
    number = int(path.read_text(encoding="utf-8"))
    time.sleep(0.002)
    path.write_text(str(number + 1), encoding="utf-8")


def _read_input(task: Doing) -> None:
    task.note("input", sys.stdin.read())


def _query(task: Doing) -> None:
    """Asks the app's database through masonite-orm in which sessions it is."""
    from durability.sessions import Sessions

    sessions = Sessions(task.argument)
    task.note("sessions", [sessions.number("it"), sessions.number("other")])


def _signals(task: Doing) -> None:
    """Writes down what signals mean to it."""
    task.note("signals", {number.name: str(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)})


_STAY = "import time; time.sleep(3600)"

DEEDS: Mapping[str, Callable[[Doing], None]] = {
    "nothing": lambda _task: None,
    "fail": _fail,
    "fail_until": _fail_until,
    "segfault": _segfault,
    "exit": _exit,
    "sys_exit": _sys_exit,
    "kill_itself": _kill_itself,
    "memory": _memory,
    "loop": _loop,
    "deaf_loop": _deaf_loop,
    "tidy_loop": _tidy_loop,
    "wait_for_file": _wait_for_file,
    "print_lines": _print_lines,
    "print_bytes": _print_bytes,
    "child": _child,
    "child_left_behind": _child_left_behind,
    "daemon": _daemon,
    "chatty_daemon": _chatty_daemon,
    "child_in_session": _child_in_session,
    "child_in_group": _child_in_group,
    "count_up": _count_up,
    "read_input": _read_input,
    "query": _query,
    "signals": _signals,
}
