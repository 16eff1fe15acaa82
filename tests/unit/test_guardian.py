"""The guardian ends workers whose lease is not renewed in time, and no others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from scheduler.processes.Guardian import Guardian

LEASE = 0.4
LONG_LEASE = 2.0
"""For a test that must renew in time, however busy the machine is."""
GRACE = 0.3
STAY = "import time; print(flush=True); time.sleep(60)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {STAY}"


@pytest.fixture
def guardian(request: pytest.FixtureRequest) -> Iterator[Guardian]:
    made = Guardian(getattr(request, "param", LEASE), GRACE)
    yield made
    made.close()


@pytest.fixture
def start() -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Starts a process in a session of its own, as a worker is."""
    started = []

    def begin(code: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
        started.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def test_a_worker_whose_lease_is_not_renewed_is_ended(guardian: Guardian, start: Callable) -> None:
    worker, other = start(STAY), start(STAY)
    begun = time.monotonic()
    guardian.guard(worker.pid, begun)
    assert worker.wait(20) == -signal.SIGTERM
    assert time.monotonic() - begun >= LEASE
    assert guardian.release(worker.pid), "and it says so"
    assert other.poll() is None


def test_a_worker_that_ignores_sigterm_is_killed(guardian: Guardian, start: Callable) -> None:
    worker = start(DEAF)
    guardian.guard(worker.pid, time.monotonic())
    assert worker.wait(20) == -signal.SIGKILL


@pytest.mark.parametrize("guardian", [LONG_LEASE], indirect=True)
def test_a_worker_whose_lease_is_renewed_lives(guardian: Guardian, start: Callable) -> None:
    worker = start(STAY)
    guardian.guard(worker.pid, time.monotonic())
    enough = time.monotonic() + 2 * LONG_LEASE
    while time.monotonic() < enough:
        guardian.renew(time.monotonic())
        time.sleep(LEASE / 10)
    assert worker.poll() is None
    assert not guardian.release(worker.pid)


def test_a_renewal_counts_from_when_it_was_begun(guardian: Guardian, start: Callable) -> None:
    """A scheduler that was stopped during a renewal reports it too late."""
    worker = start(STAY)
    guardian.guard(worker.pid, time.monotonic())
    guardian.renew(time.monotonic() - 10 * LEASE)
    assert worker.wait(20) == -signal.SIGTERM


def test_a_worker_that_is_no_longer_guarded_is_left_alone(guardian: Guardian, start: Callable) -> None:
    worker, last = start(STAY), start(STAY)
    guardian.guard(worker.pid, time.monotonic())
    guardian.guard(last.pid, time.monotonic())
    guardian.release(worker.pid)
    assert last.wait(20) == -signal.SIGTERM
    assert worker.poll() is None


def test_ending_a_worker_ends_its_children(guardian: Guardian, start: Callable) -> None:
    worker = start(f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); {STAY}")
    (child,) = _children_of(worker.pid)
    guardian.guard(worker.pid, time.monotonic())
    worker.wait(20)
    give_up = time.monotonic() + 20
    while _state_of(child) not in {"", "Z"}:
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_a_guardian_that_was_killed_is_replaced(guardian: Guardian, start: Callable) -> None:
    worker = start(STAY)
    guardian.guard(worker.pid, time.monotonic())
    kill(guardian)
    guardian.renew(time.monotonic())
    assert worker.wait(20) == -signal.SIGTERM


def test_the_descriptors_of_a_killed_guardian_are_not_used_again(start: Callable) -> None:
    guardian = Guardian(60, 1)
    first, second = start(STAY), start(STAY)
    guardian.guard(first.pid, time.monotonic())
    guardian.guard(second.pid, time.monotonic())
    kill(guardian)
    assert not guardian.release(first.pid)
    pipes = [os.pipe() for _ in range(2)]  # they get the numbers that the guardian's pipes had
    for readable, writable in pipes:
        os.set_blocking(readable, False)
        os.write(writable, b"x")
    assert not guardian.release(second.pid)
    assert [os.read(readable, 100) for readable, _ in pipes] == [b"x", b"x"]
    for descriptor in (*pipes[0], *pipes[1]):
        os.close(descriptor)


def test_a_process_with_threads_starts_the_guardian_afresh(guardian: Guardian, start: Callable) -> None:
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    worker = start(STAY)
    guardian.guard(worker.pid, time.monotonic())
    done.set()
    other.join()
    assert worker.wait(20) == -signal.SIGTERM


def test_a_guardian_ends_with_its_scheduler_and_kills_its_workers(start: Callable) -> None:
    worker = start(STAY)
    code = (
        "import os, time; from scheduler.processes.Guardian import Guardian; "
        f"guardian = Guardian(60, 1); guardian.guard({worker.pid}, time.monotonic()); "
        "print(guardian._pid, flush=True); os.kill(os.getpid(), 9)"
    )
    scheduler = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=False)
    assert worker.wait(20) == -signal.SIGKILL
    give_up = time.monotonic() + 20
    while _state_of(int(scheduler.stdout)) not in {"", "Z"}:
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_a_guardian_that_is_not_needed_is_never_started(start: Callable) -> None:
    worker = start(STAY)
    guardian = Guardian(0.0, 0.0, is_needed=False)
    guardian.guard(worker.pid, 0.0)
    guardian.renew(0.0)
    assert not guardian.release(worker.pid)
    assert guardian._pid == -1


def kill(guardian: Guardian) -> None:
    os.kill(guardian._pid, signal.SIGKILL)
    give_up = time.monotonic() + 20
    while _state_of(guardian._pid) not in {"", "Z"}:
        assert time.monotonic() < give_up
        time.sleep(0.01)


def _children_of(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return [int(word) for word in file.read().split()]


def _state_of(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return ""
