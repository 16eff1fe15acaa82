"""Requests that are unusual, hostile, or not for the dashboard at all."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from machine_speed import cpu_seconds

from integration.apps import App
from scheduler.config.DashboardSettings import DashboardSettings
from scheduler.runs import Outcome, Pause
from scheduler.stores import Claim, Store, sqlite

from .histories import add_run, this_minute
from .sites import Browser, scheduler_of, serving
from .test_pages import hidden, manager

pytestmark = pytest.mark.measured

EVIL = "<script>alert('x')</script>\"'&\x1b[31m\u202e{{ 7 * 7 }}@if"
VISIBLE = "<script>alert('x')</script>\"'&\\u202e{{ 7 * 7 }}@if"
"""What a page shows of it: no colour, and what nobody could see made visible."""


def store_of(browser: Browser) -> Store:
    return scheduler_of(browser.application).store


def file_of(browser: Browser) -> Path:
    """The file of the store, which is there now."""
    store = store_of(browser)
    store.record_tick("web-1", this_minute())
    path = Path(store.connection.rows("PRAGMA database_list")[0]["file"])
    store.close()
    return path


def shown(page: str) -> str:
    """What a reader sees of a page, and of its titles."""
    return unescape(re.sub(r"<[^<>]*>", "", page))


# -- other people's text --


def test_names_reasons_output_and_errors_are_text_whatever_they_hold(site: App) -> None:
    site.tasks(
        f"""
        class Evil(Task):
            name = {EVIL!r}
            run_every = "1 hour"

            def handle(self):
                pass

            def when(self):
                raise RuntimeError({EVIL!r})
        """,
        "Evil.py",
    )
    with serving(site) as browser:
        store = store_of(browser)
        (run,) = store.claim([Claim("Evil", "Evil@x", this_minute())], {}, "x", this_minute())
        texts = dict.fromkeys(("error", "location", "traceback", "output", "detail"), EVIL)
        store.finish(replace(run, outcome=Outcome.FAILED, started_at=this_minute(), ended_at=this_minute(), **texts))
        store.pause(Pause("Evil", this_minute(), None, EVIL, EVIL))
        for path in ("", "/task?key=Evil", "/task?key=Evil&why=1", f"/runs/{run.id}", "/runs", "/day", "/pause"):
            page = manager(browser).get(f"/schedule{path}")
            assert page.status == 200, path
            assert "<script>alert" not in page.text, path
            assert "\x1b" not in page.text
            assert "\u202e" not in page.text
            assert path == "/pause" or VISIBLE in shown(page.text) or "Evil" in shown(page.text), path
        assert shown(browser.get(f"/schedule/runs/{run.id}").text).count(VISIBLE) >= 5


def test_a_key_of_several_lines_survives_a_form(site: App) -> None:
    command = r'CommandTask("echo 1\necho 2", shell=True).hourly()'
    site.provider(f'app.make("scheduler").add({command})', header="from scheduler import CommandTask")
    with serving(site) as browser:
        page = manager(browser).get("/schedule/task?key=echo+1%0D%0Aecho+2&why=1")
        assert page.status == 200
        form = hidden(page.text, "run-now")
        assert form["key"] == "echo 1\necho 2"
        sent = {name: value.replace("\n", "\r\n") for name, value in form.items()}
        for action in ("run-now", "pause", "resume"):
            assert browser.post(f"/schedule/{action}", sent).status == 303, action


def test_text_in_a_url_is_escaped_in_the_page(site: App) -> None:
    with serving(site) as browser:
        for path in ("?q=%22%3E%3Cscript%3E", "/task?key=%3Cscript%3E", "/runs?key=%22%3E%3Cscript%3E", "/day?q=%3Cscript%3E&date=%3Cscript%3E"):
            page = manager(browser).get(f"/schedule{path}")
            assert page.status in {200, 404}
            assert "<script>" not in page.text.replace("<script src=", "")


@pytest.mark.parametrize(
    "query",
    ["page=-1", "page=999999999999", "page=١", "page[]=1", "q=" + "x" * 5000, "state=nonsense", "a=b&" * 20, "%ff%fe=%00", "q=%00"],
)
def test_a_strange_url_is_no_error(site: App, query: str) -> None:
    with serving(site) as browser:
        for path in ("", "/runs", "/day", "/task"):
            assert manager(browser).get(f"/schedule{path}?key=Hello&{query}").status == 200


@pytest.mark.parametrize("number", ["0", "-1", "99999999999999999999", "1e3", "١", "1;drop", "1/2", ""])
def test_a_run_that_is_not_there_is_a_404(site: App, number: str) -> None:
    with serving(site) as browser:
        assert manager(browser).get(f"/schedule/runs/{number}").status == (200 if number == "" else 404)


def test_a_day_at_the_end_of_the_calendar_is_a_page(site: App) -> None:
    with serving(site) as browser:
        for day in ("0001-01-01", "1970-01-01", "8999-12-31", "9999-12-31", "2027-02-30", "2027-03-28"):
            assert manager(browser).get(f"/schedule/day?date={day}").status == 200


def test_a_note_that_somebody_made_up_is_not_shown(site: App) -> None:
    with serving(site) as browser:
        form = hidden(manager(browser).get("/schedule/task?key=Hello").text, "pause")
        address = browser.post("/schedule/pause", form).headers["location"]
        assert "Paused. What is already running continues." in browser.get(address).text
        assert "Resumed." not in browser.get(address.replace("paused.0", "resumed.0")).text
        assert "Resumed." not in browser.get("/schedule?note=resumed.0&mark=").text


# -- HTTP --


def test_a_page_that_has_not_changed_is_not_sent_again(site: App) -> None:
    with serving(site) as browser:
        first = manager(browser).get("/schedule/pause")
        again = browser.get("/schedule/pause", **{"If-None-Match": first.headers["etag"]})
        assert (again.status, again.body) == (304, b"")


def test_a_head_request_is_answered_as_get_without_a_body(site: App) -> None:
    with serving(site) as browser:
        answer = manager(browser).request("HEAD", "/schedule")
        assert (answer.status, answer.body) == (200, b"")


def test_redirects_and_links_ignore_a_forged_host_header(site: App) -> None:
    with serving(site, Host="evil.example") as browser:
        page = manager(browser).get("/schedule/task?key=Hello")
        assert "evil.example" not in page.text
        assert browser.post("/schedule/run-now", hidden(page.text, "run-now")).headers["location"].startswith("/schedule/task?")


def test_an_app_below_a_path_of_its_server_has_links_below_it(site: App) -> None:
    with serving(site) as browser:
        browser.environ["SCRIPT_NAME"] = "/shop"
        page = manager(browser).get("/schedule").text
    assert 'href="/shop/schedule/task?key=Hello"' in page
    assert 'href="/schedule' not in page


def test_prefix_middleware_and_title_are_settings(site: App) -> None:
    site.write("config/scheduler.py", 'DASHBOARD = {"prefix": "/admin/jobs/", "middleware": "web", "title": "Nightly <jobs>"}\n')
    with serving(site) as browser:
        page = manager(browser).get("/admin/jobs")
        assert "Nightly &lt;jobs&gt;" in page.text
        assert 'href="/admin/jobs/runs"' in page.text
        assert browser.get("/schedule").status != 200


@pytest.mark.parametrize("prefix", ["schedule", "/", "//", "/zeitplan/für", "/a b", "/a/../b", "/@id", ""])
def test_invalid_settings_are_reported_and_the_app_starts(site: App, prefix: str) -> None:
    site.write("config/scheduler.py", f'DASHBOARD = {{"prefix": {prefix!r}}}\n')
    with serving(site) as browser:
        assert browser.get("/public").text == "a public page"
        page = manager(browser).get("/schedule")
    assert page.status == 503
    assert f"{prefix!r}, which is not a path" in page.text


# -- a scheduler or a store that cannot be used --


def test_an_app_that_lists_the_dashboard_alone_is_told_what_is_missing(site: App) -> None:
    site.edit("config/providers.py", lambda text: text.replace("(scheduler.providers.ScheduleProvider, ", "("))
    with serving(site) as browser:
        page = manager(browser).get("/schedule")
        assert (page.status, page.text) == (503, "This app has no scheduler. Fix: list scheduler.providers.ScheduleProvider.\n")
        browser.cookies.clear()
        assert browser.get("/schedule").status == 404


def test_an_unusable_store_is_reported_in_a_sentence(site: App) -> None:
    with serving(site) as browser:
        file_of(browser).write_bytes(b"this is no database, and it is long enough to be looked at" * 100)
        page = manager(browser).get("/schedule")
        assert page.status == 503
        assert "cannot be used" in page.text
        assert browser.get("/public").text == "a public page"


def test_a_locked_store_can_be_looked_at_and_says_that_it_is_locked(site: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    with serving(site) as browser:
        page = manager(browser).get("/schedule/task?key=Hello")
        form = hidden(page.text, "run-now")
        locker = sqlite3.connect(file_of(browser), isolation_level=None)
        locker.execute("BEGIN IMMEDIATE")
        try:
            assert browser.get("/schedule").status == 200
            answer = browser.post("/schedule/run-now", form)
        finally:
            locker.close()
        assert answer.status == 503
        assert "locked" in answer.text
        assert browser.post("/schedule/run-now", form).status == 303


def test_huge_output_is_a_page(site: App) -> None:
    with serving(site) as browser:
        number = add_run(store_of(browser), "Hello", this_minute(), Outcome.SUCCEEDED, output="<&>\x1b[0m" * 20_000)
        page = manager(browser).get(f"/schedule/runs/{number}")
    assert page.status == 200
    assert page.text.count("&lt;&amp;&gt;") >= 9_000  # the last 64 KiB


def test_looking_writes_nothing(site: App) -> None:
    with serving(site) as browser:
        before = site.files()
        for path in ("", "/task?key=Hello", "/task?key=Hello&why=1", "/runs", "/day", "/data.json", "/metrics"):
            assert manager(browser).get(f"/schedule{path}").status == 200, path
        assert {file for file in site.files() - before if not file.endswith(("-wal", "-shm"))} == set()


# -- requests that are not for it --


def test_a_route_that_would_take_every_path_does_not_take_ours(site: App) -> None:
    site.edit(
        "app/providers/SiteProvider.py",
        lambda text: text.replace('Route.get("/favicon.ico", self.public)', 'Route.get("/@any", self.public), Route.get("/favicon.ico", self.public)'),
    )
    ours, theirs = "scheduler.providers.ScheduleDashboardProvider", "SiteProvider"
    site.edit("config/providers.py", lambda text: text.replace(f"{ours}, {theirs})", f"{theirs}, {ours})"))
    assert f"{theirs}, {ours})" in (site.root / "config" / "providers.py").read_text()
    with serving(site) as browser:
        assert browser.get("/anything").text == "a public page"
        assert "Hello" in manager(browser).get("/schedule").text
        assert manager(browser).get("/schedule/runs").status == 200


@pytest.mark.twice  # what is measured for coverage takes longer
def test_register_takes_under_two_milliseconds_and_requests_nothing(site: App) -> None:
    with serving(site) as browser:
        application = browser.application
        routes = application.make("router").routes
        (ours,) = [route for route in routes if getattr(route, "_name", "") == "schedule"]
        other = next(route for route in routes if route is not ours)
        from scheduler.providers import ScheduleDashboardProvider
        from scheduler.providers.ScheduleDashboardProvider import PREFIX

        assert DashboardSettings().prefix == PREFIX
        assert cpu_seconds(ScheduleDashboardProvider(application).register, times=9) < 0.002
        assert cpu_of_matching(ours) < cpu_of_matching(other), "a request that is not ours pays less than for any other route"


def cpu_of_matching(route: Any) -> float:
    """Return what 10,000 requests that are not for this route pay for its being there."""
    return cpu_seconds(lambda: [route.match("/elsewhere", "GET") for _ in range(10_000)], times=3)


# -- runs on each server --


def test_a_task_of_every_server_is_asked_to_run_on_each(site: App) -> None:
    site.tasks("class Each(Task):\n    run_every = '1 hour'\n    on_every_server = True\n\n    def handle(self):\n        pass\n", "Each.py")
    with serving(site) as browser:
        store = store_of(browser)
        for host, age in (("web-1", 1), ("web-2", 2), ("web-gone", 600)):
            store.record_tick(host, this_minute() - timedelta(minutes=age))
        form = hidden(manager(browser).get("/schedule/task?key=Each").text, "run-now")
        assert browser.post("/schedule/run-now", form).status == 303
        assert sorted(run.slot.partition("@")[0] for run in store.open_runs()) == ["Each on web-1", "Each on web-2"]


def test_a_run_asked_for_is_missed_if_nothing_ticks_within_grace(site: App) -> None:
    with serving(site) as browser:
        form = hidden(manager(browser).get("/schedule/task?key=OnDemand").text, "run-now")
        browser.post("/schedule/run-now", form)
        store_of(browser).close()
    site.craft("schedule:run", "--task", "OnDemand", at=this_minute() + timedelta(minutes=7))
    (run,) = site.craft("schedule:history", "OnDemand", "--json").json()["runs"]
    assert run["outcome"] == "missed"
