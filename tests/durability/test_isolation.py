"""Whatever one task does, the others finish, and what came of it is recorded."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest

from durability.faults import wait_until_dead
from durability.hosts import Place, is_alive, wait_until


@pytest.fixture
def crowd(place: Place) -> Iterator[Place]:
    """A place whose tasks may leave processes behind."""
    yield place
    for line in place.noted("child"):
        with suppress(ProcessLookupError):
            os.kill(line.more, signal.SIGKILL)


def ends(place: Place, does: str, **attributes: object) -> tuple[int, object]:
    """Run a task between two others, which must succeed; return the exit code and its run."""
    place.add("a", "nothing")
    place.add("it", does, **attributes)
    place.add("z", "nothing")
    place.settings["workers"] = 2
    code = place.tick(0).wait()
    assert [place.run_of(key).outcome.value for key in ("a", "z")] == ["succeeded", "succeeded"]
    assert place.store.leases() == []
    assert place.store.open_runs() == []
    return code, place.run_of("it")


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
def test_a_task_that_goes_down(place: Place, does: str, outcome: str, error: str) -> None:
    code, run = ends(place, does)
    assert code == 1
    assert run.outcome.value == outcome
    assert error in run.error
    assert run.pid > 0
    assert run.host
    assert run.started_at <= run.ended_at
    if does == "fail":
        assert "RuntimeError: it went wrong" in run.traceback
        assert "doing.py" in run.location


@pytest.mark.once
def test_a_task_that_never_ends_is_ended_by_its_timeout(place: Place) -> None:
    code, run = ends(place, "loop", timeout="1 second")
    assert code == 1
    assert run.outcome.value == "timed_out"
    assert "1 second" in run.error
    assert 1 <= run.seconds < 10
    wait_until_dead(run.pid)


@pytest.mark.once
def test_a_task_that_does_not_listen_is_killed_after_a_pause(place: Place) -> None:
    code, run = ends(place, "deaf_loop", timeout="1 second")
    assert code == 1
    assert run.outcome.value == "timed_out"
    assert run.seconds >= 2
    wait_until_dead(run.pid)


def test_a_task_that_is_ended_may_clean_up(place: Place) -> None:
    _, run = ends(place, "tidy_loop", timeout="1 second")
    assert run.outcome.value == "timed_out"
    assert len(place.noted("tidied")) == 1
    assert run.seconds < 2, "nobody waits longer than it takes"


@pytest.mark.once
@pytest.mark.parametrize("does", ["child", "child_in_group", "child_in_session"])
def test_a_timeout_ends_the_whole_process_tree(crowd: Place, does: str) -> None:
    _, run = ends(crowd, does, timeout="1 second")
    assert run.outcome.value == "timed_out"
    (child,) = crowd.noted("child")
    wait_until(lambda: not is_alive(child.more), "the end of its child", longest=5)


@pytest.mark.parametrize("does", ["child_left_behind", "daemon", "chatty_daemon"])
def test_what_outlives_a_task_and_holds_its_output_open_keeps_nobody_waiting(crowd: Place, does: str) -> None:
    code, run = ends(crowd, does)
    assert code == 0
    assert run.outcome.value == "succeeded"
    (child,) = crowd.noted("child")
    if does != "chatty_daemon":  # that one ends by itself: nobody reads any more what it prints
        assert is_alive(child.more), "it is the user's own, and was not to be ended"


@pytest.mark.once
def test_a_million_lines_of_output_are_passed_on_and_their_end_is_kept(place: Place) -> None:
    lines = 1_000_000
    place.add("it", "print_lines", argument=lines)
    order = place.tick(0)
    assert order.wait() == 0
    assert order.out.count("of what it has to say") == lines
    output = place.run_of("it").output
    assert len(output.encode()) == 64 * 1024
    assert output.endswith("of what it has to say\nthe last word\n")


def test_output_that_is_no_text_is_passed_on_as_it_is_and_kept_as_text(place: Place) -> None:
    place.add("it", "print_bytes")
    order = place.tick(0)
    assert order.wait() == 0
    assert b"\xff\xfe\x00 no text \x00" in order._out.read_bytes()
    output = place.run_of("it").output
    assert "a surrogate" in output
    assert "an emoji \U0001f680" in output
    assert "\0" not in output


def test_at_most_workers_run_at_once(place: Place) -> None:
    place.settings["workers"] = 2
    for number in range(5):
        place.add(f"t{number}", "wait_for_file", argument=str(place.folder / "go"))
    order = place.begin(0)
    place.wait_for("start", count=2)
    from durability.hosts import children_of

    assert len(children_of(order.pid)) == 2
    (place.folder / "go").write_text("", encoding="utf-8")
    order.wait()
    assert place.outcomes() == ["succeeded"] * 5


def test_an_app_may_have_more_files_open_than_select_can_count(place: Place) -> None:
    """Hundreds of workers need as many descriptors, too."""
    for number in range(4):
        place.add(f"t{number}")
    order = place.tick(0, open_files=1100)
    assert order.wait() == 0, order.err[-500:]
    assert place.outcomes() == ["succeeded"] * 4


def test_tasks_do_not_inherit_how_the_scheduler_answers_signals(place: Place) -> None:
    place.add("it", "signals")
    place.tick(0)
    (line,) = place.noted("signals")
    assert "Supervisor" not in str(line.more)


def test_a_task_reads_nothing_from_where_the_scheduler_reads(place: Place) -> None:
    place.add("it", "read_input")
    assert place.tick(0).wait() == 0
    assert place.noted("input")[0].more == ""


def test_a_scheduler_that_was_started_with_sigchld_ignored_works_all_the_same(place: Place) -> None:
    """Who ignores it hands that down to whatever it starts."""
    place.add("a")
    place.add("b", "exit")
    order = place.tick(0, ignore_sigchld=True)
    assert order.wait() == 1, order.err
    assert place.outcomes("a") == ["succeeded"]
    assert place.outcomes("b") == ["crashed"]


@pytest.mark.once
def test_a_task_that_ended_in_time_has_not_timed_out_however_late_that_is_noticed(place: Place) -> None:
    """The scheduler was stopped, or its store slow, while the task ended well and its timeout passed."""
    place.add("it", "wait_for_file", argument=str(place.folder / "go"), timeout="2 seconds")
    order = place.begin(0)
    (start,) = place.wait_for("start")
    order.send(signal.SIGSTOP)
    (place.folder / "go").write_text("", encoding="utf-8")
    place.wait_for("end")
    wait_until_dead(start.pid)
    import time

    begin = time.monotonic()
    wait_until(lambda: time.monotonic() - begin > 2.2, "its timeout to pass")
    order.send(signal.SIGCONT)
    order.wait()
    assert place.outcomes() == ["succeeded"]


@pytest.mark.once
@pytest.mark.services
@pytest.mark.parametrize("driver", ["postgres", "mysql"])
def test_a_worker_shares_no_session_of_a_database_with_the_scheduler(stems, folder, server_database, driver) -> None:
    """A session that two processes use is garbled, and one that a child closes is closed for its parent too."""
    place = Place(stems, folder, server_database(driver))
    place.details = {**place.details, "connection_pooling_enabled": True, "connection_pooling_max_size": 5}
    connections = {"default": "it", "it": place.details, "other": place.details}
    for number in range(4):
        place.add(f"t{number}", "query", argument=connections)
    order = place.tick(0, uses_database=True)
    assert order.wait() == 0, order.err
    assert place.outcomes() == ["succeeded"] * 4
    of_parent = json.loads(order.out.splitlines()[0])
    of_tasks = [set(line.more) for line in place.noted("sessions")]
    assert len(set(of_parent)) == 2
    assert len(of_tasks) == 4
    for numbers in of_tasks:
        assert numbers.isdisjoint(of_parent)
        assert all(numbers.isdisjoint(others) for others in of_tasks if others is not numbers)
    assert place.store.leases() == []
    place.close()


@pytest.mark.once
def test_nothing_warns_on_the_newest_pythons(place: Place) -> None:
    """Python 3.12 and later warn of a fork in a process with threads."""
    place.options = ("-W", "error")
    place.add("a")
    place.add("b", "fail", hooks=True)
    order = place.tick(0)
    assert order.wait() == 1
    assert "Warning" not in order.err
    assert place.outcomes("a") == ["succeeded"]
