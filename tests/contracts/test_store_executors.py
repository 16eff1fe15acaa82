"""Runs that every store offers to the workers of an executor."""

from __future__ import annotations

from contracts.conftest import Member
from contracts.values import HERE, after, claimed, ended, forced, one_run
from scheduler.stores import Store


def offered(store: Store, key: str = "a", minutes: int = 0, executor: str = "reports"):
    return one_run(store, key, minutes, executor=executor)


def test_a_run_for_an_executor_has_no_owner_until_a_worker_takes_it(member: Member) -> None:
    run = offered(member.store)
    assert run.is_offered
    assert (run.owner, run.executor) == ("", "reports")
    assert member.open().open_runs() == [run]


def test_a_run_claimed_for_this_server_is_not_offered(store: Store) -> None:
    run = one_run(store)
    assert not run.is_offered
    assert (run.owner, run.executor) == (HERE, "")
    assert store.offered_runs("a") == []


def test_one_of_two_workers_takes_an_offered_run(member: Member) -> None:
    run = offered(member.store)
    other = member.open()
    assert other.adopt(run, "worker 1", after(1))
    assert not member.store.adopt(run, "worker 2", after(1))
    assert member.store.offered_runs("a") == []
    assert member.store.run(run.id).owner == "worker 1"


def test_offered_runs_come_with_the_earliest_fire_time_first(store: Store) -> None:
    later, earlier = offered(store, minutes=5), offered(store, minutes=1)
    offered(store, "b")
    one_run(store, minutes=2)
    started = offered(store, minutes=3)
    store.adopt(started, HERE, after(1))
    assert [run.id for run in store.offered_runs("a")] == [earlier.id, later.id]


def test_an_offered_run_that_is_pruned_or_ended_is_offered_no_more(store: Store) -> None:
    run = offered(store)
    assert store.finish(ended(run))
    assert store.offered_runs("a") == []
    assert not store.run(run.id).is_offered


def test_a_forced_run_is_offered_to_workers(store: Store) -> None:
    (run,) = claimed(store, forced()._replace(executor="reports"))
    assert store.offered_runs("a") == [run]


def test_an_offered_run_waits_since_it_was_claimed_or_since_it_may_start(store: Store) -> None:
    assert offered(store, minutes=-3).waiting_since == after()
    assert one_run(store, minutes=1, executor="reports", start_after=after(90)).waiting_since == after(90)


def test_workers_are_remembered_by_executor_and_host_until_they_are_pruned(member: Member) -> None:
    store = member.store
    assert store.heard_workers() == []
    store.record_worker("reports", "web1", 4711, after())
    store.record_worker("reports", "web2", 4712, after(1))
    store.record_worker("mail", "web1", 4713, after(2))
    store.record_worker("reports", "web1", 4714, after(3))
    store.record_worker("reports", "web1", 4714, after(3))
    heard = [(worker.executor, worker.host, worker.pid, worker.heard_at) for worker in member.open().heard_workers()]
    assert heard == [
        ("mail", "web1", 4713, after(2)),
        ("reports", "web1", 4714, after(3)),
        ("reports", "web2", 4712, after(1)),
    ]
    store.prune_workers(after(2))
    assert [worker.host for worker in store.heard_workers()] == ["web1", "web1"]
