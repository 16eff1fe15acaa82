"""Claims: only one process gets a fire time of a task, and cursors only move forward."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest

from contracts.conftest import Member
from contracts.values import ELSEWHERE, HERE, NOON, after, claim, claimed, ended, forced, one_run
from scheduler.runs import Outcome
from scheduler.stores import Claim, Store, slot_of


def test_a_new_store_is_empty(store: Store) -> None:
    assert store.cursors() == {}
    assert store.open_runs() == []
    assert store.leases() == []
    assert store.history() == []
    assert store.ticks() == {}


def test_the_claiming_process_gets_the_run(store: Store) -> None:
    run = one_run(store, "a", minutes=3, late=True, start_after=after(minutes=4))
    assert run.id > 0
    assert (run.key, run.fire_time, run.attempt, run.late) == ("a", after(minutes=3), 1, True)
    assert run.start_after == after(minutes=4)
    assert run.owner == HERE
    assert run.outcome is None
    assert run.started_at is None
    assert store.open_runs() == [run]


def test_a_fire_time_is_claimed_once(member: Member) -> None:
    assert len(claimed(member.store, claim("a"))) == 1
    assert claimed(member.open(), claim("a"), owner=ELSEWHERE, now=after(1)) == []
    assert claimed(member.store, claim("a"), now=after(2)) == []
    assert [run.owner for run in member.store.open_runs()] == [HERE]


def test_existing_claims_do_not_block_the_others(member: Member) -> None:
    claimed(member.store, claim("b"))
    runs = claimed(member.open(), claim("a"), claim("b"), claim("c"), owner=ELSEWHERE, now=after(1))
    assert [run.key for run in runs] == ["a", "c"]


def test_each_fire_time_and_attempt_is_a_claim_of_its_own(store: Store) -> None:
    runs = claimed(store, claim("a", 0), claim("a", 1), claim("a", 0, attempt=2))
    assert [(run.fire_time, run.attempt) for run in runs] == [(NOON, 1), (after(minutes=1), 1), (NOON, 2)]


def test_runs_come_in_the_order_of_their_claims(store: Store) -> None:
    keys = ["z", "a", "m", "b"]
    assert [run.key for run in claimed(store, *(claim(key) for key in keys))] == keys


def test_runs_by_hand_have_no_slot_and_are_never_in_each_others_way(member: Member) -> None:
    assert len(claimed(member.store, forced("a"))) == 1
    assert len(claimed(member.open(), forced("a"), owner=ELSEWHERE, now=after(1))) == 1
    assert len(claimed(member.store, claim("a"), now=after(2))) == 1
    runs = claimed(member.store, forced("a"), forced("b"), now=after(3))
    assert sorted(run.key for run in runs) == ["a", "b"]
    assert [run.fire_time for run in runs] == [None, None]


def test_a_missed_fire_time_is_recorded_and_cannot_be_started(store: Store) -> None:
    missed = claim("a", 0, outcome=Outcome.MISSED, detail="no tick came in time")
    runs = claimed(store, missed, claim("a", 1), now=after(minutes=1))
    assert [run.fire_time for run in runs] == [NOON, after(minutes=1)]
    assert store.open_runs() == runs[1:]
    (written,) = store.history(outcomes=[Outcome.MISSED])
    assert written == runs[0]
    assert written.detail == "no tick came in time"
    assert written.ended_at == after(minutes=1)
    assert written.started_at is None


def test_a_claim_with_an_outcome_starts_nothing(store: Store) -> None:
    (run,) = claimed(store, claim("a", outcome=Outcome.MISSED))
    assert run.outcome is Outcome.MISSED
    assert store.open_runs() == []
    assert claimed(store, claim("a"), now=after(1)) == [], "it has its outcome"


def test_a_fire_time_that_has_its_outcome_is_never_claimed_again(store: Store) -> None:
    run = one_run(store)
    assert store.start(run, 1, after(1))
    assert store.finish(ended(run))
    assert claimed(store, claim("a"), now=after(9)) == []


def test_a_claim_moves_cursors_with_it(member: Member) -> None:
    member.store.claim([claim("a")], {"a": after(minutes=1), "b": after(minutes=1)}, HERE, NOON)
    assert member.open().cursors() == {"a": after(minutes=1), "b": after(minutes=1)}


def test_cursors_never_move_back(store: Store) -> None:
    store.claim([], {"a": after(minutes=9), "b": after(minutes=1)}, HERE, NOON)
    store.claim([], {"a": after(minutes=5), "b": after(minutes=2), "c": NOON}, HERE, NOON)
    assert store.cursors() == {"a": after(minutes=9), "b": after(minutes=2), "c": NOON}


def test_cursors_keep_their_microseconds_and_cross_years(store: Store) -> None:
    store.claim([], {"a": after(0.000001)}, HERE, NOON)
    store.claim([], {"a": after(0.00001)}, HERE, NOON)
    assert store.cursors() == {"a": after(0.00001)}
    store.claim([], {"a": NOON.replace(year=2031)}, HERE, NOON)
    assert store.cursors() == {"a": NOON.replace(year=2031)}


def test_claiming_nothing_changes_nothing(store: Store) -> None:
    assert store.claim([], {}, HERE, NOON) == []
    assert store.history() == []


def test_any_number_of_claims_and_cursors_is_recorded(store: Store) -> None:
    keys = [f"task {number}" for number in range(1203)]
    runs = store.claim([claim(key) for key in keys], dict.fromkeys(keys, after(minutes=1)), HERE, NOON)
    assert [run.key for run in runs] == keys
    assert store.cursors() == dict.fromkeys(keys, after(minutes=1))
    assert store.claim([claim(key) for key in keys], dict.fromkeys(keys, after(minutes=2)), ELSEWHERE, after(60)) == []
    assert set(store.cursors().values()) == {after(minutes=2)}


def test_keys_that_differ_only_in_case_or_accents_are_different_tasks(store: Store) -> None:
    keys = ["backup", "Backup", "BACKUP", "bäckup", "backup\u0301"]
    runs = store.claim([claim(key) for key in keys], dict.fromkeys(keys, after(minutes=1)), HERE, NOON)
    assert [run.key for run in runs] == keys
    assert set(store.cursors()) == set(keys)
    assert [run.key for run in store.history(keys=["Backup"])] == ["Backup"]


def test_the_longest_key_there_can_be_fits(store: Store) -> None:
    key = "é" * 159 + "🚀"
    host = "h" * 64
    slot = slot_of(f"{key} on {host}", NOON, attempt=12)
    (run,) = store.claim([Claim(key, slot, NOON, attempt=12)], {f"{key} on {host}": NOON}, HERE, NOON)
    assert run.key == key
    assert store.cursors() == {f"{key} on {host}": NOON}


def test_a_claim_names_its_fire_time_in_utc_whatever_zone_it_comes_in(store: Store) -> None:
    from zoneinfo import ZoneInfo

    fire_time = NOON.astimezone(ZoneInfo("Asia/Kathmandu"))
    assert slot_of("a", fire_time) == slot_of("a", NOON) == "a@2024-03-05T12:00:00Z"
    (run,) = claimed(store, Claim("a", slot_of("a", fire_time), fire_time))
    assert run.fire_time == NOON
    assert run.fire_time.utcoffset() == timedelta()


@pytest.mark.parametrize("claimants", [2, 6])
def test_one_of_many_processes_claims_each_fire_time(shared: Member, claimants: int) -> None:
    keys = [f"task {number}" for number in range(20)]
    gate = threading.Barrier(claimants)
    won: list[tuple[int, str]] = []

    def take_part(number: int) -> None:
        store = shared.open()
        order = keys if number % 2 else keys[::-1]
        gate.wait(timeout=60)
        runs = store.claim([claim(key) for key in order], dict.fromkeys(order, after(minutes=1)), f"{number}", NOON)
        won.extend((number, run.key) for run in runs)
        store.connection.close()

    threads = [threading.Thread(target=take_part, args=(number,), daemon=True) for number in range(claimants)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(key for _, key in won) == Counter(keys)
    owners = {run.key: run.owner for run in shared.store.open_runs()}
    assert owners == {key: str(number) for number, key in won}, "each winner was told what it won"
    assert shared.store.cursors() == dict.fromkeys(keys, after(minutes=1))
