"""The doctor looks at ticks, store, tasks, clocks, log and leases: a problem is reported with its fix."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from waiting import wait_until

from scheduler import clock
from scheduler.cache import building
from scheduler.cache.building import build
from scheduler.config import default_timezone as defaults
from scheduler.diagnosis.doctor import CHECKS, CheckContext, Finding, Health, examine
from scheduler.diagnosis.doctor import executors as check_executors
from scheduler.diagnosis.doctor import setup as doctor_setup
from scheduler.diagnosis.finding_table import as_json, as_text
from scheduler.errors import InvalidSchedule, StoreUnavailable
from scheduler.processes.identity import host_name
from scheduler.runs import Outcome, Pause
from scheduler.stores import Claim, Lease, slot_of

from .fake_app import MINUTE, NOON, FakeApp, nothing, process_that_is_gone, task

ELSEWHERE = "another-machine:4711:99"


@dataclass
class FakeAppForDoctor(FakeApp):
    """A fake app with a folder and a list of providers."""

    base_path: str = ""
    builtin: bool = False

    def environment(self) -> str:
        return "production"

    def missing_gates(self, *abilities: str) -> list[str] | None:
        return None

    def served_folders(self) -> list[str]:
        return [os.path.join(self.base_path, "storage")]

    def lists_builtin_provider(self) -> bool:
        return self.builtin

    def private_folder(self) -> str:
        return os.path.join(self.base_path, ".scheduler")

    def store_path(self) -> str:
        return os.path.join(self.private_folder(), "scheduler.sqlite3")


@pytest.fixture
def app(tmp_path: Path) -> FakeAppForDoctor:
    """A fake app without problems: one task, and a tick just now."""
    app = FakeAppForDoctor(base_path=str(tmp_path))
    app.add(task(nothing))
    app.store.record_tick(host_name(), clock.real_now())
    return app


def examined(app: FakeAppForDoctor) -> list[Finding]:
    return examine(CheckContext(app.scheduler, app))


def found(app: FakeAppForDoctor, name: str) -> list[Finding]:
    return [finding for finding in examined(app) if finding.name == name]


def the(app: FakeAppForDoctor, name: str, health: Health) -> Finding:
    """Return the one finding of a check with this health."""
    (finding,) = [each for each in found(app, name) if each.health is health]
    return finding


def test_each_check_of_doctor_says_if_all_is_well(app: FakeAppForDoctor) -> None:
    app.settings["store"] = "local"
    findings = examined(app)
    assert [finding.name for finding in findings] == [check.__name__ for check in CHECKS if check.__name__ != "dashboard"]
    assert {finding.health for finding in findings} == {Health.OK}
    assert not any(finding.hint for finding in findings)


def test_a_check_is_a_function_that_yields_findings(app: FakeAppForDoctor) -> None:
    def weather(_: CheckContext) -> Any:
        yield Finding("weather", Health.WARNING, "It rains.", "take an umbrella")

    (finding,) = examine(CheckContext(app.scheduler, app), [weather])
    assert finding.message == "It rains."


# --- the cache -------------------------------------------------------------------------------------------------------


def cache_it(app: FakeAppForDoctor) -> None:
    now = clock.real_now()
    cached = build(app.scheduler().find(), building.AppPaths(app.base_path, app.store_path()), now, float("inf"))
    cached.write(app.base_path)


def test_a_fresh_cache_says_how_long_it_lasts(app: FakeAppForDoctor) -> None:
    cache_it(app)
    assert the(app, "cache", Health.OK).message.startswith("The schedule is cached until 20")


def test_a_stale_cache_is_a_warning(app: FakeAppForDoctor, tmp_path: Path) -> None:
    cache_it(app)
    (tmp_path / "new.py").touch()
    finding = the(app, "cache", Health.WARNING)
    assert finding.message == "The schedule's cache is stale (new.py is new)."
    assert finding.hint == "run craft schedule:cache again"


def test_doctor_says_why_the_schedule_cannot_be_cached(app: FakeAppForDoctor) -> None:
    assert the(app, "cache", Health.OK).message == "The schedule is not cached."
    app.settings["store"] = "memory"
    what = the(app, "cache", Health.OK).message
    assert what.startswith("The schedule is not cached. It cannot be cached: the store is 'memory'")


# --- ticks -----------------------------------------------------------------------------------------------------------


def forget_ticks(app: FakeAppForDoctor) -> None:
    app.store.connection.change("DELETE FROM scheduler_ticks")


def ticked(app: FakeAppForDoctor, **ago: timedelta) -> None:
    forget_ticks(app)
    for host, length in ago.items():
        app.store.record_tick(host, clock.real_now() - length)


def test_a_scheduler_that_has_never_run_is_wrong(app: FakeAppForDoctor) -> None:
    forget_ticks(app)
    finding = the(app, "ticks", Health.WRONG)
    assert finding.message == "The scheduler has never run."
    assert "craft schedule:install" in finding.hint


def test_a_tick_of_an_app_without_tasks_leaves_no_trace(app: FakeAppForDoctor) -> None:
    forget_ticks(app)
    app.tasks.clear()
    assert the(app, "ticks", Health.UNKNOWN).hint == ""


def test_ticks_that_have_stopped_are_wrong(app: FakeAppForDoctor) -> None:
    ticked(app, web1=3 * 60 * MINUTE)
    finding = the(app, "ticks", Health.WRONG)
    assert finding.message.startswith("The last tick of web1 was 3 hours ago, at ")
    assert finding.hint.startswith("check that cron runs")


def test_a_host_that_stopped_ticking_is_named(app: FakeAppForDoctor) -> None:
    ticked(app, web1=MINUTE / 2, web2=60 * MINUTE, web3=timedelta(days=30))
    assert [(each.health, each.message.split(" was ")[0]) for each in found(app, "ticks")] == [
        (Health.OK, "The last tick of web1"),
        (Health.WARNING, "The last tick of web2"),
    ]


def test_doctor_marks_this_host_among_others(app: FakeAppForDoctor) -> None:
    ticked(app, web1=MINUTE / 2, **{host_name(): 60 * MINUTE})
    assert "(this host)" in the(app, "ticks", Health.WARNING).message


def test_a_tick_of_a_clock_that_is_ahead_was_just_now(app: FakeAppForDoctor) -> None:
    ticked(app, web1=-MINUTE / 2)
    assert the(app, "ticks", Health.OK).message == "The last tick of web1 was just now."


# --- store, leases, clocks --------------------------------------------------------------------------------------------


class Gone:
    """A store that cannot be reached."""

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def refuse(*_: Any, **__: Any) -> Any:
            raise StoreUnavailable("the scheduler's store cannot be used (no answer): check that it runs")

        return refuse


def test_the_store_is_away_and_what_needs_it_was_not_looked_at(app: FakeAppForDoctor) -> None:
    app.store = Gone()
    finding = the(app, "store", Health.WRONG)
    assert (finding.message, finding.hint) == (
        "The scheduler's store cannot be used (no answer).",
        "check that it runs",
    )
    unknown = [each.name for each in examined(app) if each.health is Health.UNKNOWN]
    assert unknown == ["ticks", "outcomes", "pauses", "clocks", "leases", "durations"]
    assert the(app, "tasks", Health.OK)


def test_a_store_in_memory_is_a_warning(app: FakeAppForDoctor) -> None:
    app.settings["store"] = "memory"
    assert "'local' or 'database'" in the(app, "store", Health.WARNING).hint


@pytest.mark.parametrize(("kind", "where"), [("database", "(database)"), ("local", "scheduler.sqlite3)")])
def test_the_finding_on_the_store_names_its_place(app: FakeAppForDoctor, kind: str, where: str) -> None:
    app.settings["store"] = kind
    assert where in the(app, "store", Health.OK).message


def lock(app: FakeAppForDoctor, owner: str, left: timedelta, key: str = "Job") -> None:
    lease = Lease(key, f"{owner}#{key}", owner, "web2", 4711, clock.real_now() + left)
    assert app.store.acquire(lease, clock.real_now())


def test_a_lease_of_a_dead_process_is_a_warning(app: FakeAppForDoctor) -> None:
    lock(app, process_that_is_gone(), MINUTE)
    finding = the(app, "leases", Health.WARNING)
    assert finding.message == "Job is leased to process 4711 on web2, which is gone."
    assert "craft schedule:unlock Job removes" in finding.hint


def test_an_expired_lease_is_a_warning(app: FakeAppForDoctor) -> None:
    lock(app, ELSEWHERE, -MINUTE)
    assert "has not renewed it in time" in the(app, "leases", Health.WARNING).message


def test_a_lease_of_one_server_is_shown_under_the_task_s_name(app: FakeAppForDoctor) -> None:
    app.add(task(nothing, "Each", on_every_server=True))
    lock(app, ELSEWHERE, -MINUTE, f"Each on {host_name()}")
    assert "craft schedule:unlock Each removes" in the(app, "leases", Health.WARNING).hint


@pytest.mark.parametrize(("count", "words"), [(0, "No task is running."), (1, "Running: 1 task."), (2, "Running: 2 tasks.")])
def test_leases_of_live_runs_are_fine(app: FakeAppForDoctor, count: int, words: str) -> None:
    for number in range(count):
        lock(app, ELSEWHERE, MINUTE, f"Task{number}")
    assert [finding.message for finding in found(app, "leases")] == [words]


@pytest.mark.parametrize(
    ("ahead", "health", "words"),
    [
        (timedelta(seconds=2), Health.OK, "agree"),
        (timedelta(seconds=12), Health.WARNING, "The clock of the database is 12 seconds ahead of that of "),
        (timedelta(seconds=-12), Health.WARNING, "seconds behind that of "),
        (timedelta(minutes=5), Health.WRONG, "The clock of the database is 300 seconds ahead of that of "),
    ],
)
def test_a_database_whose_clock_differs_is_reported(
    app: FakeAppForDoctor, monkeypatch: pytest.MonkeyPatch, ahead: timedelta, health: Health, words: str
) -> None:
    context = CheckContext(app.scheduler, app)
    monkeypatch.setattr(app.store, "clock", lambda: context.now + ahead)
    (finding,) = [each for each in examine(context) if each.name == "clocks"]
    assert (finding.health, words in finding.message) == (health, True)


def test_a_host_whose_clock_differs_is_named(app: FakeAppForDoctor) -> None:
    ticked(app, web1=-10 * MINUTE)
    assert "The clock of web1 is " in the(app, "clocks", Health.WRONG).message


# --- settings, zones, provider, log ----------------------------------------------------------------------------------


def test_an_invalid_setting_is_reported_and_other_checks_are_skipped(app: FakeAppForDoctor) -> None:
    def refuse() -> Any:
        raise InvalidSchedule("config/scheduler", "GRACE", "soon", "is no duration", ("'5 minutes'",))

    findings = examine(CheckContext(refuse, app))
    assert findings[0] == Finding(
        "settings",
        Health.WRONG,
        "config/scheduler.GRACE = 'soon': is no duration (try '5 minutes').",
        "change it in config/scheduler.py; until then no task runs",
    )
    assert {"store", "ticks", "tasks"} <= {each.name for each in findings if each.health is Health.UNKNOWN}


def test_the_default_zone_is_that_of_the_settings(app: FakeAppForDoctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(defaults, "timezone_setting", lambda: "Europe/Riga")
    assert the(app, "timezone", Health.OK).message == (
        "The default time zone of tasks is Europe/Riga (TIMEZONE in config/scheduler.py)."
    )


def test_the_servers_zone_is_the_default_without_a_setting(app: FakeAppForDoctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "local_zone", lambda: timezone.utc)
    monkeypatch.setattr(doctor_setup, "_server_offset", lambda _: "+0000")
    assert "(the server's, since TIMEZONE is not set)" in the(app, "timezone", Health.OK).message
    monkeypatch.setattr(doctor_setup, "_server_offset", lambda _: "+0530")
    assert the(app, "timezone", Health.WARNING).message.endswith("but its clock is +0530 ahead of UTC.")


def test_no_data_of_time_zones(app: FakeAppForDoctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_setup, "SOME_ZONE", "Nowhere/At_all")
    assert "pip install tzdata" in the(app, "timezone", Health.WRONG).hint


def test_masonites_own_provider_is_harmless(app: FakeAppForDoctor) -> None:
    app.builtin = True
    assert "harmless" in the(app, "provider", Health.OK).message


def test_a_folder_that_others_can_look_into_is_a_warning(app: FakeAppForDoctor, tmp_path: Path) -> None:
    (tmp_path / ".scheduler").mkdir()
    (tmp_path / ".scheduler").chmod(0o755)
    found = the(app, "log", Health.WARNING)
    assert found.message == "Other users can look into .scheduler, where the output of tasks is logged."
    assert found.hint.startswith("run chmod 700 .scheduler")


def test_the_log_can_be_written_where_nothing_is_yet_and_where_it_is(app: FakeAppForDoctor, tmp_path: Path) -> None:
    assert the(app, "log", Health.OK)
    log = tmp_path / ".scheduler/scheduler.log"
    log.parent.mkdir(mode=0o700, parents=True)
    assert the(app, "log", Health.OK)
    log.touch()
    assert the(app, "log", Health.OK)


@pytest.mark.parametrize(
    ("path", "is_folder"), [(".scheduler", False), (".scheduler/scheduler.log", True)]
)
def test_a_log_that_is_not_a_file_is_wrong(app: FakeAppForDoctor, tmp_path: Path, path: str, is_folder: bool) -> None:
    there = tmp_path / path
    there.parent.mkdir(parents=True, exist_ok=True)
    there.mkdir() if is_folder else there.touch()
    finding = the(app, "log", Health.WRONG)
    assert finding.message == f".scheduler/scheduler.log is not writable because of {path}."
    assert f"ls -ld {path} shows" in finding.hint


def test_a_log_that_another_user_owns(app: FakeAppForDoctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests may run as root, which may write anywhere."""
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).startswith(str(tmp_path)))
    assert the(app, "log", Health.WRONG).message.endswith(f"because of {tmp_path}.")


