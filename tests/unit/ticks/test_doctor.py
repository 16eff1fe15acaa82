"""The doctor looks at ticks, store, tasks, clocks, log and leases: what is wrong is told with its mend."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from scheduler import caching, clock, defaults, doctor
from scheduler.caching import made
from scheduler.doctor import CHECKS, Finding, Health, Surroundings, configured, examine
from scheduler.errors import InvalidSchedule, StoreUnavailable
from scheduler.listeners.finding_table import as_json, as_text
from scheduler.process import host_name
from scheduler.runs import Outcome, Pause
from scheduler.stores import Claim, Lease, slot_of

from .place import MINUTE, NOON, Place, nothing, process_that_is_gone, task

ELSEWHERE = "another-machine:4711:99"


@dataclass
class Practice(Place):
    """A place with a folder and a list of providers."""

    base_path: str = ""
    builtin: bool = False

    def lists_builtin_provider(self) -> bool:
        return self.builtin

    def store_path(self, path: str) -> str:
        return os.path.join(self.base_path, path)


@pytest.fixture
def place(tmp_path: Path) -> Practice:
    """A place where all is well: one task, and a tick just now."""
    place = Practice(base_path=str(tmp_path))
    place.add(task(nothing))
    place.store.record_tick(host_name(), clock.real_now())
    return place


def examined(place: Practice) -> list[Finding]:
    return examine(Surroundings(place.scheduler, place))


def found(place: Practice, name: str) -> list[Finding]:
    return [finding for finding in examined(place) if finding.name == name]


def the(place: Practice, name: str, health: Health) -> Finding:
    """The one finding of a check that is neither well nor of the rest."""
    (finding,) = [each for each in found(place, name) if each.health is health]
    return finding


def test_where_all_is_well_each_check_says_so(place: Practice) -> None:
    place.settings["store"] = "local"
    findings = examined(place)
    assert [finding.name for finding in findings] == [check.__name__ for check in CHECKS]
    assert {finding.health for finding in findings} == {Health.OK}
    assert not any(finding.mend for finding in findings)


def test_a_check_of_ones_own_is_a_function_in_the_list(place: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    def weather(_: Surroundings) -> Any:
        yield Finding("weather", Health.WARNING, "It rains.", "take an umbrella")

    monkeypatch.setattr(doctor, "CHECKS", (*CHECKS, weather))
    assert the(place, "weather", Health.WARNING).what == "It rains."


# --- the cache -------------------------------------------------------------------------------------------------------


def cache_it(place: Practice) -> None:
    now = clock.real_now()
    cached = made(place.scheduler().find(), caching.Place(place.base_path, place.store_path("x")), now, float("inf"))
    cached.write(place.base_path)


def test_a_fresh_cache_says_how_long_it_lasts(place: Practice) -> None:
    cache_it(place)
    assert the(place, "cache", Health.OK).what.startswith("The schedule is cached until 20")


def test_a_stale_cache_is_worth_a_word(place: Practice, tmp_path: Path) -> None:
    cache_it(place)
    (tmp_path / "new.py").touch()
    finding = the(place, "cache", Health.WARNING)
    assert finding.what == "The schedule's cache is stale (new.py is new)."
    assert finding.mend == "`craft schedule:cache` makes it anew"


def test_why_there_can_be_no_cache(place: Practice) -> None:
    assert the(place, "cache", Health.OK).what == "The schedule is not cached."
    place.settings["store"] = "memory"
    what = the(place, "cache", Health.OK).what
    assert what.startswith("The schedule is not cached, and cannot be: the store is 'memory'")


# --- ticks -----------------------------------------------------------------------------------------------------------


def forget_ticks(place: Practice) -> None:
    place.store.connection.change("DELETE FROM scheduler_ticks")


def ticked(place: Practice, **ago: timedelta) -> None:
    forget_ticks(place)
    for host, length in ago.items():
        place.store.record_tick(host, clock.real_now() - length)


def test_nothing_has_ever_called_it(place: Practice) -> None:
    forget_ticks(place)
    finding = the(place, "ticks", Health.WRONG)
    assert finding.what == "Nothing has ever called the scheduler."
    assert "`craft schedule:install`" in finding.mend


def test_without_tasks_a_tick_leaves_no_trace(place: Practice) -> None:
    forget_ticks(place)
    place.tasks.clear()
    assert the(place, "ticks", Health.UNKNOWN).mend == ""


def test_nothing_calls_it_any_more(place: Practice) -> None:
    ticked(place, web1=3 * 60 * MINUTE)
    finding = the(place, "ticks", Health.WRONG)
    assert finding.what.startswith("The last tick of web1 was 3 hours ago, at ")
    assert finding.mend.startswith("see that cron runs")


def test_one_host_of_several_is_silent(place: Practice) -> None:
    ticked(place, web1=MINUTE / 2, web2=60 * MINUTE, web3=timedelta(days=30))
    assert [(each.health, each.what.split(" was ")[0]) for each in found(place, "ticks")] == [
        (Health.OK, "The last tick of web1"),
        (Health.WARNING, "The last tick of web2"),
    ]


def test_this_host_is_told_from_the_others(place: Practice) -> None:
    ticked(place, web1=MINUTE / 2, **{host_name(): 60 * MINUTE})
    assert "(this host)" in the(place, "ticks", Health.WARNING).what


def test_a_tick_of_a_clock_that_is_ahead_was_just_now(place: Practice) -> None:
    ticked(place, web1=-MINUTE / 2)
    assert the(place, "ticks", Health.OK).what == "The last tick of web1 was just now."


# --- store, leases, clocks --------------------------------------------------------------------------------------------


class Gone:
    """A store that cannot be reached."""

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def refuse(*_: Any, **__: Any) -> Any:
            raise StoreUnavailable("the scheduler's store cannot be used (no answer): check that it runs")

        return refuse


def test_the_store_is_away_and_what_needs_it_was_not_looked_at(place: Practice) -> None:
    place.store = Gone()
    finding = the(place, "store", Health.WRONG)
    assert (finding.what, finding.mend) == (
        "The scheduler's store cannot be used (no answer).",
        "check that it runs",
    )
    unknown = [each.name for each in examined(place) if each.health is Health.UNKNOWN]
    assert unknown == ["ticks", "pauses", "clocks", "leases", "durations"]
    assert the(place, "tasks", Health.OK)


def test_a_store_in_memory_is_worth_a_word(place: Practice) -> None:
    place.settings["store"] = "memory"
    assert "'local' or 'database'" in the(place, "store", Health.WARNING).mend


@pytest.mark.parametrize(("kind", "where"), [("database", "(database)"), ("local", "scheduler.sqlite3)")])
def test_a_store_that_is_well_says_where_it_is(place: Practice, kind: str, where: str) -> None:
    place.settings["store"] = kind
    assert where in the(place, "store", Health.OK).what


def lock(place: Practice, owner: str, left: timedelta, key: str = "Job") -> None:
    lease = Lease(key, f"{owner}#{key}", owner, "web2", 4711, clock.real_now() + left)
    assert place.store.acquire(lease, clock.real_now())


def test_a_lock_of_a_process_that_is_gone(place: Practice) -> None:
    lock(place, process_that_is_gone(), MINUTE)
    finding = the(place, "leases", Health.WARNING)
    assert finding.what == "Job is leased to process 4711 on web2, which is gone."
    assert "`craft schedule:unlock Job`" in finding.mend


def test_a_lock_that_has_lapsed(place: Practice) -> None:
    lock(place, ELSEWHERE, -MINUTE)
    assert "has not been heard of" in the(place, "leases", Health.WARNING).what


def test_a_lock_of_a_task_that_runs_on_every_server_is_called_by_the_tasks_name(place: Practice) -> None:
    place.add(task(nothing, "Each", on_every_server=True))
    lock(place, ELSEWHERE, -MINUTE, f"Each on {host_name()}")
    assert "`craft schedule:unlock Each`" in the(place, "leases", Health.WARNING).mend


@pytest.mark.parametrize(("count", "words"), [(0, "No task is"), (1, "1 task is"), (2, "2 tasks are")])
def test_locks_of_runs_that_live_are_no_fault(place: Practice, count: int, words: str) -> None:
    for number in range(count):
        lock(place, ELSEWHERE, MINUTE, f"Task{number}")
    assert [finding.what for finding in found(place, "leases")] == [f"{words} running now."]


@pytest.mark.parametrize(
    ("ahead", "health", "words"),
    [
        (timedelta(seconds=2), Health.OK, "agree"),
        (timedelta(seconds=12), Health.WARNING, "The clock of the database is 12 seconds ahead of that of "),
        (timedelta(seconds=-12), Health.WARNING, "seconds behind that of "),
        (timedelta(minutes=5), Health.WRONG, "The clock of the database is 300 seconds ahead of that of "),
    ],
)
def test_the_databases_clock(
    place: Practice, monkeypatch: pytest.MonkeyPatch, ahead: timedelta, health: Health, words: str
) -> None:
    surroundings = Surroundings(place.scheduler, place)
    monkeypatch.setattr(place.store, "clock", lambda: surroundings.now + ahead)
    (finding,) = [each for each in examine(surroundings) if each.name == "clocks"]
    assert (finding.health, words in finding.what) == (health, True)


def test_the_clock_of_another_host(place: Practice) -> None:
    ticked(place, web1=-10 * MINUTE)
    assert "The clock of web1 is " in the(place, "clocks", Health.WRONG).what


# --- settings, zones, provider, log ----------------------------------------------------------------------------------


def test_a_setting_without_a_meaning_is_told_and_the_rest_was_not_looked_at(place: Practice) -> None:
    def refuse() -> Any:
        raise InvalidSchedule("config/scheduler", "GRACE", "soon", "is no duration", ("'5 minutes'",))

    findings = examine(Surroundings(refuse, place))
    assert findings[0] == Finding(
        "settings",
        Health.WRONG,
        "config/scheduler.GRACE = 'soon': is no duration (try '5 minutes').",
        "change it in config/scheduler.py; until then nothing runs",
    )
    assert {"store", "ticks", "tasks"} <= {each.name for each in findings if each.health is Health.UNKNOWN}


def test_the_zone_that_is_set(place: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(defaults, "timezone_setting", lambda: "Europe/Riga")
    assert the(place, "timezone", Health.OK).what == (
        "Tasks that name no zone have Europe/Riga (TIMEZONE in config/scheduler.py)."
    )


def test_the_servers_zone(place: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "local_zone", lambda: timezone.utc)
    monkeypatch.setattr(configured, "_server_offset", lambda _: "+0000")
    assert "(the server's; TIMEZONE is not set)" in the(place, "timezone", Health.OK).what
    monkeypatch.setattr(configured, "_server_offset", lambda _: "+0530")
    assert the(place, "timezone", Health.WARNING).what.endswith("but its clock is +0530 ahead of UTC.")


def test_no_data_of_time_zones(place: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configured, "SOME_ZONE", "Nowhere/At_all")
    assert "pip install tzdata" in the(place, "timezone", Health.WRONG).mend


def test_masonites_own_provider_is_harmless(place: Practice) -> None:
    place.builtin = True
    assert "harmless" in the(place, "provider", Health.OK).what


def test_the_log_can_be_written_where_nothing_is_yet_and_where_it_is(place: Practice, tmp_path: Path) -> None:
    assert the(place, "log", Health.OK)
    log = tmp_path / "storage/logs/scheduler.log"
    log.parent.mkdir(parents=True)
    assert the(place, "log", Health.OK)
    log.touch()
    assert the(place, "log", Health.OK)


@pytest.mark.parametrize(
    ("path", "is_folder"), [("storage", False), ("storage/logs", False), ("storage/logs/scheduler.log", True)]
)
def test_something_stands_where_the_log_should(place: Practice, tmp_path: Path, path: str, is_folder: bool) -> None:
    there = tmp_path / path
    there.parent.mkdir(parents=True, exist_ok=True)
    there.mkdir() if is_folder else there.touch()
    finding = the(place, "log", Health.WRONG)
    assert finding.what == f"storage/logs/scheduler.log cannot be written because of {path}."
    assert f"`ls -ld {path}`" in finding.mend


def test_a_log_that_another_user_owns(place: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests may run as root, who may write anywhere."""
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).startswith(str(tmp_path)))
    assert the(place, "log", Health.WRONG).what.endswith(f"because of {tmp_path}.")


