"""Leases: one holder at a time, none that stays behind, and reading changes nothing."""

from __future__ import annotations

import os
import threading

import pytest

from contracts.conftest import Member
from contracts.values import ELSEWHERE, GONE, HERE, NOON, TTL, after, lease
from scheduler.processes.identity import process_identity
from scheduler.stores import Store, lease_token


def test_a_free_lease_is_acquired(store: Store) -> None:
    assert store.acquire(lease(), NOON)
    assert store.leases() == [lease()]


@pytest.mark.parametrize("owner", [HERE, ELSEWHERE, "whatever this is"])
def test_a_held_lease_is_not_acquired_by_another(member: Member, owner: str) -> None:
    assert member.store.acquire(lease(token="theirs", owner=owner), NOON)
    assert not member.open().acquire(lease(), after(59))
    assert [held.token for held in member.store.leases()] == ["theirs"]


def test_the_holder_of_a_lease_may_acquire_it_again(store: Store) -> None:
    """The answer to the first call may have been lost."""
    assert store.acquire(lease(), NOON)
    assert store.acquire(lease(expires_at=after(90)), after(30))
    assert store.leases() == [lease(expires_at=after(90))]


def test_leases_of_tasks_that_differ_in_case_are_independent(store: Store) -> None:
    assert store.acquire(lease("backup"), NOON)
    assert store.acquire(lease("Backup", "another"), NOON)
    assert store.acquire(lease("restore", "a third"), NOON)
    assert len(store.leases()) == 3


def test_looking_at_leases_acquires_and_renews_nothing(store: Store) -> None:
    assert store.leases() == []
    assert store.leases() == []
    assert store.acquire(lease(owner=ELSEWHERE, token="theirs"), NOON)
    for _ in range(3):
        assert store.leases() == [lease(owner=ELSEWHERE, token="theirs")]
    assert store.acquire(lease(), after(60))


def test_an_expired_lease_is_taken_over(member: Member) -> None:
    assert member.store.acquire(lease(token="theirs", owner=ELSEWHERE), NOON)
    assert not member.open().acquire(lease(), after(59.999))
    assert member.open().acquire(lease(expires_at=after(120)), after(60))
    assert member.store.leases() == [lease(expires_at=after(120))]


def test_the_lease_of_a_dead_local_process_is_taken_over_at_once(member: Member) -> None:
    assert member.store.acquire(lease(token="theirs", owner=GONE), NOON)
    assert member.open().acquire(lease(), after(0.1))
    assert [held.token for held in member.store.leases()] == ["mine"]


def test_a_process_with_a_reused_number_is_not_confused_with_the_old(store: Store) -> None:
    earlier = HERE.rpartition(":")[0] + ":1"
    assert store.acquire(lease(token="theirs", owner=earlier), NOON)
    assert store.acquire(lease(), after(0.1))


def test_processes_of_other_machines_never_count_as_gone(store: Store) -> None:
    elsewhere = "elsewhere:" + GONE.partition(":")[2]
    assert store.acquire(lease(token="theirs", owner=elsewhere), NOON)
    assert not store.acquire(lease(), after(59))


def test_only_its_token_releases_a_lease(member: Member) -> None:
    member.store.acquire(lease(), NOON)
    member.open().release("a", "another")
    member.open().release("b", "mine")
    assert member.store.leases() == [lease()]
    member.open().release("a", "mine")
    assert member.store.leases() == []
    member.store.release("a", "mine")


def test_an_owner_that_lost_its_lease_cannot_release_it(member: Member) -> None:
    member.store.acquire(lease(token="old", owner=ELSEWHERE), NOON)
    assert member.open().acquire(lease(token="new"), after(61))
    member.store.release("a", "old")
    assert [held.token for held in member.store.leases()] == ["new"]


