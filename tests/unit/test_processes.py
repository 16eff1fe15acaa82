"""The processes of a task, and what is left of them when it has ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from waiting import wait_until

from scheduler.execution.ActiveRun import ActiveRun
from scheduler.processes import fork_worker, tree
from scheduler.processes.Worker import Worker
from scheduler.runs import Run
from scheduler.tasks.RegisteredTask import unknown_task

pytestmark = pytest.mark.skipif(not tree.ON_LINUX, reason="only Linux tells who belongs to whom")


def nothing() -> None:
    """Prepare nothing."""


def ended(worker: Worker) -> Worker:
    wait_until(worker.has_ended)
    return worker


# --- a worker --------------------------------------------------------------------------------------------------------


def test_a_worker_begins_at_the_go_signal_and_reports(tmp_path: Path) -> None:
    def work() -> dict[str, object]:
        (tmp_path / "begun").touch()
        return {"pid": os.getpid()}

    worker = fork_worker(work, nothing)
    assert not worker.has_ended()
    assert not (tmp_path / "begun").exists()
    worker.go()
    assert ended(worker).report() == {"pid": worker.pid}
    assert worker.status == 0
    worker.close()
    assert worker.descriptors == []


def test_a_worker_without_a_go_signal_does_nothing() -> None:
    worker = fork_worker(lambda: {"done": True}, nothing)
    worker.close()
    assert ended(worker).status == 1


def test_a_report_larger_than_a_pipe_arrives_whole() -> None:
    worker = fork_worker(lambda: {"text": "a" * 300_000}, nothing)
    worker.go()
    while not worker.has_ended():
        for descriptor in worker.descriptors:
            worker.read(descriptor)
    assert len(worker.report()["text"]) == 300_000
    worker.close()


def test_an_error_outside_the_work_is_printed_without_a_report() -> None:
    """The parent's code never goes on in the child."""

    def prepare() -> None:
        raise RuntimeError("a connection could not be forgotten")

    worker = fork_worker(dict, prepare)
    worker.go()
    assert ended(worker).report() is None
    assert worker.status == 1
    assert b"RuntimeError: a connection could not be forgotten" in worker.read(worker.errors)
    worker.close()


def test_a_worker_that_has_ended_is_let_go_and_sent_signals_without_harm() -> None:
    worker = fork_worker(lambda: os._exit(3), nothing)
    os.kill(worker.pid, signal.SIGKILL)
    ended(worker)
    worker.go()
    worker.send(signal.SIGTERM)
    assert worker.status == -signal.SIGKILL
    worker.close()


def test_the_process_group_gets_the_signal_if_the_tree_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "ON_LINUX", False)
    worker = fork_worker(lambda: time.sleep(60) or {}, nothing)
    worker.go()
    wait_until(lambda: os.getpgid(worker.pid) == worker.pid)
    worker.send(signal.SIGKILL)
    assert ended(worker).status == -signal.SIGKILL
    worker.send(signal.SIGKILL)
    worker.close()


# --- who belongs to whom ---------------------------------------------------------------------------------------------


def detached(note: Path) -> Callable[[], dict[str, object]]:
    """Work that starts a process in a session of its own, and waits for it."""

    def work() -> dict[str, object]:
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
        note.write_text(str(child.pid))
        return {"code": child.wait()}

    return work


def test_detached_children_still_belong_to_their_task(tmp_path: Path) -> None:
    note = tmp_path / "child"
    worker = fork_worker(detached(note), nothing)
    worker.go()
    wait_until(lambda: note.exists() and note.read_text())
    child = int(note.read_text())
    assert {member.pid for member in tree.members_of(worker.pid)} == {worker.pid, child}
    worker.send(signal.SIGKILL)
    ended(worker)
    wait_until(lambda: not any(member.pid == child for member in tree.members_of(os.getpid())))
    worker.close()


def test_a_worker_hears_that_it_is_to_end_before_its_children_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a child ended first, the task would take that for its result, and succeed or fail before it gets the signal."""
    members = {tree.Member(pid, "1") for pid in range(1, 100)}
    sent: list[int] = []
    monkeypatch.setattr(tree, "_entry", lambda _pid: tree._Entry("S", 1, 1, "1"))
    monkeypatch.setattr(os, "kill", lambda pid, _number: sent.append(pid))
    assert tree.send(members, signal.SIGTERM, first=77) == len(members)
    assert sent[0] == 77
    assert sorted(sent) == list(range(1, 100))


def test_a_signal_is_not_sent_to_a_later_process_of_the_same_number() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        (member,) = tree.members_of(process.pid)
        assert tree.send([member._replace(started="1")], signal.SIGKILL) == 0
        assert process.poll() is None
        assert tree.send([member], signal.SIGKILL) == 1
        process.wait()
    assert tree.send([member], signal.SIGKILL) == 0


def test_processes_left_in_the_session_of_a_dead_leader_are_ended() -> None:
    """This happens if the scheduler was killed: the leader died with it, but not what it had started."""
    shell = ["/bin/sh", "-c", "sleep 60 > /dev/null & echo $!; exec cat"]
    leader = subprocess.Popen(shell, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert leader.stdout is not None
    left = int(leader.stdout.readline())
    assert tree.end_leftovers(leader.pid) == 0, "it lives: nothing of it is left over"
    leader.communicate()
    assert tree.end_leftovers(leader.pid) == 1
    wait_until(lambda: tree._entry(str(left)) is None or tree._entry(str(left)).state == "Z")
    assert tree.end_leftovers(0) == 0


def test_on_other_systems_process_trees_are_unknown_and_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "ON_LINUX", False)
    tree.die_with_parent(1)
    tree.keep_descendants()
    assert tree.members_of(os.getpid()) == set()


def test_a_child_whose_parent_has_ended_already_ends_too() -> None:
    """The kernel reports only an end that comes later."""
    late = "from scheduler.processes import tree; tree.die_with_parent(1); print('still here')"
    done = subprocess.run([sys.executable, "-c", late], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")


# --- what it printed -------------------------------------------------------------------------------------------------


def test_a_leftover_process_that_prints_for_ever_holds_nobody_up(capsys: pytest.CaptureFixture[str]) -> None:
    worker = fork_worker(dict, nothing)
    worker.go()
    ended(worker)
    with subprocess.Popen(["cat", "/dev/zero"], stdout=subprocess.PIPE) as leftover:
        os.dup2(leftover.stdout.fileno(), worker.output)
        ActiveRun(unknown_task("Job"), Run("Job", None), worker, None).close()
        assert leftover.poll() is None, "it goes on"
        leftover.kill()
    assert set(capsys.readouterr().out) == {"\0"}
    assert worker.descriptors == []
