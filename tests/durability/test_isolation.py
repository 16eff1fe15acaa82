"""One task can do anything: the others finish, and its outcome is recorded."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest
from waiting import is_alive, wait_until

from durability.faults import wait_until_dead
from durability.harness import Harness


@pytest.fixture
def crowd(harness: Harness) -> Iterator[Harness]:
    """A harness whose tasks may leave processes behind."""
    yield harness
    for line in harness.lines("child"):
        with suppress(ProcessLookupError):
            os.kill(line.more, signal.SIGKILL)


def ends(harness: Harness, does: str, **attributes: object) -> tuple[int, object]:
    """Run a task between two others, which must succeed; return the exit code and its run."""
    harness.add("a", "nothing")
    harness.add("it", does, **attributes)
    harness.add("z", "nothing")
    harness.settings["workers"] = 2
    code = harness.tick(0).wait()
    assert [harness.run_of(key).outcome.value for key in ("a", "z")] == ["succeeded", "succeeded"]
    assert harness.store.leases() == []
    assert harness.store.open_runs() == []
    return code, harness.run_of("it")


@pytest.mark.parametrize(
    ("does", "outcome", "error"),
    [
        ("fail", "failed", "RuntimeError: it went wrong"),
        ("segfault", "crashed", "signal 11 (SIGSEGV)"),
        ("kill_itself", "crashed", "signal 9 (SIGKILL)"),
        ("exit", "crashed", "exit code 7"),
        ("sys_exit", "failed", "sys.exit(3)"),
        ("memory", "failed", "MemoryError"),
    ],
)
def test_a_task_that_fails_or_kills_itself_has_an_outcome(harness: Harness, does: str, outcome: str, error: str) -> None:
    code, run = ends(harness, does)
    assert code == 1
    assert run.outcome.value == outcome
    assert error in run.error
    assert run.pid > 0
    assert run.host
    assert run.started_at <= run.ended_at
    if does == "fail":
        assert "RuntimeError: it went wrong" in run.traceback
        assert "probe_tasks.py" in run.location


@pytest.mark.once
def test_a_task_that_never_ends_is_ended_by_its_timeout(harness: Harness) -> None:
    code, run = ends(harness, "loop", timeout="1 second")
    assert code == 1
    assert run.outcome.value == "timed_out"
    assert "1 second" in run.error
    assert 1 <= run.seconds < 10
    wait_until_dead(run.pid)


@pytest.mark.once
def test_a_task_that_ignores_sigterm_is_killed_after_kill_grace(harness: Harness) -> None:
    code, run = ends(harness, "deaf_loop", timeout="1 second")
    assert code == 1
    assert run.outcome.value == "timed_out"
    assert run.seconds >= 2
    wait_until_dead(run.pid)


def test_a_task_that_is_ended_may_clean_up(harness: Harness) -> None:
    _, run = ends(harness, "tidy_loop", timeout="1 second")
    assert run.outcome.value == "timed_out"
    assert len(harness.lines("tidied")) == 1
    assert run.seconds < 2, "nobody waits longer than it takes"


@pytest.mark.once
@pytest.mark.parametrize("does", ["child", "child_in_group", "child_in_session"])
def test_a_timeout_ends_the_whole_process_tree(crowd: Harness, does: str) -> None:
    _, run = ends(crowd, does, timeout="1 second")
    assert run.outcome.value == "timed_out"
    (child,) = crowd.lines("child")
    wait_until(lambda: not is_alive(child.more), "the end of its child", seconds=5)


@pytest.mark.parametrize("does", ["child_left_behind", "daemon", "chatty_daemon"])
def test_a_left_process_with_open_output_delays_nothing(crowd: Harness, does: str) -> None:
    code, run = ends(crowd, does)
    assert code == 0
    assert run.outcome.value == "succeeded"
    (child,) = crowd.lines("child")
    assert is_alive(child.more), "it is the user's own, and was not to be ended"


@pytest.mark.once
def test_a_million_lines_of_output_are_passed_on_and_their_end_is_kept(harness: Harness) -> None:
    lines = 1_000_000
    harness.add("it", "print_lines", argument=lines)
    order = harness.tick(0)
    assert order.wait() == 0
    assert order.out.count("of what it has to say") == lines
    output = harness.run_of("it").output
    assert len(output.encode()) == 64 * 1024
    assert output.endswith("of what it has to say\nthe last word\n")


def test_output_that_is_no_text_is_passed_on_as_it_is_and_kept_as_text(harness: Harness) -> None:
    harness.add("it", "print_bytes")
    order = harness.tick(0)
    assert order.wait() == 0
    assert b"\xff\xfe\x00 no text \x00" in order._out.read_bytes()
    output = harness.run_of("it").output
    assert "a surrogate" in output
    assert "an emoji \U0001f680" in output
    assert "\0" not in output


def test_at_most_workers_processes_run_at_once(harness: Harness) -> None:
    harness.settings["workers"] = 2
    for number in range(5):
        harness.add(f"t{number}", "wait_for_file", argument=str(harness.folder / "go"))
    order = harness.begin(0)
    harness.wait_for("start", count=2)
    from durability.harness import children_of

    assert len(children_of(order.pid)) == 2
    (harness.folder / "go").write_text("", encoding="utf-8")
    order.wait()
    assert harness.outcomes() == ["succeeded"] * 5


def test_an_app_may_have_more_files_open_than_select_can_count(harness: Harness) -> None:
    """Hundreds of workers need that many descriptors, too."""
    for number in range(4):
        harness.add(f"t{number}")
    order = harness.tick(0, open_files=1100)
    assert order.wait() == 0, order.err[-500:]
    assert harness.outcomes() == ["succeeded"] * 4


def test_tasks_do_not_inherit_how_the_scheduler_answers_signals(harness: Harness) -> None:
    harness.add("it", "signals")
    harness.tick(0)
    (line,) = harness.lines("signals")
    assert "Supervisor" not in str(line.more)


def test_a_task_reads_nothing_from_where_the_scheduler_reads(harness: Harness) -> None:
    harness.add("it", "read_input")
    assert harness.tick(0).wait() == 0
    assert harness.lines("input")[0].more == ""


def test_a_scheduler_works_if_sigchld_is_ignored(harness: Harness) -> None:
    """A process that ignores SIGCHLD passes that on to everything it starts."""
    harness.add("a")
    harness.add("b", "exit")
    order = harness.tick(0, ignore_sigchld=True)
    assert order.wait() == 1, order.err
    assert harness.outcomes("a") == ["succeeded"]
    assert harness.outcomes("b") == ["crashed"]


@pytest.mark.once
def test_a_task_that_ended_in_time_never_counts_as_timed_out(harness: Harness) -> None:
    """The scheduler was stopped, or its store was slow, while the task succeeded and its timeout passed."""
    harness.add("it", "wait_for_file", argument=str(harness.folder / "go"), timeout="2 seconds")
    order = harness.begin(0)
    (start,) = harness.wait_for("start")
    order.send(signal.SIGSTOP)
    (harness.folder / "go").write_text("", encoding="utf-8")
    harness.wait_for("end")
    wait_until_dead(start.pid)
    import time

    begin = time.monotonic()
    wait_until(lambda: time.monotonic() - begin > 2.2, "its timeout to pass")
    order.send(signal.SIGCONT)
    order.wait()
    assert harness.outcomes() == ["succeeded"]


@pytest.mark.once
@pytest.mark.services
@pytest.mark.parametrize("driver", ["postgres", "mysql"])
def test_a_worker_shares_no_session_of_a_database_with_the_scheduler(prefork_servers, folder, server_database, driver) -> None:
    """Two processes garble a session that both use, and a child that closes it closes it for its parent too."""
    harness = Harness(prefork_servers, folder, server_database(driver))
    harness.details = {**harness.details, "connection_pooling_enabled": True, "connection_pooling_max_size": 5}
    connections = {"default": "it", "it": harness.details, "other": harness.details}
    for number in range(4):
        harness.add(f"t{number}", "query", argument=connections)
    order = harness.tick(0, uses_database=True)
    assert order.wait() == 0, order.err
    assert harness.outcomes() == ["succeeded"] * 4
    of_parent = json.loads(order.out.splitlines()[0])
    of_tasks = [set(line.more) for line in harness.lines("sessions")]
    assert len(set(of_parent)) == 2
    assert len(of_tasks) == 4
    for numbers in of_tasks:
        assert numbers.isdisjoint(of_parent)
        assert all(numbers.isdisjoint(others) for others in of_tasks if others is not numbers)
    assert harness.store.leases() == []
    harness.close()


@pytest.mark.once
def test_nothing_warns_on_the_newest_pythons(harness: Harness) -> None:
    """Python 3.12 and later warn of a fork in a process with threads."""
    harness.options = ("-W", "error")
    harness.add("a")
    harness.add("b", "fail", hooks=True)
    order = harness.tick(0)
    assert order.wait() == 1
    assert "Warning" not in order.err
    assert harness.outcomes("a") == ["succeeded"]
