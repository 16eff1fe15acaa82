"""Runs: from pending to running to one outcome, and their history."""

from __future__ import annotations

import os
import re
import threading
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from contracts.conftest import Member
from contracts.values import ELSEWHERE, HERE, NOON, TTL, after, claim, claimed, ended, forced, lease, one_run
from scheduler import clock
from scheduler.processes.identity import host_name, this_process
from scheduler.runs import LONGEST_TRACEBACK, Outcome, Run, SkipReason
from scheduler.stores import Store, lease_token, memory_store, rows
from scheduler.stores.rows import LONGEST_LINE


def test_a_pending_run_is_started_by_its_owner(store: Store) -> None:
    run = one_run(store)
    assert store.start(run, 4711, after(1))
    (running,) = store.open_runs()
    assert (running.started_at, running.pid, running.host) == (after(1), 4711, host_name())
    assert running.outcome is None


def test_a_run_is_started_once(member: Member) -> None:
    run = one_run(member.store)
    assert member.store.start(run, 4711, after(1))
    assert not member.open().start(run, 4712, after(2))
    assert [running.pid for running in member.store.open_runs()] == [4711]


def test_a_run_is_not_started_for_one_who_is_not_its_owner_any_more(member: Member) -> None:
    run = one_run(member.store)
    assert member.open().adopt(run, ELSEWHERE, after(1))
    assert not member.store.start(run, 4711, after(2))
    assert member.store.start(replace(run, owner=ELSEWHERE), 4711, after(2))


def test_a_pending_run_is_adopted_once(member: Member) -> None:
    run = one_run(member.store)
    assert member.open().adopt(run, ELSEWHERE, after(1))
    assert not member.store.adopt(run, "a third one", after(2))
    assert [open_run.owner for open_run in member.store.open_runs()] == [ELSEWHERE]


def test_a_returned_run_has_no_owner_and_can_be_taken_by_anybody(store: Store) -> None:
    run = one_run(store)
    assert store.adopt(run, "", after(1))
    (free,) = store.open_runs()
    assert free.owner == ""
    assert store.adopt(free, ELSEWHERE, after(2))
    assert not store.adopt(free, HERE, after(2))


def test_running_and_ended_runs_cannot_be_adopted(store: Store) -> None:
    running, finished = claimed(store, claim("a"), claim("b"))
    store.start(running, 1, after(1))
    store.finish(ended(finished, Outcome.SKIPPED))
    assert not store.adopt(running, ELSEWHERE, after(2))
    assert not store.adopt(finished, ELSEWHERE, after(2))


def test_an_ended_run_cannot_be_started(store: Store) -> None:
    run = one_run(store)
    assert store.finish(ended(run, Outcome.SKIPPED))
    assert not store.start(run, 1, after(1))


def test_an_outcome_is_recorded_with_every_field(member: Member) -> None:
    run = one_run(member.store)
    member.store.start(run, os.getpid(), after(1))
    result = replace(
        run,
        outcome=Outcome.FAILED,
        started_at=after(1),
        ended_at=after(7.25),
        detail="a detail",
        error="RuntimeError: it went wrong",
        location="app/tasks/A.py:7",
        traceback="Traceback (most recent call last):\n  …",
        output="one\ntwo\n",
    )
    assert member.store.finish(result)
    read = member.open().run(run.id)
    assert read == replace(result, host=host_name(), pid=os.getpid(), process=str(this_process()), heartbeat_at=after(1))
    assert read.seconds == 6.25
    assert member.store.open_runs() == []


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_can_be_written(store: Store, outcome: Outcome) -> None:
    run = one_run(store)
    assert store.finish(ended(run, outcome))
    assert store.run(run.id).outcome is outcome


@pytest.mark.parametrize("reason", list(SkipReason))
def test_every_reason_to_skip_can_be_written(store: Store, reason: SkipReason) -> None:
    run = one_run(store)
    assert store.finish(ended(run, Outcome.SKIPPED, skip_reason=reason, detail="why"))
    read = store.run(run.id)
    assert (read.outcome, read.skip_reason, read.detail) == (Outcome.SKIPPED, reason, "why")


