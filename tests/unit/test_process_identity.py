"""Which process this is, and whether another one is gone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from scheduler.processes import identity
from scheduler.processes.identity import (
    ProcessIdentity,
    host_name,
    is_alive,
    is_gone,
    process_identity,
    this_machine,
    this_process,
)

LINUX = sys.platform.startswith("linux")


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits until it is killed."""
    made = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield made
    made.kill()
    made.wait()
    made.stdin.close()


def wait_until_zombie(pid: int) -> None:
    give_up = time.monotonic() + 20
    while True:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            if file.read().rpartition(")")[2].split()[0] == "Z":
                return
        assert time.monotonic() < give_up
        time.sleep(0.002)


def test_the_running_process_is_not_reported_gone() -> None:
    assert not is_gone(str(this_process()))
    assert this_process() == process_identity(os.getpid())


def test_a_process_is_known_again_from_its_text(child: subprocess.Popen[bytes]) -> None:
    identity = process_identity(child.pid)
    assert ProcessIdentity.parse(str(identity)) == identity
    assert identity.pid == child.pid
    assert identity.machine == this_machine()


def test_another_process_lives_until_it_has_ended(child: subprocess.Popen[bytes]) -> None:
    owner = str(process_identity(child.pid))
    assert not is_gone(owner)
    child.kill()
    child.wait()
    assert is_gone(owner)


@pytest.mark.skipif(not LINUX, reason="only Linux tells of zombies here")
def test_a_process_that_has_ended_and_is_not_waited_for_is_gone(child: subprocess.Popen[bytes]) -> None:
    owner = str(process_identity(child.pid))
    os.kill(child.pid, signal.SIGKILL)
    wait_until_zombie(child.pid)
    assert is_gone(owner)


@pytest.mark.skipif(not LINUX, reason="only Linux tells of zombies here")
def test_a_process_that_had_ended_before_it_was_first_looked_at_is_gone(child: subprocess.Popen[bytes]) -> None:
    os.kill(child.pid, signal.SIGKILL)
    wait_until_zombie(child.pid)
    assert is_gone(str(process_identity(child.pid)))


@pytest.mark.skipif(not LINUX, reason="only Linux tells when a process started here")
def test_a_reused_process_number_is_another_process() -> None:
    me = this_process()
    assert is_gone(str(me._replace(started=str(int(me.started) - 1))))


def test_a_process_number_in_use_is_not_gone_if_its_start_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_gone(str(this_process()._replace(started="")))
    monkeypatch.setattr(identity, "_read", lambda path: "")
    assert not is_gone(str(ProcessIdentity(this_machine(), os.getpid(), "4711")))
    assert is_gone(str(ProcessIdentity(this_machine(), 2**22 + 1, "4711")))


def test_a_process_of_another_machine_is_neither_alive_nor_gone() -> None:
    assert not is_gone(f"elsewhere:{2**22 + 1}:4711")
    assert not is_gone(str(this_process()._replace(machine="elsewhere")))


@pytest.mark.parametrize("text", ["", "nobody", "a:b", "a:b:c", "::", f"{this_machine()}:-1:3", "\0:1:\0"])
def test_an_invalid_identity_never_counts_as_gone(text: str) -> None:
    assert not is_gone(text)


def test_a_process_of_another_user_is_not_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert not is_gone(str(this_process()))


def test_a_machine_is_another_one_after_each_boot_and_in_each_container(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()
    for boot, namespace, first, host in [
        ("11111111-2222", "pid:[4026531836]", "24", "web"),
        ("99999999-2222", "pid:[4026531836]", "24", "web"),
        ("11111111-2222", "pid:[4026532000]", "24", "web"),
        ("11111111-2222", "pid:[4026532000]", "999", "web"),  # a container that was started again has the same number
        ("11111111-2222", "pid:[4026531836]", "24", "worker"),
    ]:
        files = {"/proc/sys/kernel/random/boot_id": f"{boot}\n", "/proc/1/stat": f"1 (init) S {'0 ' * 18}{first} 0"}
        monkeypatch.setattr(identity, "_read", lambda path, files=files: files[path])
        monkeypatch.setattr(os, "readlink", lambda path, namespace=namespace: namespace)
        monkeypatch.setattr(identity, "host_name", lambda host=host: host)
        this_machine.cache_clear()
        seen.add(this_machine())
    this_machine.cache_clear()
    assert len(seen) == 5


def test_a_machine_without_boot_id_is_identified_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> str:
        raise OSError

    monkeypatch.setattr(identity, "_read", lambda path: "")
    monkeypatch.setattr(os, "readlink", refuse)
    for cached in (this_machine, identity._distinguishes_machines):
        cached.cache_clear()
    assert this_machine() == host_name().replace(":", "_")
    assert not is_gone(str(ProcessIdentity(this_machine(), 2**22 + 1, "4711"))), "it may be another container's"
    assert not is_alive(str(this_process()))
    for cached in (this_machine, identity._distinguishes_machines):
        cached.cache_clear()


def test_a_process_is_identified_by_more_than_its_number(child: subprocess.Popen[bytes]) -> None:
    identity = process_identity(child.pid)
    assert is_alive(str(identity))
    assert is_alive(f"{identity}:2"), "one of several owners in that process"
    assert not is_alive(str(identity._replace(started=str(int(identity.started) - 1))))
    assert not is_alive(str(identity._replace(started="")))
    assert not is_alive(str(identity._replace(machine="elsewhere")))
    child.kill()
    child.wait()
    assert not is_alive(str(identity))


def test_a_colon_in_a_hosts_name_confuses_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "we:ird")
    host_name.cache_clear()
    this_machine.cache_clear()
    try:
        assert ProcessIdentity.parse(str(this_process())) == this_process()
        assert not is_gone(str(this_process()))
    finally:
        host_name.cache_clear()
        this_machine.cache_clear()


@pytest.mark.skipif(not LINUX, reason="only Linux tells it")
def test_a_process_knows_when_it_started() -> None:
    code = "from scheduler.processes.identity import started_at; print(started_at())"
    before = time.time()
    started = float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
    assert before <= started < time.time()


def test_the_start_is_estimated_if_the_system_does_not_know_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "_start_of", lambda pid: "")
    started = identity.started_at()
    assert started < time.time()
    assert identity.started_at() == pytest.approx(started, abs=0.5)