# --- tasks -----------------------------------------------------------------------------------------------------------


def test_every_broken_task_has_a_line(place: Practice) -> None:
    place.add(task(nothing, "Typo", run_every="5 minuets"), task(nothing, "Late", run_every=None, run_at="25:00"))
    broken = [each.what for each in found(place, "tasks") if each.health is Health.WRONG]
    assert len(broken) == 2
    assert broken[0].startswith("Typo is broken: Typo.run_every = '5 minuets'")
    assert the(place, "tasks", Health.OK).what == "1 task can be used."


def test_notices_are_worth_a_word(place: Practice) -> None:
    place.add(task(nothing, "A")().named("twin"), task(nothing, "B")().named("twin"))
    finding = the(place, "tasks", Health.WARNING)
    assert "rename all but one" in f"{finding.what} {finding.mend}"


def test_a_task_that_never_runs(place: Practice) -> None:
    place.add(task(nothing, "Never", run_every="1 day", run_between=("1:00", "2:00")))
    assert the(place, "tasks", Health.WARNING).what.startswith("Never never runs: every day at 0:00 between")


def test_no_task_at_all(place: Practice) -> None:
    place.tasks.clear()
    assert "`craft task SayHi`" in the(place, "tasks", Health.WARNING).mend


def test_tasks_only_on_demand_are_counted(place: Practice) -> None:
    place.add(task(nothing, "Asked", run_every=None))
    assert the(place, "tasks", Health.OK).what == "2 tasks can be used, 1 of them only on demand."


