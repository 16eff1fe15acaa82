"""Pauses and streaks of failures: all who share the store see them."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.conftest import Member
from contracts.values import ELSEWHERE, NOON, after, claim, claimed, ended, one_run
from scheduler.runs import EVERYTHING, Outcome, Pause, SkipReason
from scheduler.stores import Store, local_store
from scheduler.stores.schema import create_statements

# -- pauses --


def test_a_pause_is_seen_by_all_as_it_was_made(member: Member) -> None:
    pause = Pause("Backup", NOON, after(minutes=90), "deploying 🚀 'it'\n\0", "anna@web1")
    member.store.pause(pause)
    (seen,) = member.open().pauses()
    assert (seen.key, seen.since, seen.until, seen.who) == (pause.key, pause.since, pause.until, pause.who)
    assert seen.reason.startswith("deploying 🚀 'it'\n"), "but for what databases refuse"


def test_a_pause_may_have_no_end_and_be_of_everything(store: Store) -> None:
    store.pause(Pause(EVERYTHING, NOON))
    assert store.pauses() == [Pause(EVERYTHING, NOON, None, "", "")]


def test_a_new_pause_ends_the_old_one_of_the_same_key_and_no_other(store: Store) -> None:
    store.pause(Pause("a", NOON, None, "first"))
    store.pause(Pause("A", NOON))
    store.pause(Pause(EVERYTHING, NOON))
    store.pause(Pause("a", after(60), after(120), "second"))
    assert store.pauses() == [
        Pause("a", NOON, after(60), "first"),
        Pause("A", NOON),
        Pause(EVERYTHING, NOON),
        Pause("a", after(60), after(120), "second"),
    ]


def test_resume_ends_a_pause_and_returns_whether_there_was_one(member: Member) -> None:
    member.store.pause(Pause("a", NOON))
    member.store.pause(Pause("b", NOON, after(30)))
    other = member.open()
    assert other.resume("a", after(60))
    assert not other.resume("a", after(61)), "it has ended"
    assert not other.resume("b", after(60)), "it ended by itself"
    assert not other.resume(EVERYTHING, after(60))
    assert member.store.pauses() == [Pause("a", NOON, after(60)), Pause("b", NOON, after(30))]


def test_pauses_that_ended_a_month_before_the_next_one_are_forgotten(store: Store) -> None:
    store.pause(Pause("old", NOON, after(1)))
    store.pause(Pause("endless", NOON))
    store.pause(Pause("a", NOON + timedelta(days=29)))
    assert len(store.pauses()) == 3
    store.pause(Pause("b", NOON + timedelta(days=31)))
    assert [pause.key for pause in store.pauses()] == ["endless", "a", "b"]


# -- claims with an outcome --


def test_a_skipped_fire_time_is_recorded_with_its_reason(member: Member) -> None:
    kept_back = claim("a", outcome=Outcome.SKIPPED, skip_reason=SkipReason.PAUSED, detail="paused: \0")
    (run,) = claimed(member.store, kept_back)
    assert (run.outcome, run.skip_reason, run.ended_at) == (Outcome.SKIPPED, SkipReason.PAUSED, NOON)
    assert run.id > 0
    assert member.open().history() == [run]
    assert claimed(member.open(), claim("a"), owner=ELSEWHERE, now=after(1)) == [], "it has its outcome"


def test_a_recorded_outcome_is_returned_to_one_process_only(member: Member) -> None:
    """Only that process notifies, so everybody is notified once."""
    missed = [claim("a", minutes, outcome=Outcome.MISSED) for minutes in range(3)]
    mine = claimed(member.store, missed[0], missed[1])
    theirs = claimed(member.open(), *missed, owner=ELSEWHERE, now=after(1))
    assert [run.fire_time for run in mine] == [NOON, after(minutes=1)]
    assert [run.fire_time for run in theirs] == [after(minutes=2)]


# -- streaks of failures --


def test_a_streak_of_failures_begins_once(member: Member) -> None:
    first, second = claimed(member.store, claim("a"), claim("a", 1))
    assert member.store.begin_streak("a", ended(first))
    assert not member.open().begin_streak("a", ended(second))
    assert member.open().begin_streak("b", ended(second)), "that is another task"


def test_beginning_a_streak_twice_with_one_run_is_allowed(member: Member) -> None:
    """The answer to the first call may have been lost."""
    run = one_run(member.store)
    assert member.store.begin_streak("a", ended(run))
    assert member.open().begin_streak("a", ended(run))


def test_a_streak_ends_once_and_says_since_when_it_lasted(member: Member) -> None:
    run = ended(one_run(member.store), ended_at=after(7))
    assert member.store.end_streak("a") is None
    member.store.begin_streak("a", run)
    assert member.open().end_streak("a") == after(7)
    assert member.store.end_streak("a") is None
    assert member.store.begin_streak("a", run), "a new one may begin"


# -- a store of an earlier version --


def test_the_file_of_an_earlier_version_is_given_what_is_new(folder: Path) -> None:
    path = folder / "scheduler.sqlite3"
    raw = sqlite3.connect(path)
    for statement in create_statements("sqlite"):
        raw.execute(statement)
    raw.execute("DROP TABLE scheduler_pauses")
    raw.execute("DROP TABLE scheduler_streaks")
    raw.execute("PRAGMA user_version = 1")
    raw.execute("INSERT INTO scheduler_ticks VALUES ('web1', '2024-03-05 12:00:00.000000')")
    raw.commit()
    raw.close()
    store = local_store(str(path))
    assert store.ticks() == {"web1": NOON}, "what it held is still there"
    assert store.pauses() == []
    store.pause(Pause("a", NOON))
    assert local_store(str(path)).resume("a", after(1))


def test_old_shared_tables_are_an_error_that_names_the_fix(folder: Path) -> None:
    from contracts.databases import execute, make_empty_tables, open_store

    details = {"driver": "sqlite", "database": str(folder / "app.sqlite3"), "prefix": ""}
    make_empty_tables(details)
    execute(details, "DROP TABLE scheduler_pauses")
    with pytest.raises(Exception, match="craft schedule:table"):
        open_store(details).pauses()
