"""With a cache, exactly the same runs happen in the same minutes as without one."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rules.strategies import Somewhere, any_rule, somewhere
from rules.zones import UTC
from side_by_side import CachedSide, Side

from scheduler.cache.idle import is_idle
from scheduler.cache.ScheduleCache import PATH, STALE
from scheduler.runs import Outcome
from scheduler.stores import Claim, local_store

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 3, 3, 12, 0, 20, tzinfo=UTC)

# --- the property ----------------------------------------------------------------------------------------------------

often = st.sampled_from(({"run_every": "7 minutes"}, {"run_cron": "*/13 * * * *"}, {"run_every": "1 hour"}))
rules = st.one_of(often, any_rule.map(lambda said: said.declared), st.just({"run_every": "1 year"}))
policies = st.fixed_dictionaries(
    {},
    optional={
        "catch_up": st.sampled_from(("latest", "all")),
        "catch_up_limit": st.just(3),
        "grace": st.sampled_from(("0 seconds", "20 minutes")),
        "retries": st.integers(1, 2),
        "retry_delay": st.sampled_from(("30 seconds", "3 minutes")),
        "jitter": st.just("90 seconds"),
        "overlap": st.just(True),
        "on_every_server": st.just(True),
    },
)
declared = st.dictionaries(
    st.sampled_from(("One", "Two", "Three")), st.builds(lambda rule, options: {**rule, **options}, rules, policies), min_size=1
)
steps = st.one_of(
    st.tuples(st.just("ticks"), st.integers(1, 12)),
    st.tuples(st.just("ticks"), st.integers(1, 12)),
    st.tuples(st.just("again"), st.integers(0, 35)),
    st.tuples(st.just("lost"), st.integers(1, 200)),
    st.tuples(st.just("back"), st.integers(1, 100)),
    st.tuples(st.just("slept"), st.sampled_from((1500, 29 * 1440, 60 * 1440))),
    st.tuples(st.just("pause"), st.integers(1, 60)),
    st.tuples(st.just("edit"), declared),
    st.tuples(st.just("cache"), st.none()),
    st.tuples(st.just("edit and cache"), declared),
    st.tuples(st.just("edit and cache"), declared),
    st.tuples(st.just("damage"), st.none()),
)
ended_early: Counter[bool] = Counter()


def exactly_the_same_runs(tasks, place: Somewhere, what_happens, seed: int) -> None:
    tasks = {key: {"timezone": place.zone_name, **attributes} for key, attributes in tasks.items()}
    with tempfile.TemporaryDirectory() as folder:
        plain, cached = Side(Path(folder, "plain"), seed), CachedSide(Path(folder, "cached"), seed)
        now = (place.start + timedelta(hours=36)).replace(second=7, microsecond=0)
        for side in (plain, cached):
            side.edit(tasks)
            side.tick(now)
        cached.cache(now)
        for what, value in what_happens:
            for at in happen(what, value, plain, cached, now):
                now = at
                for side in (plain, cached):
                    side.tick(at)
                assert cached.started == plain.started
        assert cached.state() == plain.state()
        ended_early[True] += cached.ended_early
        ended_early[False] += plain.booted


def tried(times: int) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Set how many examples are tried."""
    cases = given(declared, somewhere, st.lists(steps, min_size=4, max_size=12), st.integers(0, 1000))
    slow_is_fine = list(HealthCheck)
    how = settings(
        max_examples=times, deadline=None, derandomize=True, database=None, suppress_health_check=slow_is_fine
    )
    return lambda check: how(cases(check))


@tried(8)
def test_a_cache_changes_nothing_about_what_runs(tasks, place, what_happens, seed) -> None:
    exactly_the_same_runs(tasks, place, what_happens, seed)


@pytest.mark.once
@tried(100)
def test_a_cache_changes_nothing_about_what_runs_at_length(tasks, place, what_happens, seed) -> None:
    exactly_the_same_runs(tasks, place, what_happens, seed)