# --- tasks -----------------------------------------------------------------------------------------------------------


def test_every_broken_task_has_a_line(app: FakeAppForDoctor) -> None:
    app.add(task(nothing, "Typo", run_every="5 minuets"), task(nothing, "Late", run_every=None, run_at="25:00"))
    broken = [each.message for each in found(app, "tasks") if each.health is Health.WRONG]
    assert len(broken) == 2
    assert broken[0].startswith("Typo is broken: Typo.run_every = '5 minuets'")
    assert the(app, "tasks", Health.OK).message == "1 task can be used."


def test_each_notice_is_a_warning(app: FakeAppForDoctor) -> None:
    app.add(task(nothing, "A")().named("twin"), task(nothing, "B")().named("twin"))
    finding = the(app, "tasks", Health.WARNING)
    assert "rename all but one" in f"{finding.message} {finding.hint}"


def test_a_task_whose_rule_never_fires_is_a_warning(app: FakeAppForDoctor) -> None:
    app.add(task(nothing, "Never", run_every="1 day", run_between=("1:00", "2:00")))
    assert the(app, "tasks", Health.WARNING).message.startswith("Never never runs: every day at 0:00 between")


@pytest.mark.parametrize(
    "dates",
    [
        {"run_every": None, "run_once": "2020-01-01 08:00"},
        {"run_every": None, "run_at": "8:00", "run_from": "2020-01-01", "run_until": "2020-01-01"},
    ],
)
def test_a_task_whose_last_date_is_over(app: FakeAppForDoctor, dates: dict[str, Any]) -> None:
    app.tasks[:] = [task(nothing, **dates)]
    finding = the(app, "tasks", Health.WARNING)
    assert finding.message == "Job does not run again: its last fire time was 2020-01-01 08:00, and no run of it is recorded."
    assert finding.hint == "change its dates, or remove the task"