def test_a_beat_renews_the_leases_of_its_owner_and_no_others(store: Store) -> None:
    store.acquire(lease("a", lease_token(HERE, 1)), NOON)
    store.acquire(lease("b", lease_token(HERE, 22), owner=GONE), NOON)
    store.acquire(lease("c", lease_token(ELSEWHERE, 1), owner=ELSEWHERE), NOON)
    store.acquire(lease("d", lease_token(HERE + "0", 1), owner=HERE + "0"), NOON)
    store.beat(HERE, {1: "a", 22: "b"}, after(30), TTL)
    assert {held.key: held.expires_at for held in store.leases()} == {
        "a": after(90),
        "b": after(90),
        "c": after(60),
        "d": after(60),
    }


def test_a_renewed_lease_is_not_taken_over(store: Store) -> None:
    store.acquire(lease("a", lease_token(ELSEWHERE, 1), owner=ELSEWHERE), NOON)
    store.beat(ELSEWHERE, {1: "a"}, after(59), TTL)
    assert not store.acquire(lease(), after(61))
    assert store.acquire(lease(), after(119))


def test_an_owner_that_lost_its_lease_cannot_renew_it(store: Store) -> None:
    store.acquire(lease("a", lease_token(ELSEWHERE, 1), owner=ELSEWHERE), NOON)
    assert store.acquire(lease(expires_at=after(120)), after(60))
    assert store.beat(ELSEWHERE, {1: "a"}, after(61), TTL) == frozenset()
    assert store.leases() == [lease(expires_at=after(120))]


def test_the_lease_of_a_process_that_is_seen_alive_is_never_taken_over(member: Member) -> None:
    """It is kept however long ago it expired: the scheduler may be stopped while the task still runs."""
    member.store.acquire(lease(owner=str(process_identity(os.getppid()))), NOON)
    assert not member.open().acquire(lease(token="new"), after(minutes=600))


def test_an_expired_lease_without_a_started_run_is_taken_over(member: Member) -> None:
    member.store.acquire(lease(token=lease_token(f"{HERE}:1", 1), owner=f"{HERE}:1"), NOON)
    assert not member.open().acquire(lease(token="new"), after(59))
    assert member.open().acquire(lease(token="new"), after(61))


def test_a_supervisor_takes_over_the_lease_of_its_own_run_that_has_ended(store: Store) -> None:
    store.acquire(lease(token=lease_token(f"{HERE}:1", 1), owner=HERE), NOON)
    assert not store.acquire(lease(token=lease_token(f"{HERE}:2", 2), owner=f"{HERE}:2"), after(1))
    assert store.acquire(lease(token=lease_token(f"{HERE}:1", 2), owner=f"{HERE}:1"), after(1))


def test_a_lease_that_is_handed_over_is_held_by_the_other_process(member: Member) -> None:
    member.store.acquire(lease(), NOON)
    assert member.store.hand_over("a", "mine", GONE, 4711)
    (held,) = member.store.leases()
    assert (held.owner, held.pid, held.token) == (GONE, 4711, "mine")
    assert member.open().acquire(lease(token="new"), after(1)), "and that one is gone"


def test_only_its_token_hands_a_lease_over(store: Store) -> None:
    store.acquire(lease(), NOON)
    assert not store.hand_over("a", "another", ELSEWHERE, 4711)
    assert store.leases() == [lease()]


def test_unlocking_removes_the_lease_of_any_holder(member: Member) -> None:
    member.store.acquire(lease(owner=ELSEWHERE), NOON)
    assert member.open().unlock("a")
    assert member.store.leases() == []
    assert not member.store.unlock("a")


def test_one_of_many_processes_acquires_a_lease(shared: Member) -> None:
    for round_ in range(5):
        assert_one_wins(shared, f"free {round_}")


def test_one_of_many_processes_takes_over_a_lease(shared: Member) -> None:
    for round_ in range(5):
        key = f"taken {round_}"
        shared.store.acquire(lease(key, "old", GONE), NOON)
        assert_one_wins(shared, key)


def assert_one_wins(shared: Member, key: str) -> None:
    count = 4
    gate = threading.Barrier(count)
    won: list[str] = []

    def take_part(number: int) -> None:
        store = shared.open()
        gate.wait(timeout=60)
        if store.acquire(lease(key, f"token {number}"), NOON):
            won.append(f"token {number}")
        store.connection.close()

    threads = [threading.Thread(target=take_part, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert [held.token for held in shared.store.leases() if held.key == key] == won
