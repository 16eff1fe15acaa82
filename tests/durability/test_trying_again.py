"""Retries, jitter, what a task is told of its run, and hooks."""

from __future__ import annotations

import signal

import pytest

from durability.hosts import Place, minute


def attempts(place: Place, key: str = "a") -> list[tuple[int, str | None]]:
    return [(run.attempt, run.outcome.value if run.outcome else None) for run in place.runs(key)]


# -- retries --


def test_a_failed_run_is_tried_again_under_the_same_fire_time(place: Place) -> None:
    place.add("a", "fail_until", argument=3, retries=5)
    order = place.tick(0)
    assert order.wait() == 1, "something failed"
    assert attempts(place) == [(1, "failed"), (2, "failed"), (3, "succeeded")]
    assert {run.fire_time for run in place.runs()} == {minute(0)}
    assert [line.attempt for line in place.noted("start")] == [1, 2, 3]


def test_it_is_tried_as_often_as_it_says_and_no_more(place: Place) -> None:
    place.add("a", "fail", retries=2)
    place.tick(0)
    assert attempts(place) == [(1, "failed"), (2, "failed"), (3, "failed")]
    place.tasks.clear()
    place.add("b")
    place.tick(1)
    assert len(place.noted("start", "a")) == 3


def test_without_retries_nothing_is_tried_again(place: Place) -> None:
    place.add("a", "fail")
    place.tick(0)
    place.tick(0)
    assert attempts(place) == [(1, "failed")]


@pytest.mark.once
@pytest.mark.parametrize(("does", "outcome"), [("segfault", "crashed"), ("loop", "timed_out"), ("sys_exit", "failed")])
def test_crashed_and_timed_out_runs_are_tried_again_too(place: Place, does: str, outcome: str) -> None:
    place.add("a", does, retries=1, timeout="1 second")
    place.tick(0)
    assert attempts(place) == [(1, outcome), (2, outcome)]


@pytest.mark.once
def test_a_retry_that_comes_soon_is_waited_for(place: Place) -> None:
    place.add("a", "fail_until", argument=2, retries=1, retry_delay="1 second")
    place.tick(0)
    first, second = place.runs()
    assert second.outcome.value == "succeeded"
    assert (second.started_at - first.ended_at).total_seconds() >= 1


def test_a_retry_that_comes_later_is_made_by_whichever_tick_comes_then(place: Place) -> None:
    place.add("a", "fail_until", argument=2, retries=1, retry_delay="10 minutes", run_cron="0 12 * * *")
    place.tick(0)
    assert attempts(place) == [(1, "failed"), (2, None)]
    place.tick(1)
    assert attempts(place) == [(1, "failed"), (2, None)]
    let_time_pass(place)
    place.tick(2)
    assert attempts(place) == [(1, "failed"), (2, "succeeded")]


def let_time_pass(place: Place) -> None:
    """Make every retry that waits due."""
    place.store.connection.change(
        "UPDATE scheduler_runs SET start_after = '2001-01-01 00:00:00.000000' WHERE outcome IS NULL"
    )


def test_a_retry_is_made_however_late_it_is(place: Place) -> None:
    place.add("a", "fail_until", argument=2, retries=1, retry_delay="10 minutes", run_cron="0 12 * * *")
    place.tick(0)
    let_time_pass(place)
    place.tick(600)
    assert attempts(place) == [(1, "failed"), (2, "succeeded")]


def test_a_run_that_crashed_with_its_ticker_is_tried_again(place: Place) -> None:
    place.add("a", "loop", retries=1)
    order = place.begin(0)
    place.wait_for("start")
    order.send(signal.SIGKILL)
    order.wait()
    place.tasks[0]["does"] = "nothing"
    place.tick(1)
    place.tick(2)
    first = [(run.attempt, run.outcome.value) for run in place.runs() if run.fire_time == minute(0)]
    assert first == [(1, "crashed"), (2, "succeeded")]


def test_a_retry_that_finds_its_task_running_is_left_to_a_later_tick(place: Place) -> None:
    place.add("a", "fail", retries=1, retry_delay="10 minutes")
    place.tick(0)
    place.tasks[0] |= {"does": "wait_for_file", "argument": str(place.folder / "go")}
    first, second = place.stems.several(2)
    order = place.begin(1, first)
    place.wait_for("start", count=2)
    let_time_pass(place)
    assert place.begin(1, second).wait() == 0
    assert [run.attempt for run in place.store.open_runs()] == [2, 1]
    (place.folder / "go").write_text("", encoding="utf-8")
    order.wait()
    assert place.tick(2).wait() == 0
    assert attempts(place) == [(1, "failed"), (2, "succeeded"), (1, "succeeded"), (1, "succeeded")]


def test_many_that_tick_make_each_retry_once(place: Place) -> None:
    import time

    for number in range(5):
        place.add(
            f"t{number}", "fail_until", argument=2, retries=1, retry_delay="10 minutes", run_cron="0 12 * * *"
        )
    place.tick(0)
    let_time_pass(place)
    not_before = time.monotonic() + 0.2
    orders = [place.begin(1, stem, not_before=not_before) for stem in place.stems.several(4)]
    assert [order.wait() for order in orders] == [0] * 4
    assert sorted(line.key for line in place.noted("start") if line.attempt == 2) == [f"t{n}" for n in range(5)]


# -- what a task is told --