def test_a_task_that_ran_until_its_last_date_is_well(app: FakeAppForDoctor) -> None:
    app.tasks[:] = [task(nothing, run_every=None, run_once="2020-01-01 08:00")]
    took(app, 1)
    messages = [finding.message for finding in found(app, "tasks") if finding.health is Health.OK]
    assert messages == ["Job does not run again: its last fire time was 2020-01-01 08:00.", "1 task can be used."]


def test_an_app_without_tasks_is_a_warning(app: FakeAppForDoctor) -> None:
    app.tasks.clear()
    assert "craft task SayHi" in the(app, "tasks", Health.WARNING).hint


def test_tasks_only_on_demand_are_counted(app: FakeAppForDoctor) -> None:
    app.add(task(nothing, "Asked", run_every=None))
    assert the(app, "tasks", Health.OK).message == "2 tasks can be used, 1 of them only on demand."


def pause(app: FakeAppForDoctor, key: str = "", until: datetime | None = None, reason: str = "") -> None:
    app.store.pause(Pause(key, clock.real_now() - MINUTE, until, reason, "ann@web1"))


def test_a_pause_without_an_end_may_have_been_forgotten(app: FakeAppForDoctor) -> None:
    pause(app, "Job", reason="the disk is full")
    finding = the(app, "pauses", Health.WARNING)
    assert finding.message.startswith("Job is paused by ann@web1: the disk is full (since ")
    assert finding.hint == "run craft schedule:resume Job to end the pause"


