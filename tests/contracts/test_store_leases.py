"""Leases: one holder at a time, none that sticks, and looking takes nothing."""

from __future__ import annotations

import threading

import pytest

from contracts.conftest import Member
from contracts.values import ELSEWHERE, GONE, HERE, NOON, TTL, after, lease
from scheduler.stores import DatabaseStore, lease_token


def test_a_free_lease_is_acquired(store: DatabaseStore) -> None:
    assert store.acquire(lease(), NOON)
    assert store.leases() == [lease()]


@pytest.mark.parametrize("owner", [HERE, ELSEWHERE, "whatever this is"])
def test_a_held_lease_is_not_acquired_by_another(member: Member, owner: str) -> None:
    assert member.store.acquire(lease(token="theirs", owner=owner), NOON)
    assert not member.open().acquire(lease(), after(59))
    assert [held.token for held in member.store.leases()] == ["theirs"]


def test_the_holder_of_a_lease_may_acquire_it_again(store: DatabaseStore) -> None:
    """The answer to the first time may have been lost on its way."""
    assert store.acquire(lease(), NOON)
    assert store.acquire(lease(expires_at=after(90)), after(30))
    assert store.leases() == [lease(expires_at=after(90))]


def test_leases_of_different_tasks_are_independent_even_where_only_case_differs(store: DatabaseStore) -> None:
    assert store.acquire(lease("backup"), NOON)
    assert store.acquire(lease("Backup", "another"), NOON)
    assert store.acquire(lease("restore", "a third"), NOON)
    assert len(store.leases()) == 3


def test_looking_at_leases_acquires_and_renews_nothing(store: DatabaseStore) -> None:
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


def test_the_lease_of_a_process_of_this_machine_that_is_gone_is_taken_over_at_once(member: Member) -> None:
    assert member.store.acquire(lease(token="theirs", owner=GONE), NOON)
    assert member.open().acquire(lease(), after(0.1))
    assert [held.token for held in member.store.leases()] == ["mine"]


def test_a_process_that_has_the_number_of_one_that_is_gone_is_not_taken_for_it(store: DatabaseStore) -> None:
    earlier = HERE.rpartition(":")[0] + ":1"
    assert store.acquire(lease(token="theirs", owner=earlier), NOON)
    assert store.acquire(lease(), after(0.1))


def test_whether_a_process_of_another_machine_is_gone_nobody_here_can_tell(store: DatabaseStore) -> None:
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


def test_who_was_taken_over_can_release_nothing(member: Member) -> None:
    member.store.acquire(lease(token="old"), NOON)
    assert member.open().acquire(lease(token="new"), after(61))
    member.store.release("a", "old")
    assert [held.token for held in member.store.leases()] == ["new"]


def test_a_beat_renews_the_leases_of_its_owner_and_no_others(store: DatabaseStore) -> None:
    store.acquire(lease("a", lease_token(HERE, 1)), NOON)
    store.acquire(lease("b", lease_token(HERE, 22), owner=GONE), NOON)
    store.acquire(lease("c", lease_token(ELSEWHERE, 1), owner=ELSEWHERE), NOON)
    store.acquire(lease("d", lease_token(HERE + "0", 1), owner=HERE + "0"), NOON)
    store.beat(HERE, after(30), TTL)
    assert {held.key: held.expires_at for held in store.leases()} == {
        "a": after(90),
        "b": after(90),
        "c": after(60),
        "d": after(60),
    }


def test_a_renewed_lease_is_not_taken_over(store: DatabaseStore) -> None:
    store.acquire(lease("a", lease_token(ELSEWHERE, 1), owner=ELSEWHERE), NOON)
    store.beat(ELSEWHERE, after(59), TTL)
    assert not store.acquire(lease(), after(61))
    assert store.acquire(lease(), after(119))


def test_who_was_taken_over_can_renew_nothing(store: DatabaseStore) -> None:
    store.acquire(lease("a", lease_token(ELSEWHERE, 1), owner=ELSEWHERE), NOON)
    assert store.acquire(lease(expires_at=after(120)), after(60))
    store.beat(ELSEWHERE, after(61), TTL)
    assert store.leases() == [lease(expires_at=after(120))]


def test_a_lease_that_is_handed_over_is_held_by_the_other_process(member: Member) -> None:
    member.store.acquire(lease(), NOON)
    member.store.hand_over("a", "mine", GONE, 4711)
    (held,) = member.store.leases()
    assert (held.owner, held.pid, held.token) == (GONE, 4711, "mine")
    assert member.open().acquire(lease(token="new"), after(1)), "and that one is gone"


def test_only_its_token_hands_a_lease_over(store: DatabaseStore) -> None:
    store.acquire(lease(), NOON)
    store.hand_over("a", "another", ELSEWHERE, 4711)
    assert store.leases() == [lease()]


def test_unlocking_removes_a_lease_whoever_holds_it(member: Member) -> None:
    member.store.acquire(lease(owner=ELSEWHERE), NOON)
    assert member.open().unlock("a")
    assert member.store.leases() == []
    assert not member.store.unlock("a")


def test_of_many_that_acquire_at_the_same_moment_one_wins(shared: Member) -> None:
    for round_ in range(5):
        assert_one_wins(shared, f"free {round_}")


def test_of_many_that_take_over_at_the_same_moment_one_wins(shared: Member) -> None:
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
        gate.wait()
        if store.acquire(lease(key, f"token {number}"), NOON):
            won.append(f"token {number}")
        store.connection.close()

    threads = [threading.Thread(target=take_part, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert [held.token for held in shared.store.leases() if held.key == key] == won
