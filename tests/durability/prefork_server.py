"""A process that forks a fresh process for each request: `python -m durability.prefork_server`.

Everything is imported in it, so that a tick does not have to start Python. It reads one order (JSON) per line, answers
with the number of the process that executes it, and again with its exit code.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from contracts.databases import Application

from durability.probe_tasks import build_task
from scheduler.config.Settings import Settings
from scheduler.config.TaskOptions import read_options
from scheduler.execution.Scheduler import Scheduler
from scheduler.listeners import ConsoleListener
from scheduler.masonite.MasoniteApp import MasoniteApp
from scheduler.processes import identity
from scheduler.rules.durations import duration
from scheduler.tasks.TaskRegistry import TaskRegistry

DURATIONS = ("lease", "stop_grace", "kill_grace")
LONGEST = 150.0


def scheduler_of(order: dict[str, Any]) -> Scheduler:
    """Return the scheduler that an order describes."""
    if order.get("host"):
        socket.gethostname = lambda: order["host"]
        identity.host_name.cache_clear()
        identity.this_machine.cache_clear()
    values = dict(order.get("settings", {}))
    values |= {name: duration(values[name]) for name in DURATIONS if name in values}
    settings = Settings(**values, options=read_options("policy", order.get("policy", {})))
    app = MasoniteApp(Application(order.get("connections"), order.get("base_path", ".")))
    app.setting = order.get("settings", {}).get
    registry = TaskRegistry(app.bound, app.call, lambda: ("/nowhere", "nowhere"), settings.options)
    scheduler = Scheduler(registry, app, settings)
    scheduler.add(*(build_task(description, order["witness"]) for description in order["tasks"]))
    if order.get("fault"):
        break_store(scheduler, **order["fault"])
    return scheduler


def break_store(scheduler: Scheduler, action: str, first: int, when: str = "before", times: int = 1) -> None:
    """Make the statements of the store fail from number `first` on (counted from 0).

    `action` is kill (this process), stop (it, until SIGCONT), lose (the connection) or count (print the statements);
    `when` is before or after the statement.
    """
    connection = scheduler.store.connection
    execute = connection._execute
    count = 0
    me = os.getpid()

    def execute_or_not(sql: str, values: Any) -> Any:
        nonlocal count
        if os.getpid() != me:
            return execute(sql, values)
        number, count = count, count + 1
        hit = first <= number < first + times
        if action == "count":
            print(f"statement {number}: {' '.join(sql.split())[:70]}", flush=True)
        if hit and when == "before":
            _break(action)
        result = execute(sql, values)
        if hit and when == "after":
            _break(action)
        return result

    connection._execute = execute_or_not


def _break(action: str) -> None:
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    if action == "lose":
        raise ConnectionResetError("the connection was lost, as the test wants it")


def tick(order: dict[str, Any]) -> int:
    """Act as one `schedule:run`, or, if there are several times, as one process that ticks for each."""
    scheduler = scheduler_of(order)
    listener = ConsoleListener(_say, _complain, talkative=True)
    if order.get("uses_database"):
        return tick_with_open_sessions(scheduler, listener, order)
    names = order.get("names", ())
    if isinstance(order["now"], str):
        now = datetime.fromisoformat(order["now"])
        return scheduler.tick(now, listener, names, force=order.get("force", False), inline=order.get("inline", False))
    return work(scheduler, listener, [datetime.fromisoformat(text) for text in order["now"]])


def tick_with_open_sessions(scheduler: Scheduler, listener: Any, order: dict[str, Any]) -> int:
    """Tick while this process has a pooled session and an open transaction; both must work afterwards."""
    from durability.sessions import Sessions

    sessions = Sessions(order["connections"])
    numbers = sessions.open()
    print(json.dumps(numbers), flush=True)
    code = scheduler.tick(datetime.fromisoformat(order["now"]), listener)
    sessions.check(numbers)
    return code


def work(scheduler: Scheduler, listener: Any, times: list[datetime]) -> int:
    """Act as a `schedule:work` whose minutes follow each other as soon as nothing runs any more."""
    tasks = scheduler.find()
    supervisor = scheduler.supervisor(listener)
    code = 0
    with supervisor.stop_on_signals():
        for now in times:
            supervisor.store_error = None
            code = max(code, scheduler.begin_tick(now, tasks, listener, supervisor))
            give_up = time.monotonic() + LONGEST
            while not supervisor.is_idle:
                supervisor.step(0.02)
                if time.monotonic() > give_up:
                    _complain("it has not ended in time")
                    return 99
    return code


def lease_fuzz(order: dict[str, Any]) -> int:
    """Count up an unprotected number `rounds` times, each time under the lease of one task."""
    from pathlib import Path

    from scheduler.processes.identity import host_name, this_process
    from scheduler.stores import Lease

    store = scheduler_of(order).store
    path = Path(order["counter"])
    me = str(this_process())
    left = order["rounds"]
    number = 0
    while left:
        now = datetime.now().astimezone()
        token = f"{me}/{number}"
        number += 1
        lease = Lease("the task", token, me, host_name(), os.getpid(), now + timedelta(seconds=60))
        if not store.acquire(lease, now):
            time.sleep(0.0005)
            continue
        value = int(path.read_text(encoding="utf-8"))
        if number % 3 == 0:
            time.sleep(0.001)
        path.write_text(str(value + 1), encoding="utf-8")
        store.release("the task", token)
        left -= 1
    return 0


ORDERS: dict[str, Callable[[dict[str, Any]], int]] = {"tick": tick, "lease_fuzz": lease_fuzz}


def _say(line: str) -> None:
    print(line, flush=True)


def _complain(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Execute one order after the other, each in a process of its own."""
    _answer({"ready": os.getpid()})
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if not pid:
            _execute(order)
        _answer({"pid": pid})
        _, status = os.waitpid(pid, 0)
        _answer({"code": os.waitstatus_to_exitcode(status)})


def _execute(order: dict[str, Any]) -> None:
    """Execute an order in a forked process as if that had been started for it; never return.

    With `not_before` it begins at that moment of the monotonic clock, which all processes share.
    """
    code = 70
    try:
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        for number, name in ((1, "out"), (2, "err")):
            target = os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(target, number)
            os.close(target)
        if order.get("open_files"):
            _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            for _ in range(order["open_files"]):
                os.dup(0)
        if order.get("ignore_sigchld"):
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while time.monotonic() < order.get("not_before", 0):
            pass
        code = ORDERS[order.get("order", "tick")](order)
    except BaseException:  # noqa: BLE001 - whatever it is, the test wants to read it
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _answer(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    for module in ("asyncio", "sqlite3", "psycopg2", "pymysql", "select"):
        try:
            __import__(module)
        except ImportError:
            continue
    main()