def test_a_run_has_exactly_one_outcome_the_first(member: Member) -> None:
    run = one_run(member.store)
    assert member.store.finish(ended(run, Outcome.CRASHED))
    assert not member.open().finish(ended(run, Outcome.SUCCEEDED))
    assert member.store.run(run.id).outcome is Outcome.CRASHED


def test_writing_the_same_outcome_again_is_no_contradiction(store: Store) -> None:
    """The answer to the first call may have been lost."""
    run = one_run(store)
    assert store.finish(ended(run, Outcome.FAILED))
    assert store.finish(ended(run, Outcome.FAILED))


def test_the_next_attempt_is_claimed_with_the_outcome(store: Store) -> None:
    run = one_run(store)
    retry = claim("a", attempt=2, late=True, start_after=after(90))
    assert store.finish(ended(run, Outcome.FAILED), retry)
    (pending,) = store.open_runs()
    assert (pending.attempt, pending.owner, pending.start_after, pending.late) == (2, "", after(90), True)
    assert pending.fire_time == NOON
    assert store.finish(ended(run, Outcome.FAILED), retry), "the answer was lost"
    assert len(store.open_runs()) == 1


def test_no_attempt_is_claimed_by_one_whose_outcome_came_too_late(store: Store) -> None:
    run = one_run(store)
    store.finish(ended(run, Outcome.SUCCEEDED))
    assert not store.finish(ended(run, Outcome.CRASHED), claim("a", attempt=2))
    assert store.open_runs() == []


def test_a_run_that_does_not_exist_is_none(store: Store) -> None:
    assert store.run(4711) is None
    assert not store.finish(ended(Run("a", NOON, id=4711)))
    assert not store.adopt(Run("a", NOON, id=4711), HERE, NOON)
    assert not store.start(Run("a", NOON, id=4711), 1, NOON)


# -- heartbeats --


def test_a_run_was_last_heard_of_when_it_was_claimed(store: Store) -> None:
    run = one_run(store)
    assert heartbeats(store) == {run.id: NOON}


def test_starting_adopting_and_renewing_update_the_heartbeat(store: Store) -> None:
    first, second, third, finished = claimed(store, *(claim(key) for key in "abcd"))
    store.finish(ended(finished))
    store.start(first, 1, after(1))
    store.adopt(second, ELSEWHERE, after(2))
    assert heartbeats(store) == {first.id: after(1), second.id: after(2), third.id: NOON}
    runs = dict.fromkeys((first.id, second.id, third.id, finished.id), "")
    assert store.beat(HERE, runs, after(9), TTL) == {first.id, third.id}, "what is open and still its own"
    assert heartbeats(store) == {first.id: after(9), second.id: after(2), third.id: after(9)}


def test_a_run_whose_lease_somebody_else_holds_is_no_longer_its_owners(member: Member) -> None:
    first, second = claimed(member.store, claim("a"), claim("b"))
    for run in (first, second):
        assert member.store.acquire(lease(run.key, lease_token(HERE, run.id), owner=ELSEWHERE), NOON)
    held = {first.id: "a", second.id: "b"}
    assert member.store.beat(HERE, held, after(30), TTL) == {first.id, second.id}
    member.store.unlock("a")
    assert member.store.beat(HERE, held, after(31), TTL) == {first.id, second.id}, "a lease that is free is nobody else's"
    assert member.open().acquire(lease("a", "new", owner=ELSEWHERE), after(32))
    assert member.store.beat(HERE, held, after(33), TTL) == {second.id}


def test_only_the_owner_of_a_run_records_its_outcome(member: Member) -> None:
    run = one_run(member.store)
    assert member.open().adopt(run, ELSEWHERE, after(1))
    assert not member.store.finish(ended(run, Outcome.SKIPPED))
    assert member.store.run(run.id).outcome is None
    assert member.open().finish(ended(replace(run, owner=ELSEWHERE)))


def test_a_crash_is_not_recorded_after_a_new_heartbeat(member: Member) -> None:
    run = one_run(member.store)
    member.store.start(run, 1, after(1))
    member.store.beat(HERE, {run.id: ""}, after(9), TTL)
    assert not member.open().finish(ended(run, Outcome.CRASHED), silent_since=after(1))
    assert member.open().finish(ended(run, Outcome.CRASHED), silent_since=after(9))