def test_a_pause_of_all_tasks_is_a_warning(app: FakeAppForDoctor) -> None:
    pause(app)
    finding = the(app, "pauses", Health.WARNING)
    assert finding.message.startswith("All tasks are paused by ann@web1 (since ")
    assert finding.hint == "run craft schedule:resume to end the pause"


def test_a_pause_that_ends_by_itself_and_one_that_has_ended_are_no_fault(app: FakeAppForDoctor) -> None:
    pause(app, "Job", until=clock.real_now() + MINUTE)
    assert " until " in the(app, "pauses", Health.OK).message
    app.store.resume("Job", clock.real_now())
    assert the(app, "pauses", Health.OK).message == "No task is paused."


# --- how long they take ----------------------------------------------------------------------------------------------


def took(app: FakeAppForDoctor, *minutes: float, key: str = "Job", outcome: Outcome = Outcome.SUCCEEDED) -> None:
    """Runs of a task that took so long."""
    for number, length in enumerate(minutes):
        start = NOON + timedelta(hours=number)
        (run,) = app.store.claim([Claim(key, slot_of(key, start), start)], {}, ELSEWHERE, start)
        app.store.start(run, 1, start)
        app.store.finish(replace(run, outcome=outcome, started_at=start, ended_at=start + length * MINUTE))


