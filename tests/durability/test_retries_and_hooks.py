"""Retries, jitter, `current_run` and hooks."""

from __future__ import annotations

import pytest
from waiting import wait_until

from durability.faults import wait_until_dead
from durability.harness import Harness, minute


def attempts(harness: Harness, key: str = "a") -> list[tuple[int, str | None]]:
    return [(run.attempt, run.outcome.value if run.outcome else None) for run in harness.runs(key)]


# -- retries --


def test_a_failed_run_is_tried_again_under_the_same_fire_time(harness: Harness) -> None:
    harness.add("a", "fail_until", argument=3, retries=5)
    order = harness.tick(0)
    assert order.wait() == 1, "something failed"
    assert attempts(harness) == [(1, "failed"), (2, "failed"), (3, "succeeded")]
    assert {run.fire_time for run in harness.runs()} == {minute(0)}
    assert [line.attempt for line in harness.lines("start")] == [1, 2, 3]


def test_a_failing_task_is_tried_as_often_as_retries_says(harness: Harness) -> None:
    harness.add("a", "fail", retries=2)
    harness.tick(0)
    assert attempts(harness) == [(1, "failed"), (2, "failed"), (3, "failed")]
    harness.tasks.clear()
    harness.add("b")
    harness.tick(1)
    assert len(harness.lines("start", "a")) == 3


def test_a_failing_task_without_retries_is_not_tried_again(harness: Harness) -> None:
    harness.add("a", "fail")
    harness.tick(0)
    harness.tick(0)
    assert attempts(harness) == [(1, "failed")]


@pytest.mark.once
@pytest.mark.parametrize(("does", "outcome"), [("segfault", "crashed"), ("loop", "timed_out"), ("sys_exit", "failed")])
def test_crashed_and_timed_out_runs_are_retried(harness: Harness, does: str, outcome: str) -> None:
    harness.add("a", does, retries=1, timeout="1 second")
    harness.tick(0)
    assert attempts(harness) == [(1, outcome), (2, outcome)]


@pytest.mark.once
def test_a_retry_that_comes_soon_is_waited_for(harness: Harness) -> None:
    harness.add("a", "fail_until", argument=2, retries=1, retry_delay="1 second")
    harness.tick(0)
    first, second = harness.runs()
    assert second.outcome.value == "succeeded"
    assert (second.started_at - first.ended_at).total_seconds() >= 1


def test_a_later_retry_is_started_by_any_tick(harness: Harness) -> None:
    harness.add("a", "fail_until", argument=2, retries=1, retry_delay="10 minutes", run_cron="0 12 * * *")
    harness.tick(0)
    assert attempts(harness) == [(1, "failed"), (2, None)]
    harness.tick(1)
    assert attempts(harness) == [(1, "failed"), (2, None)]
    let_time_pass(harness)
    harness.tick(2)
    assert attempts(harness) == [(1, "failed"), (2, "succeeded")]


def let_time_pass(harness: Harness) -> None:
    """Make every retry that waits due."""
    harness.store.connection.change(
        "UPDATE scheduler_runs SET start_after = '2001-01-01 00:00:00.000000' WHERE outcome IS NULL"
    )


def test_a_retry_is_made_however_late_it_is(harness: Harness) -> None:
    harness.add("a", "fail_until", argument=2, retries=1, retry_delay="10 minutes", run_cron="0 12 * * *")
    harness.tick(0)
    let_time_pass(harness)
    harness.tick(600)
    assert attempts(harness) == [(1, "failed"), (2, "succeeded")]


def test_a_run_that_crashed_with_its_ticker_is_tried_again(harness: Harness) -> None:
    harness.add("a", "loop", retries=1)
    order = harness.begin(0)
    (start,) = harness.wait_for("start")
    order.kill()
    wait_until_dead(start.pid)
    harness.tasks[0]["does"] = "nothing"
    harness.tick(1)
    harness.tick(2)
    first = [(run.attempt, run.outcome.value) for run in harness.runs() if run.fire_time == minute(0)]
    assert first == [(1, "crashed"), (2, "succeeded")]