def heartbeats(store: Store) -> dict[int, Any]:
    """Return the last heartbeat of each open run."""
    return {run.id: run.heartbeat_at for run in store.open_runs()}


# -- history --


@pytest.fixture
def told(store: Store) -> Store:
    """A store with a short history."""
    return tell(store)


def tell(store: Store) -> Store:
    """Let some things happen."""
    story = [
        ("a", 0, Outcome.SUCCEEDED),
        ("b", 0, Outcome.FAILED),
        ("a", 1, Outcome.FAILED),
        ("b", 1, Outcome.SKIPPED),
        ("a", 2, Outcome.TIMED_OUT),
        ("c", 2, Outcome.MISSED),
    ]
    for key, minutes, outcome in story:
        run = one_run(store, key, minutes, now=after(minutes=minutes))
        store.finish(ended(run, outcome, ended_at=after(minutes=minutes, seconds=5), output="much", traceback="long"))
    one_run(store, "c", 3, now=after(minutes=3))
    return store


def seen(runs: list[Run]) -> list[tuple[str, int]]:
    return [(run.key, run.fire_time.minute) for run in runs]


def test_history_is_the_newest_first_open_runs_included(told: Store) -> None:
    assert seen(told.history()) == [("c", 3), ("c", 2), ("a", 2), ("b", 1), ("a", 1), ("b", 0), ("a", 0)]


def test_history_of_some_tasks(told: Store) -> None:
    assert seen(told.history(keys=["a"])) == [("a", 2), ("a", 1), ("a", 0)]
    assert seen(told.history(keys=["c", "b"])) == [("c", 3), ("c", 2), ("b", 1), ("b", 0)]
    assert told.history(keys=["nobody"]) == []


def test_history_of_some_outcomes(told: Store) -> None:
    failures = [outcome for outcome in Outcome if outcome.is_failure]
    assert seen(told.history(outcomes=failures)) == [("a", 2), ("a", 1), ("b", 0)]
    assert seen(told.history(outcomes=[Outcome.SKIPPED])) == [("b", 1)]


def test_history_since_a_time(told: Store) -> None:
    assert seen(told.history(since=after(minutes=2))) == [("c", 3), ("c", 2), ("a", 2)]
    assert told.history(since=after(minutes=4)) == []


def test_history_up_to_a_limit(told: Store) -> None:
    assert seen(told.history(limit=2)) == [("c", 3), ("c", 2)]


def test_history_combines_all_of_its_filters(told: Store) -> None:
    found = told.history(keys=["a", "b"], outcomes=[Outcome.FAILED], since=after(minutes=0), limit=1)
    assert seen(found) == [("a", 1)]


def test_history_leaves_out_what_is_long(told: Store) -> None:
    run = told.history(keys=["a"], limit=1)[0]
    assert (run.output, run.traceback) == ("", "")
    whole = told.run(run.id)
    assert (whole.output, whole.traceback) == ("much", "long")


def test_the_last_run_of_each_task_is_its_latest_that_has_an_outcome(told: Store) -> None:
    last = told.last_runs(["a", "b", "c", "nobody"])
    assert {key: run.outcome for key, run in last.items()} == {
        "a": Outcome.TIMED_OUT,
        "b": Outcome.SKIPPED,
        "c": Outcome.MISSED,
    }
    assert told.last_runs([]) == {}


def test_the_last_run_that_ended_is_found_behind_any_number_that_have_not(told: Store) -> None:
    for minutes in range(4, 9):
        one_run(told, "a", minutes, now=after(minutes=minutes))
    assert told.last_runs(["a"])["a"].outcome is Outcome.TIMED_OUT


