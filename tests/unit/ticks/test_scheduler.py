"""A tick: what it claims, what it takes over from processes that are gone, and what it does without a store."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from scheduler import Task, clock
from scheduler.errors import OK, STORE_UNAVAILABLE, TASK_FAILED
from scheduler.process import host_name, this_process
from scheduler.runs import Outcome, Run
from scheduler.stores import Claim, Lease, lease_token, slot_of

from .place import MINUTE, NOON, Away, Place, nothing, process_that_is_gone, task

ELSEWHERE = "another-machine:4711:99"


# --- what is claimed -------------------------------------------------------------------------------------------------


def test_a_fire_time_is_started_by_one_tick(place: Place) -> None:
    place.add(task(nothing))
    place.tick(inline=True)
    place.tick(inline=True)
    assert len(place.told.runs) == 1
    assert [told.key for told in place.told.of("claimed_before")] == ["Job"]


def test_fire_times_of_a_long_gap_are_written_down_as_missed(place: Place) -> None:
    """More than a hundred become one entry, which says since when."""
    place.add(task(nothing))
    place.store.claim([], {"Job": NOON - 200 * MINUTE}, "", NOON)
    assert place.tick(inline=True) == OK
    history = place.store.history(limit=300)
    assert history[0].outcome is Outcome.SUCCEEDED
    missed = [run for run in history if run.outcome is Outcome.MISSED]
    assert {run.detail for run in missed[:-1]} == {"no tick came in time"}
    assert missed[-1].detail == "no tick came in time; nor for any earlier fire time up to 2026-03-03 10:18 UTC"
    assert len(missed) == 101


def test_jitter_starts_it_later_and_by_the_same_each_time(place: Place) -> None:
    place.add(task(nothing, jitter="1 hour"), task(nothing, "Other", jitter="1 hour"))
    starts = []
    for minute in range(2):
        scheduler = place.scheduler()
        scheduler.begin_tick(NOON + minute * MINUTE, scheduler.find(), place.told, scheduler.supervisor(place.told))
        waits = {run.key: run.start_after for run in place.store.open_runs()}
        starts.append(waits)
    assert starts[0]["Job"] != starts[0]["Other"]
    runs = place.store.open_runs()
    first, second = (run for run in runs if run.key == "Job")
    assert abs((second.start_after - first.start_after).total_seconds()) < 30, "both ticks were a moment ago"


def test_a_jitter_that_lies_behind_starts_at_once(place: Place) -> None:
    place.add(task(nothing, jitter="1 second"))
    assert place.tick(NOON + timedelta(seconds=30)) == OK
    assert place.run().start_after is None


def test_nothing_due_and_nothing_there_are_told(place: Place) -> None:
    assert place.tick() == OK
    assert place.add(task(nothing, run_every="1 year")).tick() == OK
    assert [event for event, _ in place.told.heard] == ["found_nothing", "nothing_due"]


def test_a_listener_that_wants_it_explained_hears_when_each_comes_next(place: Place) -> None:
    place.told.explains = True
    place.add(task(nothing, "Yearly", run_every="1 year"), task(nothing, "OnDemand", run_every=None), task(nothing))
    place.tick(inline=True)
    assert [told.key for told in place.told.of("not_due")] == ["Yearly", "OnDemand"]


def test_a_should_run_that_raises_fails_that_task_alone(place: Place) -> None:
    class Moody(Task):
        def should_run(self, date: datetime | None = None) -> bool:
            raise RuntimeError("not today")

        def handle(self) -> None:
            raise AssertionError

    place.told.explains = True
    assert place.add(Moody, task(nothing)).tick(inline=True) == TASK_FAILED
    (broken,) = place.told.of("found_broken")
    assert (broken.key, broken.error) == ("Moody", "its should_run() raised RuntimeError: not today")
    assert place.told.of("not_due") == []
    assert place.run().outcome is Outcome.SUCCEEDED


def test_a_forced_run_has_no_fire_time_and_can_be_repeated(place: Place) -> None:
    place.add(task(nothing, run_every="1 year"), task(nothing, "Other"))
    for _ in range(2):
        assert place.tick(NOON, "Job", force=True, inline=True) == OK
    assert [(run.key, run.fire_time, run.slot) for run in place.told.runs] == [("Job", None, "")] * 2


def test_runs_that_ended_long_ago_are_forgotten(place: Place) -> None:
    """After `keep_days`, counted on the clock that wrote down when they ended."""
    place.settings["keep_days"] = 3
    for number, days in enumerate((2.9, 3.1)):
        ended = clock.real_now() - timedelta(days=days)
        missed = Claim("Job", f"Job@{number}", NOON, outcome=Outcome.MISSED)
        place.store.claim([missed], {}, "somebody", ended)
    place.add(task(nothing)).tick(inline=True)
    assert [run.slot for run in place.store.history() if run.outcome is Outcome.MISSED] == ["Job@0"]


# --- what others have left -------------------------------------------------------------------------------------------


def left_pending(place: Place, key: str = "Job", minutes: int = 0, owner: str | None = None, **more: Any) -> Run:
    """A run that was claimed for so many minutes from noon, and not started, by a process that is gone."""
    fire_time = NOON + minutes * MINUTE
    slot = slot_of(key, fire_time, more.get("attempt", 1))
    owner = process_that_is_gone() if owner is None else owner
    (run,) = place.store.claim([Claim(key, slot, fire_time, **more)], {}, owner, NOON)
    return run


def left_running(place: Place, owner: str, key: str = "Job", **more: Any) -> Run:
    """A run that was started there, with its lease."""
    run = left_pending(place, key, owner=owner, **more)
    token = lease_token(run.owner, run.id)
    assert place.store.acquire(Lease(key, token, run.owner, host_name(), 4711, NOON + timedelta(days=99999)), NOON)
    assert place.store.start(run, 4711, NOON)
    return run


def outcomes(place: Place) -> dict[int, str]:
    return {run.id: run.outcome.value if run.outcome else "none" for run in place.store.history()}


def test_what_a_dead_process_had_claimed_is_started(place: Place) -> None:
    run = left_pending(place, minutes=-1)
    place.add(task(nothing)).tick(inline=True)
    taken, own = place.told.runs
    assert (taken.id, taken.late, taken.outcome) == (run.id, True, Outcome.SUCCEEDED)
    assert (own.fire_time, own.late) == (NOON, False)


@pytest.mark.parametrize(("policy", "outcome"), [({}, "missed"), ({"catch_up": "latest"}, "succeeded")])
def test_unless_it_is_too_late_for_a_task_that_does_not_catch_up(place: Place, policy: dict, outcome: str) -> None:
    run = left_pending(place, minutes=-6)
    place.add(task(nothing, **policy)).tick(inline=True)
    assert outcomes(place)[run.id] == outcome


def test_a_retry_is_never_too_late(place: Place) -> None:
    run = left_pending(place, minutes=-60, attempt=2, owner="")
    place.add(task(nothing)).tick(inline=True)
    assert outcomes(place)[run.id] == "succeeded"


def test_what_waits_for_its_time_is_left_to_it(place: Place) -> None:
    later = datetime.now(NOON.tzinfo) + timedelta(hours=1)
    run = left_pending(place, minutes=-1, attempt=2, owner="", start_after=later)
    place.add(task(nothing)).tick(inline=True)
    assert outcomes(place)[run.id] == "none"


def test_what_a_living_process_has_claimed_is_its_own(place: Place) -> None:
    run = left_pending(place, minutes=-1, owner=ELSEWHERE)
    now = datetime.now(NOON.tzinfo)
    place.store.beat(ELSEWHERE, now, timedelta(minutes=1))
    place.add(task(nothing)).tick(inline=True)
    assert outcomes(place)[run.id] == "none"


def test_one_that_has_been_silent_for_a_lease_is_taken_for_dead(place: Place) -> None:
    run = left_pending(place, minutes=-1, owner=ELSEWHERE)
    place.add(task(nothing)).tick(inline=True)
    assert outcomes(place)[run.id] == "succeeded"


def test_a_pending_run_of_a_task_that_was_removed_is_missed_after_the_grace(place: Place) -> None:
    young, old = left_pending(place, "Removed", minutes=-4), left_pending(place, "Removed", minutes=-6)
    place.add(task(nothing)).tick(inline=True)
    assert (outcomes(place)[young.id], outcomes(place)[old.id]) == ("none", "missed")
    assert place.store.run(old.id).detail == "it was claimed, but nobody started it in time"


def test_a_pending_run_of_another_server_is_that_servers(place: Place) -> None:
    slot = slot_of("Job on db1", NOON - MINUTE)
    place.store.claim([Claim("Job", slot, NOON - MINUTE)], {}, process_that_is_gone(), NOON)
    place.add(task(nothing, on_every_server=True)).tick(inline=True)
    assert [run.fire_time for run in place.told.runs] == [NOON]


def test_a_tick_of_some_tasks_starts_nothing_of_the_others(place: Place) -> None:
    run = left_pending(place, "Other", minutes=-1)
    place.add(task(nothing), task(nothing, "Other")).tick(NOON, "Job", inline=True)
    assert outcomes(place)[run.id] == "none"


def test_a_run_that_somebody_else_takes_over_first_is_theirs(place: Place) -> None:
    left_pending(place, minutes=-1)
    place.store.adopt = lambda *_: False
    place.add(task(nothing)).tick(inline=True)
    assert [run.fire_time for run in place.told.runs] == [NOON]


@pytest.mark.parametrize("retries", [0, 1])
def test_a_run_whose_process_is_gone_has_crashed(place: Place, retries: int) -> None:
    """Its lease is free at once, and if it may be tried again, it is."""
    run = left_running(place, process_that_is_gone(), minutes=-1)
    code = place.add(task(nothing, retries=retries)).tick(inline=True)
    assert code == OK, "nothing that this tick ran has failed"
    buried = place.store.run(run.id)
    assert buried.outcome is Outcome.CRASHED
    assert buried.error == f"process 4711 on {host_name()} is gone, and so is the one that watched it"
    told = [(run.fire_time, run.outcome) for run in place.told.runs]
    assert told[0] == (run.fire_time, Outcome.CRASHED)
    assert [fire_time for fire_time, _ in told[1:]] == [NOON], "a failure of its own would have kept it from starting"
    assert [(left.attempt, left.fire_time) for left in place.store.open_runs()] == [(2, NOON - MINUTE)][:retries]


def test_so_has_one_of_a_task_that_was_removed(place: Place) -> None:
    run = left_running(place, process_that_is_gone(), "Removed")
    place.add(task(nothing)).tick(inline=True)
    assert outcomes(place)[run.id] == "crashed"
    assert place.store.leases() == []


def test_a_run_of_an_earlier_tick_of_this_process_is_not_mistaken_for_a_dead_one(place: Place) -> None:
    """As in `schedule:work`, where one supervisor sees many ticks: what it has not started yet it knows of."""
    scheduler = place.add(task(nothing, overlap=True)).scheduler()
    supervisor = scheduler.supervisor(place.told)
    for minute in range(2):
        scheduler.begin_tick(NOON + minute * MINUTE, scheduler.find(), place.told, supervisor)
    supervisor.run_inline()
    assert [run.fire_time for run in place.told.runs] == [NOON, NOON + MINUTE]


def test_a_run_this_process_has_forgotten_is_started_by_its_next_tick(place: Place) -> None:
    run = left_pending(place, owner=str(this_process()))
    place.add(task(nothing)).tick(NOON + MINUTE, inline=True)
    assert outcomes(place)[run.id] == "succeeded"


# --- without a store -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["cursors", "open_runs", "claim", "prune"])
def test_without_its_store_a_tick_says_so_and_starts_nothing_new(place: Place, method: str) -> None:
    place.store = Away(place.store, **{method: 1})
    assert place.add(task(nothing, run_every="1 year")).tick(inline=True) == STORE_UNAVAILABLE
    assert [str(error) for error in place.told.of("lost_store")] == [f"the store is away when asked to {method}"]


def test_the_next_tick_makes_up_for_it(place: Place) -> None:
    place.add(task(nothing, catch_up="all"))
    place.tick(inline=True)
    place.store = Away(place.store, cursors=1, claim=1)
    for minute in (1, 2):
        assert place.tick(NOON + minute * MINUTE, inline=True) == STORE_UNAVAILABLE
    assert place.tick(NOON + 3 * MINUTE, inline=True) == OK
    assert [run.fire_time for run in place.told.runs] == [NOON + n * MINUTE for n in range(4)]
