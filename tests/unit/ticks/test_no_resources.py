"""A system without a process or a descriptor left: a start waits and is tried again."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest

from scheduler import clock
from scheduler.execution.Limits import Limits
from scheduler.processes import fork_worker, tree
from scheduler.processes.Guardian import Guardian
from scheduler.runs import Outcome

from .fake_app import MINUTE, NOON, FakeApp, nothing, task

SOMEBODY = 54321
"""The number of a user without processes: root is not limited."""


def open_descriptors() -> list[str]:
    return os.listdir("/proc/self/fd")


@contextmanager
def no_descriptor_left(seconds: float) -> Iterator[None]:
    """For so long, this process can open hardly any more files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    def lift(*_: object) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    previous = signal.signal(signal.SIGALRM, lift)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, open_descriptors())) + 4, hard))
    fillers = []
    with suppress(OSError):
        while True:
            fillers.append(os.open(os.devnull, os.O_RDONLY))
    for _ in range(3):
        os.close(fillers.pop())
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        lift()
        for filler in fillers:
            os.close(filler)
        signal.signal(signal.SIGALRM, previous)


def in_child_that_can_start_no_process(seconds: float, work: Callable[[], None]) -> None:
    """Call `work` in a forked child that for so long can start no process, of another user if this one is root."""
    pid = os.fork()
    if not pid:
        code = 1
        try:
            if os.geteuid() == 0:
                os.setresuid(SOMEBODY, SOMEBODY, SOMEBODY)
            hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
            signal.signal(signal.SIGALRM, lambda *_: resource.setrlimit(resource.RLIMIT_NPROC, (hard, hard)))
            resource.setrlimit(resource.RLIMIT_NPROC, (1, hard))
            signal.setitimer(signal.ITIMER_REAL, seconds)
            work()
            code = 0
        except BaseException:  # noqa: BLE001 - nothing may come back from here
            traceback.print_exc()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_failed_start_leaves_no_descriptor_open() -> None:
    before = open_descriptors()
    with no_descriptor_left(60), pytest.raises(OSError, match="Too many open files"):
        fork_worker(dict, nothing)
    assert open_descriptors() == before


def test_a_start_without_a_descriptor_left_is_tried_again(app: FakeApp) -> None:
    app.add(task(nothing), task(nothing, "Other"))
    scheduler = app.scheduler()
    started = time.monotonic()
    with no_descriptor_left(0.5):
        assert scheduler.tick(clock.real_now(), app.listener) == 0
    assert time.monotonic() - started >= 0.5
    assert [run.outcome for run in app.listener.runs] == [Outcome.SUCCEEDED] * 2
    assert app.store.leases() == []


def test_a_start_without_a_process_left_is_tried_again(app: FakeApp) -> None:
    app.add(task(nothing), task(nothing, "Other"))
    app.tick(NOON - MINUTE)  # all that a tick imports may be in a home that the other user cannot read
    app.listener.runs.clear()

    def tick() -> None:
        with pytest.raises(BlockingIOError):
            os.fork()
        started = time.monotonic()
        assert app.tick() == 0
        assert time.monotonic() - started >= 0.5
        assert [run.outcome for run in app.listener.runs] == [Outcome.SUCCEEDED] * 2
        assert app.store.leases() == []

    in_child_that_can_start_no_process(0.5, tick)


def test_a_python_without_ctypes_runs_its_tasks(
    app: FakeApp, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Where libffi was missing when Python was built, nothing ends children with their parent, but tasks run."""
    monkeypatch.setitem(sys.modules, "ctypes", None)
    tree.c_library.cache_clear()
    request.addfinalizer(tree.c_library.cache_clear)
    assert app.add(task(nothing), task(nothing, "Other")).tick() == 0
    assert [run.outcome for run in app.listener.runs] == [Outcome.SUCCEEDED] * 2


def test_a_guardian_that_cannot_be_started_leaves_no_descriptor_open() -> None:
    guardian = Guardian(60, 1)
    before = open_descriptors()
    with no_descriptor_left(60), pytest.raises(OSError, match="Too many open files"):
        guardian.guard(os.getpid(), time.monotonic())
    assert not guardian.release(os.getpid())
    assert open_descriptors() == before


def test_a_killed_guardian_that_cannot_be_replaced_now_is_replaced_later() -> None:
    guardian = Guardian(60, 1)
    guardian.guard(os.getpid(), time.monotonic())
    killed = guardian._pid
    os.kill(killed, signal.SIGKILL)
    os.waitid(os.P_PID, killed, os.WEXITED | os.WNOWAIT)
    with no_descriptor_left(60):
        # the pipes of the one that was killed are closed, which is one descriptor too few
        fillers = [os.open(os.devnull, os.O_RDONLY) for _ in range(3)]
        guardian.renew(time.monotonic())
    for filler in fillers:
        os.close(filler)
    assert guardian._pid == -1
    guardian.renew(time.monotonic())
    assert guardian._pid not in {-1, killed}
    guardian.release(os.getpid())
    guardian.close()


def test_a_start_that_never_came_is_missed_with_its_reason(app: FakeApp) -> None:
    app.limits = Limits(starting=0.0)
    app.add(task(nothing, grace="0 seconds"))
    with no_descriptor_left(60):
        app.scheduler().tick(clock.real_now(), app.listener)
    run = app.run()
    assert run.outcome is Outcome.MISSED
    assert run.detail == "no process could be started for it: Too many open files"
    assert app.store.leases() == []


def test_a_start_is_tried_for_as_long_as_grace(app: FakeApp) -> None:
    app.limits = Limits(starting=0.0)
    app.add(task(nothing, grace="1 hour"))
    with no_descriptor_left(0.5):
        app.scheduler().tick(clock.real_now(), app.listener)
    assert app.run().outcome is Outcome.SUCCEEDED


def test_five_ticks_leave_no_descriptor_open(app: FakeApp) -> None:
    app.add(task(lambda: print("x")), task(lambda: os._exit(7), "Dying"))
    before = open_descriptors()
    for minute in range(5):
        app.tick(clock.real_now() - timedelta(minutes=5 - minute))
    assert len(app.listener.runs) == 10
    assert open_descriptors() == before
