"""Metrics, and the alert rules that docs/dashboard.md has for them."""

from __future__ import annotations

import re
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from integration.apps import App
from scheduler.runs import Outcome, Pause, SkipReason
from scheduler.stores import Store

from .histories import add_run, this_minute
from .sites import scheduler_of, serving
from .test_pages import manager

pytestmark = pytest.mark.measured
PAGE = Path(__file__).parent.parent.parent.parent / "docs" / "dashboard.md"


def samples(text: str) -> dict[tuple[str, ...], float]:
    """The samples of Prometheus' text format: name and labels, and the value."""
    from prometheus_client.parser import text_string_to_metric_families

    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[(sample.name.removeprefix("masonite_schedule_"), *sample.labels.values())] = sample.value
    return found


def test_page_and_command_say_the_same_of_the_schedule(site: App) -> None:
    with serving(site) as browser:
        store = scheduler_of(browser.application).store
        due = this_minute() - timedelta(minutes=30)
        due -= timedelta(minutes=due.minute % 5)
        add_run(store, "Hello", due, Outcome.SUCCEEDED)
        add_run(store, "Hello", due + timedelta(minutes=5), Outcome.FAILED)
        add_run(store, "Hello", due + timedelta(minutes=10), None)
        store.record_tick("web-1", due)
        page = manager(browser).get("/schedule/metrics")
    assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
    seen = samples(page.text)
    assert {value for name, value in seen.items() if name[0] == "runs_last_day"} == {1.0}
    assert {name: value for name, value in seen.items() if name[0] in {"pending", "running", "tasks", "broken_tasks"}} == {
        ("pending",): 1,
        ("running",): 0,
        ("tasks",): 4,
        ("broken_tasks",): 0,
    }
    assert seen["last_success_timestamp_seconds", "Hello"] == due.timestamp() + 2.5
    assert seen["last_success_duration_seconds", "Hello"] == 2.5
    assert 1500 - 60 <= seen["overdue_seconds", "Hello"] <= 1500 + 360
    assert seen["last_tick_timestamp_seconds", "web-1"] == due.timestamp()
    assert seen["paused", "Hello"] == 0
    printed = samples(site.craft("schedule:metrics").exits(0).out)
    assert printed.keys() == seen.keys()


def test_metrics_say_how_to_install_what_they_need(site: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with serving(site) as browser:
        page = manager(browser).get("/schedule/metrics")
    assert page.status == 503
    assert "pip install 'masonite-scheduler[metrics]'" in page.text
    assert "pip install" in site.craft("schedule:metrics").exits(2).err


# -- alert rules --

RULES = {
    "TaskHasNotSucceeded": "masonite_schedule_overdue_seconds > 900 unless masonite_schedule_paused == 1",
    "TaskIsBroken": "masonite_schedule_broken_tasks > 0",
    "NothingTicks": "time() - max(masonite_schedule_last_tick_timestamp_seconds) > 300"
    " or absent(masonite_schedule_last_tick_timestamp_seconds)",
}


def firing(text: str, now: datetime) -> set[str]:
    """Which alerts these metrics raise, as Prometheus reads the rules above."""
    seen = samples(text)
    overdue = {name[1] for name, value in seen.items() if name[0] == "overdue_seconds" and value > 900}
    paused = {name[1] for name, value in seen.items() if name[0] == "paused" and value == 1}
    ticks = [value for name, value in seen.items() if name[0] == "last_tick_timestamp_seconds"]
    found = {f"TaskHasNotSucceeded {key}" for key in overdue - paused}
    if seen["broken_tasks",] > 0:
        found.add("TaskIsBroken")
    if not ticks or now.timestamp() - max(ticks) > 300:
        found.add("NothingTicks")
    return found


def alerts(site: App) -> set[str]:
    """Which alerts the page's metrics raise; the command's are the same."""
    with serving(site) as browser:
        page = manager(browser).get("/schedule/metrics")
    return firing(page.text, this_minute())


def test_the_rules_in_the_documentation_are_those_tested_here() -> None:
    text = PAGE.read_text(encoding="utf-8")
    written = dict(re.findall(r"- alert: (\w+)\n +expr: (.+?)\n", re.sub(r"expr: >-\n +(.+)\n +(or .+)\n", r"expr: \1 \2\n", text)))
    assert written == RULES


def record(site: App, *, tick: str = "web-1", minutes_ago: int = 0) -> Store:
    """Record a tick, and return the store."""
    with serving(site) as browser:
        store = scheduler_of(browser.application).store
        store.record_tick(tick, this_minute() - timedelta(minutes=minutes_ago))
        return store


def test_no_alert_is_raised_while_all_is_well(site: App) -> None:
    store = record(site)
    add_run(store, "Hello", this_minute() - timedelta(minutes=3), Outcome.SUCCEEDED)
    assert alerts(site) == set()


def test_a_task_that_has_stopped_succeeding_raises_an_alert(site: App) -> None:
    store = record(site)
    add_run(store, "Hello", this_minute() - timedelta(minutes=40), Outcome.SUCCEEDED)
    add_run(store, "Hello", this_minute() - timedelta(minutes=5), Outcome.FAILED)
    assert alerts(site) == {"TaskHasNotSucceeded Hello"}


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.MISSED, Outcome.CRASHED, Outcome.TIMED_OUT, None])
def test_a_task_that_never_succeeded_raises_an_alert(site: App, outcome: Outcome | None) -> None:
    store = record(site)
    add_run(store, "Hello", this_minute() - timedelta(minutes=40), outcome)
    assert alerts(site) == {"TaskHasNotSucceeded Hello"}


def test_a_task_that_is_always_still_running_raises_an_alert(site: App) -> None:
    store = record(site)
    for minutes in (40, 5):
        due = this_minute() - timedelta(minutes=minutes)
        add_run(store, "Hello", due, Outcome.SKIPPED, skip_reason=SkipReason.STILL_RUNNING)
    assert alerts(site) == {"TaskHasNotSucceeded Hello"}


@pytest.mark.parametrize("reason", [reason for reason in SkipReason if reason is not SkipReason.STILL_RUNNING])
def test_a_task_that_is_skipped_on_purpose_raises_no_alert(site: App, reason: SkipReason) -> None:
    store = record(site)
    add_run(store, "Hello", this_minute() - timedelta(minutes=40), Outcome.FAILED)
    add_run(store, "Hello", this_minute() - timedelta(minutes=3), Outcome.SKIPPED, skip_reason=reason)
    assert alerts(site) == set()


def test_a_paused_task_raises_no_alert(site: App) -> None:
    store = record(site)
    add_run(store, "Hello", this_minute() - timedelta(minutes=40), Outcome.FAILED)
    store.pause(Pause("Hello", this_minute(), None, "", "anna"))
    assert alerts(site) == set()


def test_a_broken_task_raises_an_alert(site: App) -> None:
    record(site)
    site.tasks("class Broken(Task):\n    run_every = '5 minuets'\n\n    def handle(self):\n        pass\n", "Broken.py")
    assert alerts(site) == {"TaskIsBroken"}


def test_no_tick_or_an_old_one_raises_an_alert(site: App) -> None:
    assert alerts(site) == {"NothingTicks"}
    record(site, minutes_ago=10)
    assert alerts(site) == {"NothingTicks"}


def test_a_tick_that_a_person_typed_hides_no_dead_cron(site: App) -> None:
    record(site, minutes_ago=10)
    record(site, tick="web-1 (by hand)")
    assert alerts(site) == {"NothingTicks"}