def pause(place: Practice, key: str = "", until: datetime | None = None, reason: str = "") -> None:
    place.store.pause(Pause(key, clock.real_now() - MINUTE, until, reason, "ann@web1"))


def test_a_pause_without_an_end_may_have_been_forgotten(place: Practice) -> None:
    pause(place, "Job", reason="the disk is full")
    finding = the(place, "pauses", Health.WARNING)
    assert finding.what.startswith("Job is paused by ann@web1: the disk is full (since ")
    assert finding.mend == "`craft schedule:resume Job` ends it"


def test_a_pause_of_everything(place: Practice) -> None:
    pause(place)
    finding = the(place, "pauses", Health.WARNING)
    assert finding.what.startswith("Everything is paused by ann@web1 (since ")
    assert finding.mend == "`craft schedule:resume` ends it"


def test_a_pause_that_ends_by_itself_and_one_that_has_ended_are_no_fault(place: Practice) -> None:
    pause(place, "Job", until=clock.real_now() + MINUTE)
    assert " until " in the(place, "pauses", Health.OK).what
    place.store.resume("Job", clock.real_now())
    assert the(place, "pauses", Health.OK).what == "No task is paused."


# --- how long they take ----------------------------------------------------------------------------------------------


def took(place: Practice, *minutes: float, key: str = "Job", outcome: Outcome = Outcome.SUCCEEDED) -> None:
    """Runs of a task that took so long."""
    for number, length in enumerate(minutes):
        start = NOON + timedelta(hours=number)
        (run,) = place.store.claim([Claim(key, slot_of(key, start), start)], {}, ELSEWHERE, start)
        place.store.start(run, 1, start)
        place.store.finish(replace(run, outcome=outcome, started_at=start, ended_at=start + length * MINUTE))