def test_a_task_is_told_its_fire_time_its_attempt_and_whether_it_is_late(place: Place) -> None:
    place.add("a", run_cron="1 * * * *")
    place.tick(0)
    place.tick(4)
    (start,) = place.noted("start")
    assert start.fire_time == minute(1).isoformat()
    assert start.attempt == 1
    assert start.more["late"] is True
    (run,) = place.runs()
    assert run.late
    assert start.more["id"] == run.id
    assert start.pid == run.pid


def test_a_task_that_is_on_time_is_not_late(place: Place) -> None:
    place.add("a")
    place.tick(0)
    assert place.noted("start")[0].more["late"] is False
    assert not place.runs()[0].late


def test_a_task_that_is_run_by_hand_has_no_fire_time(place: Place) -> None:
    place.add("a", run_cron="0 0 1 1 *", retries=3)
    assert place.tick(0, force=True).wait() == 0
    assert place.tick(0, force=True).wait() == 0
    assert [line.fire_time for line in place.noted("start")] == [None, None]
    assert attempts(place) == [(1, "succeeded"), (1, "succeeded")]


# -- jitter --


def test_jitter_moves_the_start_and_never_the_fire_time_the_same_each_time_and_for_each_host(place: Place) -> None:
    place.add("a", jitter="50 minutes")
    place.add("b", jitter="50 minutes")
    waits: dict[tuple[str, str], set[float]] = {}
    for number, host in enumerate(["alpha", "alpha", "beta", "beta"]):
        order = place.begin(number, host=host)
        from durability.hosts import wait_until

        runs = wait_until(
            lambda number=number: [run for run in place.store.open_runs() if run.fire_time == minute(number)],
            "the runs to be claimed",
        )
        order.send(signal.SIGKILL)
        order.wait()
        claimed = place.store.heartbeats()
        for run in runs:
            wait = (run.start_after - claimed[run.id]).total_seconds()
            waits.setdefault((run.key, host), set()).add(round(wait))
    assert place.noted("start") == []
    assert all(max(found) - min(found) <= 1 for found in waits.values()), "stable"
    middles = sorted(min(found) for found in waits.values())
    assert len(set(middles)) == 4, "and different for each task and host"
    assert middles[0] >= -1
    assert middles[-1] <= 3000


@pytest.mark.once
def test_a_short_jitter_is_waited_for(place: Place) -> None:
    place.add("a", jitter="1 second")
    place.tick(0)
    (run,) = place.runs()
    assert run.outcome.value == "succeeded"
    assert run.fire_time == minute(0)
    if run.start_after:
        assert run.started_at >= run.start_after


# -- hooks --


def hooks_of(place: Place) -> list[str]:
    names = ("before", "start", "end", "succeeded", "failed", "after")
    from durability.doing import read_witness

    return [line.what for line in read_witness(place.witness) if line.what in names]


@pytest.mark.parametrize("fails_in", [(), ("before",), ("succeeded",), ("after",), ("before", "succeeded", "after")])
def test_hooks_around_a_task_that_ends_well_change_nothing_by_raising(place: Place, fails_in: tuple[str, ...]) -> None:
    place.add("a", hooks=True, fails_in=fails_in)
    order = place.tick(0)
    assert order.wait() == 0
    assert place.outcomes() == ["succeeded"]
    assert hooks_of(place) == ["before", "start", "end", "succeeded", "after"]
    assert place.noted("succeeded")[0].more["outcome"] == "succeeded"
    for name in fails_in:
        assert f"a: its {name}() raised RuntimeError: {name} went wrong" in order.err
        assert f"its {name}() raised" in place.run_of("a").output, "it is kept with the run"


@pytest.mark.parametrize("fails_in", [(), ("before", "failed", "after")])
def test_hooks_around_a_task_that_fails(place: Place, fails_in: tuple[str, ...]) -> None:
    place.add("a", "fail", hooks=True, fails_in=fails_in)
    order = place.tick(0)
    assert order.wait() == 1
    assert place.outcomes() == ["failed"]
    assert hooks_of(place) == ["before", "start", "failed", "after"]
    assert place.noted("failed")[0].more == {"outcome": "failed", "error": "RuntimeError: it went wrong"}


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
def test_a_task_that_was_ended_is_told_once_what_was_recorded(place: Place, does: str, outcome: str) -> None:
    place.add("a", does, hooks=True, timeout="1 second")
    place.add("b", does, hooks=True, timeout="1 second", fails_in=("failed", "after"))
    place.settings["workers"] = 2
    assert place.tick(0).wait() == 1
    assert place.outcomes() == [outcome, outcome]
    told = [(line.key, line.more["outcome"]) for line in place.noted("failed")]
    assert sorted(told) == [("a", outcome), ("b", outcome)]
    assert sorted(line.key for line in place.noted("after")) == ["a", "b"]


def test_a_task_whose_ticker_was_killed_too_is_told_by_the_next_tick(place: Place) -> None:
    place.add("a", "loop", hooks=True)
    order = place.begin(0)
    place.wait_for("start")
    order.send(signal.SIGKILL)
    order.wait()
    place.tasks[0]["does"] = "nothing"
    assert place.tick(1).wait() == 0
    assert [(line.fire_time, line.more["outcome"]) for line in place.noted("failed")] == [
        (minute(0).isoformat(), "crashed")
    ]


def test_a_hook_that_hangs_or_dies_keeps_no_other_task_from_its_outcome(place: Place) -> None:
    place.add("a", "fail", hooks=True, dies_in=("failed",))
    place.add("b")
    assert place.tick(0).wait() == 1
    assert place.outcomes("b") == ["succeeded"]
    assert place.outcomes("a")[0] in {"failed", "crashed"}
