"""A task does not overlap itself unless `overlap` is set; one of several servers runs it, or each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from waiting import wait_until

from durability.harness import Harness, Order


@pytest.fixture
def busy(harness: Harness) -> Iterator[tuple[Harness, Order]]:
    """A harness where task `a` runs until there is a file `go`."""
    harness.add("a", "wait_for_file", argument=str(harness.folder / "go"))
    order = harness.begin(0, host="alpha")
    harness.wait_for("start")
    yield harness, order
    go(harness)
    order.wait()


def go(harness: Harness) -> None:
    (harness.folder / "go").write_text("", encoding="utf-8")


def tick_of(harness: Harness, number: int, **more: object) -> Order:
    """Tick in another process than the one that is busy."""
    return harness.begin(number, harness.prefork_servers.several(2)[1], **more)


@pytest.mark.once
@pytest.mark.parametrize("host", ["alpha", "beta"])
def test_a_task_that_still_runs_is_skipped_with_the_reason_and_who_runs_it(
    busy: tuple[Harness, Order], host: str
) -> None:
    harness, _ = busy
    second = tick_of(harness, 1, host=host)
    assert second.wait() == 0
    skipped = harness.runs()[1]
    assert (skipped.outcome.value, skipped.skip_reason.value) == ("skipped", "still_running")
    assert f"process {harness.lines('start')[0].pid} on alpha" in skipped.detail
    assert "a skipped" in second.out
    assert len(harness.lines("start")) == 1


def test_a_task_runs_again_once_its_run_has_ended(busy: tuple[Harness, Order]) -> None:
    harness, order = busy
    go(harness)
    order.wait()
    assert tick_of(harness, 1).wait() == 0
    assert harness.outcomes() == ["succeeded", "succeeded"]


def test_a_task_with_overlap_runs_several_times_at_once(harness: Harness) -> None:
    harness.add("a", "wait_for_file", argument=str(harness.folder / "go"), overlap=True)
    first, second = harness.prefork_servers.several(2)
    orders = [harness.begin(0, first), harness.begin(1, second)]
    harness.wait_for("start", count=2)
    go(harness)
    assert [order.wait() for order in orders] == [0, 0]
    assert harness.outcomes() == ["succeeded", "succeeded"]


def test_several_fire_times_of_one_task_come_one_after_the_other(harness: Harness) -> None:
    (harness.folder / "counter").write_text("0", encoding="utf-8")
    harness.add("a", "count_up", argument=str(harness.folder / "counter"), catch_up="all")
    harness.tick(0)
    assert harness.tick(6).wait() == 0
    assert (harness.folder / "counter").read_text(encoding="utf-8") == "7"
    assert [line.fire_time for line in harness.lines("start")] == sorted(line.fire_time for line in harness.lines("start"))


def test_a_run_by_hand_does_not_overlap_either(busy: tuple[Harness, Order]) -> None:
    harness, _ = busy
    assert tick_of(harness, 0, force=True).wait() == 0
    assert harness.outcomes() == [None, "skipped"]


@pytest.mark.once
def test_a_lease_is_renewed_as_long_as_the_run_lives(harness: Harness) -> None:
    harness.settings["lease"] = "1 second"
    harness.add("a", "wait_for_file", argument=str(harness.folder / "go"))
    order = harness.begin(0, host="alpha")
    harness.wait_for("start")
    (first,) = harness.store.leases()
    wait_until(lambda: (harness.store.leases()[0].expires_at - first.expires_at).total_seconds() > 1.5, "two renewals")
    assert tick_of(harness, 1, host="beta").wait() == 0
    assert harness.outcomes() == [None, "skipped"]
    go(harness)
    order.wait()
    assert harness.store.leases() == []


@pytest.mark.once
def test_the_lease_of_a_lost_host_holds_exactly_until_it_expires(harness: Harness) -> None:
    harness.settings["lease"] = "2 seconds"
    harness.add("a", "loop")
    order = harness.begin(0, host="alpha")
    harness.wait_for("start")
    order.kill()
    harness.tasks[0]["does"] = "nothing"
    assert tick_of(harness, 1, host="beta").wait() == 0
    assert harness.outcomes() == [None, "skipped"], "beta cannot know yet"
    number = iter(range(2, 10000))

    def runs_again() -> bool:
        tick_of(harness, next(number), host="beta").wait()
        return "succeeded" in harness.outcomes() and harness.outcomes()[0] is not None

    wait_until(runs_again, "beta to take over")
    assert harness.outcomes()[0] == "crashed"
    assert harness.store.leases() == []
    assert harness.store.open_runs() == []


def test_an_inline_run_holds_its_lease(harness: Harness) -> None:
    harness.settings["lease"] = "1 second"
    harness.add("a", "wait_for_file", argument=str(harness.folder / "go"))
    order = harness.begin(0, inline=True)
    harness.wait_for("start")
    from time import monotonic

    begin = monotonic()
    wait_until(lambda: monotonic() - begin > 1.2, "the lease to expire, were it not renewed")
    tick_of(harness, 1).wait()
    outcomes = harness.outcomes()
    go(harness)
    order.wait()
    assert outcomes == [None, "skipped"]
    assert harness.outcomes()[0] == "succeeded"


# -- many servers --


def test_one_server_runs_a_task_unless_it_says_otherwise(harness: Harness) -> None:
    harness.add("a")
    harness.add("each", on_every_server=True)
    for host in ("alpha", "beta", "gamma"):
        assert harness.tick(0, host=host).wait() == 0
    assert [run.host for run in harness.runs("a")] == ["alpha"]
    assert [run.host for run in harness.runs("each")] == ["alpha", "beta", "gamma"]
    assert harness.tick(0, host="beta").wait() == 0
    assert len(harness.runs()) == 4


@pytest.mark.once
def test_on_every_server_overlaps_between_hosts_and_not_on_one(harness: Harness) -> None:
    harness.add("a", "wait_for_file", argument=str(harness.folder / "go"), on_every_server=True)
    prefork_servers = harness.prefork_servers.several(3)
    orders = [harness.begin(0, prefork_servers[0], host="alpha"), harness.begin(0, prefork_servers[1], host="beta")]
    harness.wait_for("start", count=2)
    harness.begin(1, prefork_servers[2], host="beta").wait()
    go(harness)
    for order in orders:
        order.wait()
    assert sorted(harness.outcomes()) == ["skipped", "succeeded", "succeeded"]


def test_each_server_retries_its_own_runs_of_on_every_server(harness: Harness) -> None:
    harness.add("a", "fail_until", argument=2, retries=1, retry_delay="1 minute", on_every_server=True, run_cron="0 12 * * *")
    harness.tick(0, host="alpha")
    harness.tick(0, host="beta")
    harness.store.connection.change(
        "UPDATE scheduler_runs SET start_after = '2001-01-01 00:00:00.000000' WHERE outcome IS NULL"
    )
    harness.tick(1, host="beta")
    second = [(run.host, run.outcome.value) for run in harness.runs() if run.attempt == 2 and run.outcome]
    assert second == [("beta", "succeeded")]
    harness.tick(1, host="alpha")
    assert sorted(run.host for run in harness.runs() if run.attempt == 2) == ["alpha", "beta"]


@pytest.mark.once
def test_on_every_server_a_lost_host_leaves_no_run_and_no_lease(harness: Harness) -> None:
    harness.settings["lease"] = "1 second"
    harness.add("a", "loop", on_every_server=True, retries=1)
    order = harness.begin(0, host="alpha")
    harness.wait_for("start")
    order.kill()
    harness.tasks[0]["does"] = "nothing"
    number = iter(range(1, 10000))

    def buried() -> bool:
        harness.tick(next(number), host="beta").wait()
        return harness.outcomes()[0] == "crashed"

    wait_until(buried, "beta to notice")
    assert [lease.key for lease in harness.store.leases()] == []
    on_beta = [(run.fire_time, run.attempt) for run in harness.runs() if run.host == "beta"]
    assert len(on_beta) == len(set(on_beta))
    assert all(attempt == 1 for _, attempt in on_beta), "beta does not try alpha's runs again"


def test_a_server_whose_clock_is_some_seconds_off_makes_the_same_fire_time(harness: Harness) -> None:
    from datetime import timedelta

    from durability.harness import minute

    harness.add("a")
    for host, seconds in (("alpha", 1), ("beta", 14), ("gamma", 59)):
        harness.tick(0, host=host, now=(minute(0) + timedelta(seconds=seconds)).isoformat())
    assert [run.fire_time for run in harness.runs()] == [minute(0)]


def test_a_clock_that_jumps_back_runs_nothing_again(harness: Harness) -> None:
    harness.add("a")
    for number in (0, 1, 2, 3, 1, 2, 3, 0, 3, 4, 5, 4):
        assert harness.tick(number).wait() == 0
    assert [run.fire_time.minute for run in harness.runs()] == [0, 1, 2, 3, 4, 5]
    assert harness.outcomes() == ["succeeded"] * 6


def test_a_clock_that_jumps_misses_only_what_it_skipped(harness: Harness) -> None:
    harness.add("a")
    for number in (0, 1, 60, 2, 3, 61, 62):
        assert harness.tick(number).wait() == 0
    outcomes = {run.fire_time: run.outcome.value for run in harness.runs()}
    assert len(outcomes) == 63
    ran = [(when.hour - 12) * 60 + when.minute for when, outcome in outcomes.items() if outcome == "succeeded"]
    assert sorted(ran) == [0, 1, 60, 61, 62], "2 and 3 had been written down as missed"