def test_no_question_reads_more_of_a_long_history_than_its_answer() -> None:
    """Every query seeks in an index. SQLite is asked, since servers plan by the size of their tables, which are small here."""
    told = tell(memory_store())
    connection = told.connection
    asked: list[tuple[str, Any]] = []
    rows = connection.rows

    def noting(sql: str, values: Any = ()) -> Any:
        asked.append((sql, values))
        return rows(sql, values)

    connection.rows = noting
    failures = [outcome for outcome in Outcome if outcome.is_failure]
    for keys, outcomes, since in product(([], ["a"], ["a", "b"]), ([], failures), (None, after(minutes=1))):
        told.history(keys=keys, outcomes=outcomes, since=since)
    for question in (told.open_runs, lambda: told.open_runs("a"), lambda: told.run(1), lambda: told.last_runs(["a", "x"])):
        question()
    for many in (told.last_outcomes, told.last_successes, lambda keys: told.latest_of_each(keys, 3)):
        many(["a", "x"])
    told.count_by_hour(NOON, 2)
    told.count_by_task(["a", "x"], NOON, after(minutes=9))
    told.count_since(NOON)
    for key, outcomes, before in product((None, "a"), ([], failures), (None, 2)):
        told.browse(key=key, outcomes=outcomes, before=before)
    assert seen(told.runs_for("a", NOON, after(minutes=1))) == [("a", 0)]
    told.prune(NOON)
    connection.rows = rows
    assert len(asked) > 20
    plans = {sql: plan_of(told, sql, values) for sql, values in asked}
    assert {sql: plan for sql, plan in plans.items() if re.search(r"SCAN (TABLE )?(scheduler_)?runs", plan)} == {}
    assert ["(task=? AND fire_time>? AND fire_time<?)" in plan for sql, plan in plans.items() if "fire_time <" in sql] == [True]
    newest_first = [plan for sql, plan in plans.items() if "claimed_at DESC" in sql and "UNION ALL" not in sql]
    assert [plan for plan in newest_first if "TEMP B-TREE" in plan] == []


def plan_of(store: Store, sql: str, values: Any) -> str:
    """Return SQLite's plan of a query."""
    return " | ".join(row["detail"] for row in store.connection.rows(f"EXPLAIN QUERY PLAN {sql}", values))


def test_pruning_removes_what_ended_before_a_time_and_nothing_that_is_open(told: Store) -> None:
    old = one_run(told, "old", now=after(minutes=-90))
    assert told.prune(after(minutes=1)) == 2
    assert seen(told.history()) == [("c", 3), ("c", 2), ("a", 2), ("b", 1), ("a", 1), ("old", 0)]
    assert told.run(old.id) is not None
    assert told.prune(after(minutes=1)) == 0
    assert told.prune(after(minutes=99)) == 4
    assert seen(told.history()) == [("c", 3), ("old", 0)]


def test_much_history_is_pruned_in_small_steps(told: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """No tick takes long, not even the first one after months."""
    monkeypatch.setattr(rows, "AT_ONCE", 3)
    assert [told.prune(after(minutes=99), limit=4) for _ in range(3)] == [4, 2, 0]
    assert seen(told.history()) == [("c", 3)]


def test_numbers_of_runs_are_never_given_twice(store: Store) -> None:
    first = one_run(store)
    store.finish(ended(first))
    store.prune(after(minutes=99))
    assert one_run(store, "b").id > first.id


# -- ticks --


def test_the_last_tick_of_each_host_is_remembered(member: Member) -> None:
    member.store.record_tick("alpha", NOON)
    member.store.record_tick("beta", after(1))
    member.store.record_tick("alpha", after(minutes=1))
    member.store.record_tick("alpha", after(minutes=1))
    assert member.open().ticks() == {"alpha": after(minutes=1), "beta": after(1)}


# -- text --


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ""),
        ("plain", "plain"),
        ("a NUL \0 within", "a NUL \ufffd within"),
        ("a surrogate \udc80 alone", "a surrogate ? alone"),
        ("emoji 🚀 and 日本語", "emoji 🚀 and 日本語"),
        ("'quotes' \"and\" \\backslashes\\ % %s ? :a {x}", "'quotes' \"and\" \\backslashes\\ % %s ? :a {x}"),
        ("blanks at the end  \n\n", "blanks at the end  \n\n"),
        ("\r\n\t\x01\x7f", "\r\n\t\x01\x7f"),
    ],
    ids=["empty", "plain", "NUL", "surrogate", "emoji", "quotes", "blanks", "control"],
)
def test_text_comes_back_as_it_was_but_for_what_databases_refuse(store: Store, text: str, kept: str) -> None:
    run = one_run(store)
    fields = ("detail", "error", "location", "traceback", "output")
    assert store.finish(ended(run, Outcome.FAILED, **dict.fromkeys(fields, text)))
    read = store.run(run.id)
    assert {name: getattr(read, name) for name in fields} == dict.fromkeys(fields, kept)


