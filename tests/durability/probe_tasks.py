"""Tasks that perform an action for a test, and record it in a file, outside the store."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from scheduler.runs import Run
from scheduler.Task import Task

FOR_EVER = 3600.0


class WitnessLine(NamedTuple):
    """One line of the witness file."""

    what: str
    key: str
    fire_time: str | None
    attempt: int
    pid: int
    more: Any


class ProbeTask(Task):
    """Performs the action `does`, and writes to the file `witness` before and after."""

    does = "nothing"
    witness = os.devnull
    argument: Any = None

    def handle(self) -> None:
        self.note("start", {"late": self.current_run.late, "id": self.current_run.id})
        ACTIONS[self.does](self)
        self.note("end")

    def note(self, what: str, more: Any = None) -> None:
        """Append a line, in one system call, so that no line is lost or torn."""
        run = self.current_run
        fire_time = run.fire_time.isoformat() if run.fire_time else None
        line = json.dumps([what, run.key, fire_time, run.attempt, os.getpid(), more])
        descriptor = os.open(self.witness, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, line.encode() + b"\n")
        os.close(descriptor)


class ProbeTaskWithHooks(ProbeTask):
    """Records which hooks are called, and fails in those that `fails_in` names."""

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


def build_task(description: Mapping[str, Any], witness: str) -> type[Task]:
    """Return a class for a task that JSON describes: its `key`, and any attributes."""
    attributes = {name: value for name, value in description.items() if name not in {"key", "hooks"}}
    if not any(name.startswith("run_") and value for name, value in attributes.items()):
        attributes["run_every"] = "1 minute"
    attributes.setdefault("timezone", "UTC")
    base = ProbeTaskWithHooks if description.get("hooks") else ProbeTask
    return type(description["key"], (base,), {**attributes, "witness": witness, "__module__": __name__})


def read_witness(path: str | Path) -> list[WitnessLine]:
    """Return what tasks have written so far."""
    if not os.path.exists(path):
        return []
    return [WitnessLine(*json.loads(line)) for line in Path(path).read_text(encoding="utf-8").splitlines()]


# -- actions --


def _fail(_task: ProbeTask) -> None:
    raise RuntimeError("it went wrong")


def _fail_until(task: ProbeTask) -> None:
    if task.current_run.attempt < task.argument:
        raise RuntimeError(f"attempt {task.current_run.attempt} went wrong")


def _memory(_task: ProbeTask) -> None:
    limit = 512 * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    b"x" * (limit * 2)


def _loop(_task: ProbeTask) -> None:
    while True:
        pass


def _deaf_loop(task: ProbeTask) -> None:
    """Neither SIGTERM nor SIGINT ends it."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    task.note("deaf")
    while True:
        time.sleep(FOR_EVER)


def _tidy_loop(task: ProbeTask) -> None:
    """Cleans up when it is terminated."""
    try:
        time.sleep(FOR_EVER)
    finally:
        task.note("tidied")


def _wait_for_file(task: ProbeTask) -> None:
    """Lasts until there is a file of the name `argument`."""
    while not os.path.exists(task.argument):
        time.sleep(0.005)


def _outlive(task: ProbeTask) -> None:
    """Lasts until there is a file of the name `argument`, also when its scheduler is killed."""
    ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
    task.note("outliving")
    while not os.path.exists(task.argument):
        time.sleep(0.005)


def _breathe(task: ProbeTask) -> None:
    """Lasts some time, at most `argument` seconds, and records repeatedly that it is alive."""
    end = time.monotonic() + task.argument * (task.current_run.id * 37 % 100) / 100
    while True:
        task.note("breath", time.monotonic())
        if time.monotonic() >= end:
            return
        time.sleep(0.02)


def _print_lines(task: ProbeTask) -> None:
    for start in range(0, task.argument, 1000):
        print("\n".join(f"line {number} of what it has to say" for number in range(start, start + 1000)))
    print("the last word")


def _print_bytes(_task: ProbeTask) -> None:
    os.write(1, b"\xff\xfe\x00 no text \x00\n")
    print("a surrogate \udc80, a NUL \0, an emoji \U0001f680")


def _starts_child(*, waits: bool, command: Sequence[str] = (), **options: Any) -> Callable[[ProbeTask], None]:
    """Return an action that starts a child, which holds the task's output open, and `waits` for it or ends at once."""

    def act(task: ProbeTask) -> None:
        process = subprocess.Popen(command or [sys.executable, "-c", "import time; time.sleep(3600)"], **options)
        task.note("child", process.pid)
        if waits:
            with process:
                process.wait()
        process.returncode = 0  # nothing waits for it, and that is no mistake

    return act


def _count_up(task: ProbeTask) -> None:
    """Reads a number, and writes it back one higher: two at once would lose one."""
    path = Path(task.argument)
    number = int(path.read_text(encoding="utf-8"))
    time.sleep(0.002)
    path.write_text(str(number + 1), encoding="utf-8")


def _read_input(task: ProbeTask) -> None:
    task.note("input", sys.stdin.read())


def _query(task: ProbeTask) -> None:
    """Asks the app's database through masonite-orm in which sessions it is."""
    from durability.sessions import Sessions

    sessions = Sessions(task.argument)
    task.note("sessions", [sessions.number("it"), sessions.number("other")])


def _signals(task: ProbeTask) -> None:
    """Records its signal handlers."""
    task.note("signals", {number.name: str(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)})


ACTIONS: Mapping[str, Callable[[ProbeTask], None]] = {
    "nothing": lambda _task: None,
    "fail": _fail,
    "fail_until": _fail_until,
    "segfault": lambda _task: ctypes.string_at(0),
    "exit": lambda _task: os._exit(7),
    "sys_exit": lambda _task: sys.exit(3),
    "kill_itself": lambda _task: os.kill(os.getpid(), signal.SIGKILL),
    "memory": _memory,
    "loop": _loop,
    "deaf_loop": _deaf_loop,
    "tidy_loop": _tidy_loop,
    "wait_for_file": _wait_for_file,
    "outlive": _outlive,
    "breathe": _breathe,
    "print_lines": _print_lines,
    "print_bytes": _print_bytes,
    "child": _starts_child(waits=True),
    "child_without_mark": _starts_child(waits=True, env={}),  # nothing of the worker's environment is left in it
    "child_left_behind": _starts_child(waits=False),
    "daemon": _starts_child(waits=False, start_new_session=True),
    "chatty_daemon": _starts_child(waits=False, start_new_session=True, command=["yes", "still here"]),
    "child_in_session": _starts_child(waits=True, start_new_session=True),
    "child_in_group": _starts_child(waits=True, preexec_fn=os.setpgrp),  # as an interactive shell's jobs do
    "count_up": _count_up,
    "read_input": _read_input,
    "query": _query,
    "signals": _signals,
}