def test_a_task_that_keeps_failing_is_a_warning(app: FakeAppForDoctor) -> None:
    app.tasks[:] = [task(nothing, run_every="5 minutes")]
    took(app, 1, 1, key="Other", outcome=Outcome.FAILED)
    assert the(app, "outcomes", Health.OK)
    took(app, 1, 1, 1, outcome=Outcome.FAILED)
    assert the(app, "outcomes", Health.WARNING).message.startswith("Job keeps failing, 3 times in a row")


def test_a_task_that_failed_and_recovered_is_well(app: FakeAppForDoctor) -> None:
    app.tasks[:] = [task(nothing, run_every="5 minutes")]
    took(app, 1, 1, 1, 1, outcome=Outcome.FAILED)
    (run,) = app.store.claim([Claim("Job", "later", NOON + timedelta(days=1))], {}, ELSEWHERE, NOON + timedelta(days=1))
    app.store.finish(replace(run, outcome=Outcome.SUCCEEDED, ended_at=NOON + timedelta(days=1)))
    assert the(app, "outcomes", Health.OK)


def test_a_task_that_is_always_skipped_never_runs(app: FakeAppForDoctor) -> None:
    app.tasks[:] = [task(nothing, run_every="5 minutes")]
    took(app, 0, 0, 0, outcome=Outcome.SKIPPED)
    assert the(app, "outcomes", Health.WARNING).message.startswith("Job never runs: its last 3 fire times were skipped or missed")


def test_a_tick_that_only_a_person_typed_does_not_count(app: FakeAppForDoctor) -> None:
    app.tasks[:] = [task(nothing, run_every="1 minute")]
    app.store.connection.change("DELETE FROM scheduler_ticks")
    scheduler = app.scheduler()
    scheduler.is_typed = True
    scheduler.tick(NOON, app.listener)
    finding = the(app, "ticks", Health.WRONG)
    assert finding.message.startswith("Nothing runs the scheduler by itself: all ticks were started by hand")
    assert "craft schedule:install" in finding.hint
    app.scheduler().tick(NOON + MINUTE, app.listener)
    assert [finding.health for finding in found(app, "ticks")] == [Health.OK]