def test_a_task_that_takes_longer_than_until_it_is_due_again(place: Practice) -> None:
    place.tasks[:] = [task(nothing, run_every="5 minutes")]
    took(place, 1, 7, 7.5)
    finding = the(place, "durations", Health.WARNING)
    assert finding.what == (
        "Job takes 7 minutes (the median of its last 3 runs) and is due again after 5 minutes: what falls due meanwhile "
        "is skipped."
    )
    assert "overlap = True" in finding.mend


@pytest.mark.parametrize(
    ("attributes", "minutes", "outcome"),
    [
        ({"run_every": "5 minutes"}, (1, 1, 9), Outcome.SUCCEEDED),
        ({"run_every": "5 minutes"}, (9, 9), Outcome.SUCCEEDED),
        ({"run_every": "5 minutes"}, (9, 9, 9), Outcome.CRASHED),
        ({"run_every": "5 minutes", "overlap": True}, (9, 9, 9), Outcome.SUCCEEDED),
        ({"run_every": None}, (9, 9, 9), Outcome.SUCCEEDED),
        ({"run_cron": "0 9 29 2 *", "run_every": None}, (9, 9, 9), Outcome.SUCCEEDED),
    ],
    ids=["once only", "too few", "crashes", "it may overlap", "on demand", "seldom"],
)
def test_tasks_whose_length_is_no_fault(place: Practice, attributes: dict, minutes: tuple, outcome: Outcome) -> None:
    place.tasks[:] = [task(nothing, **attributes)]
    took(place, *minutes, outcome=outcome)
    assert [each.health for each in found(place, "durations")] == [Health.OK]


@pytest.mark.parametrize(
    ("rule", "minutes", "words"),
    [
        ("10 seconds", 0.5, "takes 30 seconds"),
        ("1 hour", 120, "takes 2 hours"),
        ("1 day", 1440 * 2, "takes 2 days"),
    ],
)
def test_lengths_in_words(place: Practice, rule: str, minutes: float, words: str) -> None:
    place.tasks[:] = [task(nothing, run_every=rule)]
    took(place, minutes, minutes, minutes)
    assert words in the(place, "durations", Health.WARNING).what


# --- how it is shown -------------------------------------------------------------------------------------------------

SHOWN = [
    Finding("store", Health.OK, "The store can be used."),
    Finding("ticks", Health.WRONG, "Nothing has ever called the scheduler, though it waits for that since long.", "do"),
    Finding("leases", Health.WARNING, "Leased."),
]


def test_for_people_it_is_a_table_of_80_columns_with_the_mend_below() -> None:
    assert as_text(SHOWN) == [
        "ok       store      The store can be used.",
        "wrong    ticks      Nothing has ever called the scheduler, though it waits for",
        "                    that since long.",
        "                    Mend: do.",
        "warning  leases     Leased.",
        "",
        "1 wrong, 1 warning.",
    ]
    assert as_text(SHOWN[:1])[-1] == "0 wrong, 0 warnings."


def test_for_programs_it_is_a_list() -> None:
    text = as_json(SHOWN[1:2], healthy=False)
    assert '"healthy": false' in text
    assert '"check": "ticks"' in text
