"""The processes of tasks: what belongs to one, and what is left of it when it has ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scheduler.isolation import fork_worker, tree
from scheduler.isolation.Worker import Worker
from scheduler.runs import Run
from scheduler.supervision.Active import Active
from scheduler.TaskRegistry import unknown_task

pytestmark = pytest.mark.skipif(not tree.ON_LINUX, reason="only Linux tells who belongs to whom")


def nothing() -> None:
    """What a worker is prepared by."""


def wait_for(happens: Callable[[], object]) -> None:
    patience = time.monotonic() + 30
    while not happens():
        assert time.monotonic() < patience
        time.sleep(0.002)


def ended(worker: Worker) -> Worker:
    wait_for(worker.has_ended)
    return worker


# --- a worker --------------------------------------------------------------------------------------------------------


def test_it_begins_when_it_is_let_go_and_reports(tmp_path: Path) -> None:
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


def test_one_that_is_never_let_go_does_nothing() -> None:
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


def test_what_goes_wrong_around_the_work_is_printed_and_no_report() -> None:
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


def test_where_nobody_tells_who_belongs_to_it_its_group_gets_the_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "ON_LINUX", False)
    worker = fork_worker(lambda: time.sleep(60) or {}, nothing)
    worker.go()
    wait_for(lambda: os.getpgid(worker.pid) == worker.pid)
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


def test_what_a_task_has_detached_belongs_to_it_all_the_same(tmp_path: Path) -> None:
    note = tmp_path / "child"
    worker = fork_worker(detached(note), nothing)
    worker.go()
    wait_for(lambda: note.exists() and note.read_text())
    child = int(note.read_text())
    assert {member.pid for member in tree.members_of(worker.pid)} == {worker.pid, child}
    worker.send(signal.SIGKILL)
    ended(worker)
    wait_for(lambda: not any(member.pid == child for member in tree.members_of(os.getpid())))
    worker.close()


def test_a_signal_is_not_sent_to_a_later_process_of_the_same_number() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        (member,) = tree.members_of(process.pid)
        assert tree.send([member._replace(started="1")], signal.SIGKILL) == 0
        assert process.poll() is None
        assert tree.send([member], signal.SIGKILL) == 1
        process.wait()
    assert tree.send([member], signal.SIGKILL) == 0


def test_what_a_dead_leader_left_in_its_session_is_ended() -> None:
    """As when the scheduler was killed: the leader died with it, and what it had started lives on."""
    shell = ["/bin/sh", "-c", "sleep 60 > /dev/null & echo $!; exec cat"]
    leader = subprocess.Popen(shell, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert leader.stdout is not None
    left = int(leader.stdout.readline())
    assert tree.end_leftovers(leader.pid) == 0, "it lives: nothing of it is left over"
    leader.communicate()
    assert tree.end_leftovers(leader.pid) == 1
    wait_for(lambda: tree._entry(str(left)) is None or tree._entry(str(left)).state == "Z")
    assert tree.end_leftovers(0) == 0


def test_elsewhere_nothing_is_known_and_nothing_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "ON_LINUX", False)
    tree.die_with_parent(1)
    tree.keep_descendants()
    assert tree.members_of(os.getpid()) == set()


def test_a_child_whose_parent_has_ended_already_ends_too() -> None:
    """The kernel tells only of an end that comes later."""
    late = "from scheduler.isolation import tree; tree.die_with_parent(1); print('still here')"
    done = subprocess.run([sys.executable, "-c", late], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")


# --- what it printed -------------------------------------------------------------------------------------------------


def test_what_it_left_behind_may_print_for_ever_and_holds_nobody_up(capsys: pytest.CaptureFixture[str]) -> None:
    worker = fork_worker(dict, nothing)
    worker.go()
    ended(worker)
    never_empty = os.open("/dev/zero", os.O_RDONLY)
    os.dup2(never_empty, worker.output)
    os.close(never_empty)
    Active(unknown_task("Job"), Run("Job", None), worker, None).close()
    assert set(capsys.readouterr().out) == {"\0"}
    assert worker.descriptors == []