def test_a_forced_run_is_no_proof_that_anything_runs_the_scheduler(app: FakeAppForDoctor) -> None:
    app.tasks[:] = [task(nothing, run_every="1 minute")]
    app.store.connection.change("DELETE FROM scheduler_ticks")
    app.scheduler().tick(NOON, app.listener, ["Job"], force=True)
    assert the(app, "ticks", Health.WRONG).message.startswith("Nothing runs the scheduler by itself")


def test_maintenance_is_a_warning(app: FakeAppForDoctor) -> None:
    assert the(app, "maintenance", Health.OK)
    app.down = True
    assert "craft up" in the(app, "maintenance", Health.WARNING).hint


def test_a_task_that_takes_longer_than_until_it_is_due_again(app: FakeAppForDoctor) -> None:
    app.tasks[:] = [task(nothing, run_every="5 minutes")]
    took(app, 1, 7, 7.5)
    finding = the(app, "durations", Health.WARNING)
    assert finding.message == (
        "Job takes 7 min (the median of its last 3 runs) and is due again after 5 min: fire times in between "
        "are skipped."
    )
    assert "overlap = True" in finding.hint


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
def test_tasks_shorter_than_their_interval_are_fine(app: FakeAppForDoctor, attributes: dict, minutes: tuple, outcome: Outcome) -> None:
    app.tasks[:] = [task(nothing, **attributes)]
    took(app, *minutes, outcome=outcome)
    assert [each.health for each in found(app, "durations")] == [Health.OK]


@pytest.mark.parametrize(
    ("rule", "minutes", "words"),
    [
        ("10 seconds", 0.5, "takes 30.0 s"),
        ("1 hour", 120, "takes 2 h ("),
        ("1 day", 1440 * 2, "takes 2 d ("),
    ],
)
def test_the_warning_of_long_runs_names_both_durations(app: FakeAppForDoctor, rule: str, minutes: float, words: str) -> None:
    app.tasks[:] = [task(nothing, run_every=rule)]
    took(app, minutes, minutes, minutes)
    assert words in the(app, "durations", Health.WARNING).message


# --- how it is shown -------------------------------------------------------------------------------------------------

SHOWN = [
    Finding("store", Health.OK, "The store can be used."),
    Finding("ticks", Health.WRONG, "Nothing has ever called the scheduler, though it waits for that since long.", "do"),
    Finding("leases", Health.WARNING, "Leased."),
]


def test_findings_are_a_table_of_80_columns_with_the_fix_below() -> None:
    assert as_text(SHOWN) == [
        "ok       store   The store can be used.",
        "wrong    ticks   Nothing has ever called the scheduler, though it waits for that",
        "                 since long.",
        "                 Fix: do.",
        "warning  leases  Leased.",
        "",
        "1 wrong, 1 warning.",
    ]
    assert as_text(SHOWN[:1])[-1] == "0 wrong, 0 warnings."


def test_the_json_of_findings_is_a_list() -> None:
    text = as_json(SHOWN[1:2], healthy=False)
    assert '"healthy": false' in text
    assert '"check": "ticks"' in text


# --- executors -------------------------------------------------------------------------------------------------------


def test_an_engine_that_never_answers_is_reported() -> None:
    is_over, threads = threading.Event(), threading.active_count()
    silent = SimpleNamespace(prepare=lambda: None, listening=is_over.wait)
    known = SimpleNamespace(problem=lambda name: "", named=lambda name: silent)
    context = SimpleNamespace(settings=SimpleNamespace(executors=["reports"]), app=SimpleNamespace(executors=known))
    (finding,) = check_executors(context, seconds=0.01)
    is_over.set()
    wait_until(lambda: threading.active_count() <= threads, "the end of the check's thread")  # later tests fork
    assert finding.health is Health.WRONG
    assert finding.message == "The executor 'reports' cannot be used: its engine gave no answer within 0.01 seconds."