def happen(what, value, plain: Side, cached: CachedSide, now: datetime) -> list[datetime]:
    """Apply the event, and return the times of the ticks after it."""
    if "edit" in what:
        for side in (plain, cached):
            side.edit({key: {"timezone": "America/New_York", **attributes} for key, attributes in value.items()})
    if what == "pause":
        for side in (plain, cached):
            side.pause(now, value)
    if "cache" in what:
        cached.cache(now)
    if what == "damage" and (cached.folder / PATH).exists():
        content = (cached.folder / PATH).read_bytes()
        (cached.folder / PATH).write_bytes(content[: len(content) // 2])
    moved = {"lost": value, "slept": value, "back": -value if what == "back" else 0}.get(what, 1)
    if what == "ticks":
        return [now + minute * MINUTE for minute in range(1, value + 1)]
    if what == "again":
        return [now + timedelta(seconds=value)]
    return [now + moved * MINUTE, now + (moved + 1) * MINUTE]


def test_the_property_of_cached_ticks_covers_many_idle_ones() -> None:
    """This shows that the property above proves something."""
    assert ended_early[True] > ended_early[False] / 6


# --- what is looked at, one by one -----------------------------------------------------------------------------------


@pytest.fixture
def app(tmp_path: Path) -> CachedSide:
    """An app whose two tasks are due at 13:00 and at 14:00, with a cache that was made at noon, after the first tick."""
    app = CachedSide(tmp_path, seed=1)
    app.edit({"One": {"run_at": "13:00"}, "Two": {"run_at": "14:00"}})
    app.tick(NOON)
    app.cache(NOON)
    return app


def is_idle_at(app: CachedSide, now: datetime) -> bool:
    return is_idle(str(app.folder), now.timestamp())


def execute(app: CachedSide, sql: str, *values: object) -> None:
    database = sqlite3.connect(app.store_path)
    with database:
        database.execute(sql, values)
    database.close()


def test_a_tick_with_nothing_due_is_idle_and_recorded(app: CachedSide) -> None:
    assert is_idle_at(app, NOON + 10 * MINUTE)
    store = local_store(app.store_path)
    assert set(store.cursors().values()) == {datetime(2026, 3, 3, 12, 11, tzinfo=UTC)}
    assert list(store.ticks().values()) == [NOON + 10 * MINUTE]


def test_two_idle_ticks_in_a_minute_are_allowed(app: CachedSide) -> None:
    assert is_idle_at(app, NOON)
    assert is_idle_at(app, NOON + timedelta(seconds=20))


@pytest.mark.parametrize("late", [0, 1, 50])
def test_due_and_missed_minutes_boot_the_app(app: CachedSide, late: int) -> None:
    assert not is_idle_at(app, datetime(2026, 3, 3, 13, 0, tzinfo=UTC) + late * MINUTE)


def test_each_day_the_app_boots_once_to_clean_up(app: CachedSide) -> None:
    """It deletes old history, and builds the cache again once half of its time is over."""
    execute(app, "UPDATE scheduler_cursors SET judged_until = '2026-03-04 11:59:00.000000'")
    assert is_idle_at(app, NOON + timedelta(hours=23, minutes=59))
    assert not is_idle_at(app, NOON + timedelta(hours=24))


def test_a_lost_tick_of_that_minute_is_made_up_for(app: CachedSide) -> None:
    execute(app, "UPDATE scheduler_cursors SET judged_until = '2026-03-04 11:59:00.000000'")
    assert not is_idle_at(app, NOON + timedelta(hours=24, minutes=5))


def test_a_tick_after_the_end_of_the_cache_boots_the_app(app: CachedSide) -> None:
    execute(app, "UPDATE scheduler_cursors SET judged_until = '2026-04-28 12:00:00.000000'")
    assert not is_idle_at(app, NOON + timedelta(days=56))


def test_a_tick_with_an_open_run_boots_the_app(app: CachedSide) -> None:
    """It may be pending, running or waiting for a retry: it may have crashed, or be due."""
    store = local_store(app.store_path)
    store.claim([Claim("One", "One@x", NOON, start_after=NOON + timedelta(hours=2))], {}, "somebody", NOON)
    assert not is_idle_at(app, NOON + MINUTE)
    store.finish(replace(store.open_runs()[0], outcome=Outcome.SUCCEEDED, ended_at=NOON))
    assert is_idle_at(app, NOON + MINUTE)


def test_a_tick_with_a_new_task_boots_the_app(app: CachedSide) -> None:
    execute(app, "DELETE FROM scheduler_cursors WHERE task = 'Two'")
    assert not is_idle_at(app, NOON + MINUTE)


def test_cursors_of_tasks_that_are_gone_stay_where_they_are(app: CachedSide) -> None:
    execute(app, "INSERT INTO scheduler_cursors VALUES ('Gone', '2025-01-01 00:00:00.000000')")
    assert is_idle_at(app, NOON + MINUTE)
    assert local_store(app.store_path).cursors()["Gone"] == datetime(2025, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("back", [timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)])
def test_a_tick_after_the_clock_went_back_boots_the_app(app: CachedSide, back: timedelta) -> None:
    assert is_idle_at(app, NOON + MINUTE)
    assert not is_idle_at(app, NOON + MINUTE - back)


def test_a_tick_with_a_cursor_in_the_future_boots_the_app(app: CachedSide) -> None:
    execute(app, "UPDATE scheduler_cursors SET judged_until = '2026-03-03 12:30:00.000000' WHERE task = 'One'")
    assert not is_idle_at(app, NOON + MINUTE)


def test_a_tick_with_a_store_of_another_version_boots_the_app(app: CachedSide) -> None:
    execute(app, "PRAGMA user_version = 99")
    assert not is_idle_at(app, NOON + MINUTE)


def test_a_tick_without_its_store_boots_the_app_and_creates_none(app: CachedSide) -> None:
    for file in Path(app.store_path).parent.glob("scheduler.sqlite3*"):
        file.unlink()
    assert not is_idle_at(app, NOON + MINUTE)
    assert not Path(app.store_path).exists()


def test_a_tick_with_a_locked_store_boots_the_app(app: CachedSide) -> None:
    other = sqlite3.connect(app.store_path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert not is_idle(str(app.folder), (NOON + MINUTE).timestamp(), busy_seconds=0)
    other.execute("ROLLBACK")
    other.close()
    assert is_idle_at(app, NOON + MINUTE)


def test_a_store_whose_path_has_every_kind_of_character(tmp_path: Path) -> None:
    app = CachedSide(tmp_path / "what? 100% #1 ü", seed=1)
    app.edit({"One": {"run_at": "13:00"}})
    app.tick(NOON)
    app.cache(NOON)
    assert is_idle_at(app, NOON + MINUTE)


def test_an_idle_tick_of_more_tasks_than_a_statement_takes(tmp_path: Path) -> None:
    app = CachedSide(tmp_path, seed=1)
    app.edit({f"Task{number}": {"run_at": "13:00"} for number in range(1100)})
    app.tick(NOON)
    app.cache(NOON)
    assert is_idle_at(app, NOON + 5 * MINUTE)
    assert set(local_store(app.store_path).cursors().values()) == {datetime(2026, 3, 3, 12, 6, tzinfo=UTC)}


def test_an_app_with_tasks_on_demand_only_is_always_idle(tmp_path: Path) -> None:
    app = CachedSide(tmp_path, seed=1)
    app.edit({"One": {}})
    app.tick(NOON)
    app.cache(NOON)
    assert is_idle_at(app, NOON + MINUTE)


def test_the_first_tick_of_a_host_is_recorded(app: CachedSide) -> None:
    execute(app, "DELETE FROM scheduler_ticks")
    assert is_idle_at(app, NOON + MINUTE)
    assert list(local_store(app.store_path).ticks().values()) == [NOON + MINUTE]


class Cut(BaseException):
    """The process ends here."""


def test_an_idle_tick_is_recorded_wholly_or_not_at_all(app: CachedSide, monkeypatch: pytest.MonkeyPatch) -> None:
    left = 0

    class Cutting(sqlite3.Connection):
        def execute(self, *arguments):
            nonlocal left
            left -= 1
            if left < 0:
                raise Cut
            return super().execute(*arguments)

    connect = sqlite3.connect
    before = app.state()
    for statements in range(50):
        left = statements
        with monkeypatch.context() as patched:
            patched.setattr(sqlite3, "connect", lambda *args, **more: connect(*args, **more, factory=Cutting))
            try:
                assert is_idle_at(app, NOON + MINUTE)
            except Cut:
                patched.undo()
                assert app.state() == before
            else:
                break
    assert 8 < statements < 49
    assert app.state() != before


# --- a cache that may not be believed --------------------------------------------------------------------------------


def test_a_tick_without_a_cache_boots_the_app_silently(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not is_idle(str(tmp_path), NOON.timestamp())
    assert capsys.readouterr() == ("", "")


def test_a_stale_cache_is_not_used_and_reported_once(app: CachedSide, capsys: pytest.CaptureFixture[str]) -> None:
    app.edit({"One": {"run_at": "12:01"}})
    assert not is_idle_at(app, NOON + MINUTE)
    said = capsys.readouterr().err
    assert said == (
        "craft: the schedule's cache is stale and was not used (app/tasks/Tasks.py has changed): "
        "run `craft schedule:cache` again\n"
    )
    assert not is_idle_at(app, NOON + 2 * MINUTE)
    assert capsys.readouterr().err == ""
    assert not (app.folder / PATH).exists()


def test_a_damaged_cache_is_marked_stale_and_reported(app: CachedSide, capsys: pytest.CaptureFixture[str]) -> None:
    (app.folder / PATH).write_bytes(b"nonsense")
    assert not is_idle_at(app, NOON + MINUTE)
    assert "it is damaged" in capsys.readouterr().err
    assert (app.folder / STALE).read_text() == "it is damaged"


def test_a_cache_that_cannot_be_marked_stale_is_not_reported_each_minute(
    app: CachedSide, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "replace", refuse)
    app.edit({})
    assert not is_idle_at(app, NOON + MINUTE)
    assert capsys.readouterr().err == ""
