"""A task does not overlap itself unless it says so; with many servers one runs it, or each."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from durability.hosts import Order, Place, wait_until


@pytest.fixture
def busy(place: Place) -> Iterator[tuple[Place, Order]]:
    """A place where task `a` runs until there is a file `go`."""
    place.add("a", "wait_for_file", argument=str(place.folder / "go"))
    order = place.begin(0, host="alpha")
    place.wait_for("start")
    yield place, order
    go(place)
    order.wait()


def go(place: Place) -> None:
    (place.folder / "go").write_text("", encoding="utf-8")


def tick_of(place: Place, number: int, **more: object) -> Order:
    """Tick in another process than the one that is busy."""
    return place.begin(number, place.stems.several(2)[1], **more)


@pytest.mark.once
@pytest.mark.parametrize("host", ["alpha", "beta"])
def test_a_task_that_still_runs_is_skipped_with_the_reason_and_who_runs_it(
    busy: tuple[Place, Order], host: str
) -> None:
    place, _ = busy
    second = tick_of(place, 1, host=host)
    assert second.wait() == 0
    skipped = place.runs()[1]
    assert (skipped.outcome.value, skipped.skip_reason.value) == ("skipped", "still_running")
    assert f"process {place.noted('start')[0].pid} on alpha" in skipped.detail
    assert "a skipped" in second.out
    assert len(place.noted("start")) == 1


def test_when_it_has_ended_it_runs_again(busy: tuple[Place, Order]) -> None:
    place, order = busy
    go(place)
    order.wait()
    assert tick_of(place, 1).wait() == 0
    assert place.outcomes() == ["succeeded", "succeeded"]


def test_a_task_that_may_overlap_runs_beside_itself(place: Place) -> None:
    place.add("a", "wait_for_file", argument=str(place.folder / "go"), overlap=True)
    first, second = place.stems.several(2)
    orders = [place.begin(0, first), place.begin(1, second)]
    place.wait_for("start", count=2)
    go(place)
    assert [order.wait() for order in orders] == [0, 0]
    assert place.outcomes() == ["succeeded", "succeeded"]


def test_several_fire_times_of_one_task_come_one_after_the_other(place: Place) -> None:
    (place.folder / "counter").write_text("0", encoding="utf-8")
    place.add("a", "count_up", argument=str(place.folder / "counter"), catch_up="all")
    place.tick(0)
    assert place.tick(6).wait() == 0
    assert (place.folder / "counter").read_text(encoding="utf-8") == "7"
    assert [line.fire_time for line in place.noted("start")] == sorted(line.fire_time for line in place.noted("start"))


def test_a_run_by_hand_does_not_overlap_either(busy: tuple[Place, Order]) -> None:
    place, _ = busy
    assert tick_of(place, 0, force=True).wait() == 0
    assert place.outcomes() == [None, "skipped"]


@pytest.mark.once
def test_a_lease_is_renewed_as_long_as_the_run_lives(place: Place) -> None:
    place.settings["lease"] = "1 second"
    place.add("a", "wait_for_file", argument=str(place.folder / "go"))
    order = place.begin(0, host="alpha")
    place.wait_for("start")
    (first,) = place.store.leases()
    wait_until(lambda: (place.store.leases()[0].expires_at - first.expires_at).total_seconds() > 1.5, "two renewals")
    assert tick_of(place, 1, host="beta").wait() == 0
    assert place.outcomes() == [None, "skipped"]
    go(place)
    order.wait()
    assert place.store.leases() == []


@pytest.mark.once
def test_the_lease_of_a_host_that_is_gone_holds_until_it_has_expired_and_no_longer(place: Place) -> None:
    place.settings["lease"] = "2 seconds"
    place.add("a", "loop")
    order = place.begin(0, host="alpha")
    place.wait_for("start")
    order.send(signal.SIGKILL)
    order.wait()
    place.tasks[0]["does"] = "nothing"
    assert tick_of(place, 1, host="beta").wait() == 0
    assert place.outcomes() == [None, "skipped"], "beta cannot know yet"
    number = iter(range(2, 10000))

    def runs_again() -> bool:
        tick_of(place, next(number), host="beta").wait()
        return "succeeded" in place.outcomes()

    wait_until(runs_again, "beta to take over")
    assert place.outcomes()[0] == "crashed"
    assert place.store.leases() == []
    assert place.store.open_runs() == []


def test_a_run_in_this_process_holds_its_lease_too(place: Place) -> None:
    place.settings["lease"] = "1 second"
    place.add("a", "wait_for_file", argument=str(place.folder / "go"))
    order = place.begin(0, inline=True)
    place.wait_for("start")
    from time import monotonic

    begin = monotonic()
    wait_until(lambda: monotonic() - begin > 1.2, "the lease to expire, were it not renewed")
    tick_of(place, 1).wait()
    outcomes = place.outcomes()
    go(place)
    order.wait()
    assert outcomes == [None, "skipped"]
    assert place.outcomes()[0] == "succeeded"


# -- many servers --


def test_one_server_runs_a_task_unless_it_says_otherwise(place: Place) -> None:
    place.add("a")
    place.add("each", on_every_server=True)
    for host in ("alpha", "beta", "gamma"):
        assert place.tick(0, host=host).wait() == 0
    assert [run.host for run in place.runs("a")] == ["alpha"]
    assert [run.host for run in place.runs("each")] == ["alpha", "beta", "gamma"]
    assert place.tick(0, host="beta").wait() == 0
    assert len(place.runs()) == 4


@pytest.mark.once
def test_on_every_server_it_may_run_on_several_at_once_and_not_twice_on_one(place: Place) -> None:
    place.add("a", "wait_for_file", argument=str(place.folder / "go"), on_every_server=True)
    stems = place.stems.several(3)
    orders = [place.begin(0, stems[0], host="alpha"), place.begin(0, stems[1], host="beta")]
    place.wait_for("start", count=2)
    place.begin(1, stems[2], host="beta").wait()
    go(place)
    for order in orders:
        order.wait()
    assert sorted(place.outcomes()) == ["skipped", "succeeded", "succeeded"]


def test_on_every_server_each_tries_its_own_runs_again(place: Place) -> None:
    place.add("a", "fail_until", argument=2, retries=1, retry_delay="1 minute", on_every_server=True, run_cron="0 12 * * *")
    place.tick(0, host="alpha")
    place.tick(0, host="beta")
    place.store.connection.change(
        "UPDATE scheduler_runs SET start_after = '2001-01-01 00:00:00.000000' WHERE outcome IS NULL"
    )
    place.tick(1, host="beta")
    second = [(run.host, run.outcome.value) for run in place.runs() if run.attempt == 2 and run.outcome]
    assert second == [("beta", "succeeded")]
    place.tick(1, host="alpha")
    assert sorted(run.host for run in place.runs() if run.attempt == 2) == ["alpha", "beta"]


@pytest.mark.once
def test_on_every_server_a_host_that_is_gone_leaves_no_open_run_and_no_lease(place: Place) -> None:
    place.settings["lease"] = "1 second"
    place.add("a", "loop", on_every_server=True, retries=1)
    order = place.begin(0, host="alpha")
    place.wait_for("start")
    order.send(signal.SIGKILL)
    order.wait()
    place.tasks[0]["does"] = "nothing"
    number = iter(range(1, 10000))

    def buried() -> bool:
        place.tick(next(number), host="beta").wait()
        return place.outcomes()[0] == "crashed"

    wait_until(buried, "beta to notice")
    assert [lease.key for lease in place.store.leases()] == []
    on_beta = [(run.fire_time, run.attempt) for run in place.runs() if run.host == "beta"]
    assert len(on_beta) == len(set(on_beta))
    assert all(attempt == 1 for _, attempt in on_beta), "beta does not try alpha's runs again"


def test_a_server_whose_clock_is_some_seconds_off_makes_the_same_fire_time(place: Place) -> None:
    from datetime import timedelta

    from durability.hosts import minute

    place.add("a")
    for host, seconds in (("alpha", 1), ("beta", 14), ("gamma", 59)):
        place.tick(0, host=host, now=(minute(0) + timedelta(seconds=seconds)).isoformat())
    assert [run.fire_time for run in place.runs()] == [minute(0)]


def test_a_clock_that_jumps_back_runs_nothing_again(place: Place) -> None:
    place.add("a")
    for number in (0, 1, 2, 3, 1, 2, 3, 0, 3, 4, 5, 4):
        assert place.tick(number).wait() == 0
    assert [run.fire_time.minute for run in place.runs()] == [0, 1, 2, 3, 4, 5]
    assert place.outcomes() == ["succeeded"] * 6


def test_a_clock_that_jumps_ahead_and_back_misses_what_it_skipped_and_nothing_else(place: Place) -> None:
    place.add("a")
    for number in (0, 1, 60, 2, 3, 61, 62):
        assert place.tick(number).wait() == 0
    outcomes = {run.fire_time: run.outcome.value for run in place.runs()}
    assert len(outcomes) == 63
    ran = [(when.hour - 12) * 60 + when.minute for when, outcome in outcomes.items() if outcome == "succeeded"]
    assert sorted(ran) == [0, 1, 60, 61, 62], "2 and 3 had been written down as missed"