@pytest.mark.parametrize("character", ["x", "é", "🚀", "\ufffd"])
def test_64_kib_of_output_and_a_long_traceback_are_kept_whole(store: Store, character: str) -> None:
    run = one_run(store)
    output = character * 65536
    assert store.finish(ended(run, Outcome.FAILED, output=output, traceback=output, error=output[:5000]))
    read = store.run(run.id)
    assert read.output == output
    assert read.traceback == output
    assert read.error == output[:5000]


def test_a_claims_detail_may_be_any_text(store: Store) -> None:
    claimed(store, claim("a", outcome=Outcome.MISSED, detail="🚀 'late'"))
    assert store.history()[0].detail == "🚀 'late'"


def test_times_are_kept_to_the_microsecond_and_in_utc(store: Store) -> None:
    run = one_run(store)
    moment = NOON + timedelta(microseconds=1)
    store.finish(ended(run, started_at=moment, ended_at=moment + timedelta(microseconds=1)))
    read = store.run(run.id)
    assert (read.started_at, read.ended_at) == (moment, moment + timedelta(microseconds=1))
    assert read.started_at.utcoffset() == timedelta()


def test_a_run_by_hand_has_no_fire_time(store: Store) -> None:
    (run,) = claimed(store, forced())
    store.finish(ended(run))
    assert store.run(run.id).fire_time is None


def test_a_store_that_is_reopened_is_the_same_store_for_another_thread(shared: Member) -> None:
    run = one_run(shared.store)
    other = shared.store.reopened()
    assert other is not None

    def beat() -> None:
        other.beat(HERE, {run.id: ""}, after(30), TTL)
        other.close()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    thread.join()
    assert heartbeats(shared.store) == {run.id: after(30)}
    shared.store.close()
    assert heartbeats(shared.store) == {run.id: after(30)}, "it is opened again when it is needed"


def test_a_store_that_its_process_has_alone_cannot_be_reopened() -> None:
    assert memory_store().reopened() is None


def test_runs_between_two_fire_times_are_those_of_one_task_in_order(member: Member) -> None:
    claimed(
        member.store, claim("a"), claim("a", 1), claim("a", 1, attempt=2), claim("a", 2), claim("b", 1), forced("a")
    )
    found = member.open().runs_for("a", after(minutes=1), after(minutes=2))
    assert [(run.key, run.fire_time, run.attempt) for run in found] == [
        ("a", after(minutes=1), 1),
        ("a", after(minutes=1), 2),
    ]
    assert member.store.runs_for("nobody", after(), after(minutes=9)) == []


def test_a_database_server_tells_its_own_time_and_a_file_has_none(member: Member) -> None:
    told = member.store.clock()
    if member.name in {"postgres", "mysql"}:
        assert told is not None
        assert abs(told - clock.real_now()) < timedelta(minutes=1)
    else:
        assert told is None


def test_long_texts_are_kept_up_to_a_stated_length(store: Store) -> None:
    """A server refuses statements of some megabytes, and a traceback of 18 million characters was seen."""
    (run,) = store.claim([claim("a")], {}, HERE, NOON)
    store.start(run, 1, NOON)
    huge = "INSERT INTO orders VALUES " + "(1, 'row'), " * 1_500_000 + "the end"
    assert store.finish(replace(ended(run), error=huge, traceback=huge, detail=huge, location=huge, output=huge))
    kept = store.run(run.id)
    assert kept is not None
    assert [len(text) for text in (kept.traceback, kept.output)] == [LONGEST_TRACEBACK] * 2
    assert [len(text) for text in (kept.error, kept.detail, kept.location)] == [LONGEST_LINE] * 3
    assert kept.traceback.startswith("INSERT INTO orders")
    assert kept.traceback.endswith("the end")
    assert f"{len(huge) - LONGEST_TRACEBACK:,} characters left out" in kept.traceback


def test_hosts_that_tick_no_more_are_forgotten_with_their_runs(store: Store) -> None:
    """Each new pod has another host name."""
    for number in range(3):
        store.record_tick(f"pod-{number}", after(minutes=number))
    store.prune(after(minutes=2))
    assert set(store.ticks()) == {"pod-2"}