def test_a_retry_that_finds_its_task_running_is_left_to_a_later_tick(harness: Harness) -> None:
    harness.add("a", "fail", retries=1, retry_delay="10 minutes")
    harness.tick(0)
    harness.tasks[0] |= {"does": "wait_for_file", "argument": str(harness.folder / "go")}
    first, second = harness.prefork_servers.several(2)
    order = harness.begin(1, first)
    harness.wait_for("start", count=2)
    let_time_pass(harness)
    assert harness.begin(1, second).wait() == 0
    assert [run.attempt for run in harness.store.open_runs()] == [2, 1]
    (harness.folder / "go").write_text("", encoding="utf-8")
    order.wait()
    assert harness.tick(2).wait() == 0
    assert attempts(harness) == [(1, "failed"), (2, "succeeded"), (1, "succeeded"), (1, "succeeded")]


def test_many_that_tick_make_each_retry_once(harness: Harness) -> None:
    import time

    for number in range(5):
        harness.add(
            f"t{number}", "fail_until", argument=2, retries=1, retry_delay="10 minutes", run_cron="0 12 * * *"
        )
    harness.tick(0)
    let_time_pass(harness)
    not_before = time.monotonic() + 0.2
    orders = [harness.begin(1, prefork_server, not_before=not_before) for prefork_server in harness.prefork_servers.several(4)]
    assert [order.wait() for order in orders] == [0] * 4
    assert sorted(line.key for line in harness.lines("start") if line.attempt == 2) == [f"t{n}" for n in range(5)]


# -- what a task is told --


def test_a_task_knows_its_fire_time_attempt_and_lateness(harness: Harness) -> None:
    harness.add("a", run_cron="1 * * * *")
    harness.tick(0)
    harness.tick(4)
    (start,) = harness.lines("start")
    assert start.fire_time == minute(1).isoformat()
    assert start.attempt == 1
    assert start.more["late"] is True
    (run,) = harness.runs()
    assert run.late
    assert start.more["id"] == run.id
    assert start.pid == run.pid


def test_a_task_that_is_on_time_is_not_late(harness: Harness) -> None:
    harness.add("a")
    harness.tick(0)
    assert harness.lines("start")[0].more["late"] is False
    assert not harness.runs()[0].late


def test_a_task_that_is_run_by_hand_has_no_fire_time(harness: Harness) -> None:
    harness.add("a", run_cron="0 0 1 1 *", retries=3)
    assert harness.tick(0, force=True).wait() == 0
    assert harness.tick(0, force=True).wait() == 0
    assert [line.fire_time for line in harness.lines("start")] == [None, None]
    assert attempts(harness) == [(1, "succeeded"), (1, "succeeded")]


# -- jitter --


def test_jitter_is_fixed_per_host_and_never_moves_the_fire_time(harness: Harness) -> None:
    harness.add("a", jitter="50 minutes")
    harness.add("b", jitter="50 minutes")
    waits: dict[tuple[str, str], set[float]] = {}
    for number, host in enumerate(["alpha", "alpha", "beta", "beta"]):
        order = harness.begin(number, host=host)
        runs = wait_until(
            lambda number=number: [run for run in harness.store.open_runs() if run.fire_time == minute(number)],
            "the runs to be claimed",
        )
        order.kill()
        for run in runs:
            wait = (run.start_after - run.heartbeat_at).total_seconds()
            waits.setdefault((run.key, host), set()).add(round(wait))
    assert harness.lines("start") == []
    assert all(max(found) - min(found) <= 1 for found in waits.values()), "stable"
    middles = sorted(min(found) for found in waits.values())
    assert len(set(middles)) == 4, "and different for each task and host"
    assert middles[0] >= -1
    assert middles[-1] <= 3000


@pytest.mark.once
def test_a_short_jitter_is_waited_for(harness: Harness) -> None:
    harness.add("a", jitter="1 second")
    harness.tick(0)
    (run,) = harness.runs()
    assert run.outcome.value == "succeeded"
    assert run.fire_time == minute(0)
    if run.start_after:
        assert run.started_at >= run.start_after


# -- hooks --


def hooks_of(harness: Harness) -> list[str]:
    names = ("before", "start", "end", "succeeded", "failed", "after")
    from durability.probe_tasks import read_witness

    return [line.what for line in read_witness(harness.witness) if line.what in names]


@pytest.mark.parametrize("fails_in", [(), ("before",), ("succeeded",), ("after",), ("before", "succeeded", "after")])
def test_hooks_around_a_task_that_ends_well_change_nothing_by_raising(harness: Harness, fails_in: tuple[str, ...]) -> None:
    harness.add("a", hooks=True, fails_in=fails_in)
    order = harness.tick(0)
    assert order.wait() == 0
    assert harness.outcomes() == ["succeeded"]
    assert hooks_of(harness) == ["before", "start", "end", "succeeded", "after"]
    assert harness.lines("succeeded")[0].more["outcome"] == "succeeded"
    for name in fails_in:
        assert f"a: its {name}() raised RuntimeError: {name} went wrong" in order.err
        assert f"its {name}() raised" in harness.run_of("a").output, "it is kept with the run"


@pytest.mark.parametrize("fails_in", [(), ("before", "failed", "after")])
def test_hooks_around_a_task_that_fails(harness: Harness, fails_in: tuple[str, ...]) -> None:
    harness.add("a", "fail", hooks=True, fails_in=fails_in)
    order = harness.tick(0)
    assert order.wait() == 1
    assert harness.outcomes() == ["failed"]
    assert hooks_of(harness) == ["before", "start", "failed", "after"]
    assert harness.lines("failed")[0].more == {"outcome": "failed", "error": "RuntimeError: it went wrong"}


@pytest.mark.parametrize(
    ("does", "outcome"),
    [
        ("segfault", "crashed"),
        ("exit", "crashed"),
        ("loop", "timed_out"),
        pytest.param("tidy_loop", "timed_out", marks=pytest.mark.once),
        pytest.param("deaf_loop", "timed_out", marks=pytest.mark.once),
    ],
)
def test_hooks_of_an_ended_task_are_called_once(harness: Harness, does: str, outcome: str) -> None:
    harness.add("a", does, hooks=True, timeout="1 second")
    harness.add("b", does, hooks=True, timeout="1 second", fails_in=("failed", "after"))
    harness.settings["workers"] = 2
    assert harness.tick(0).wait() == 1
    assert harness.outcomes() == [outcome, outcome]
    told = [(line.key, line.more["outcome"]) for line in harness.lines("failed")]
    assert sorted(told) == [("a", outcome), ("b", outcome)]
    assert sorted(line.key for line in harness.lines("after")) == ["a", "b"]


def test_hooks_of_a_killed_scheduler_are_called_by_the_next_tick(harness: Harness) -> None:
    harness.add("a", "loop", hooks=True)
    order = harness.begin(0)
    (start,) = harness.wait_for("start")
    order.kill()
    wait_until_dead(start.pid)
    harness.tasks[0]["does"] = "nothing"
    assert harness.tick(1).wait() == 0
    assert [(line.fire_time, line.more["outcome"]) for line in harness.lines("failed")] == [
        (minute(0).isoformat(), "crashed")
    ]


def test_a_hook_that_hangs_or_dies_keeps_no_other_task_from_its_outcome(harness: Harness) -> None:
    harness.add("a", "fail", hooks=True, dies_in=("failed",))
    harness.add("b")
    assert harness.tick(0).wait() == 1
    assert harness.outcomes("b") == ["succeeded"]
    assert harness.outcomes("a")[0] in {"failed", "crashed"}
