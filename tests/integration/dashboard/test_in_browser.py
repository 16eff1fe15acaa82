"""The dashboard in Debian's chromium: with scripts and without, on SQLite and PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from pprint import pformat

import pytest
from contracts.databases import Details, drop_database, make_database, why_unreachable
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from integration.apps import App
from integration.booted_app import booted
from scheduler.runs import Outcome, Pause, SkipReason
from scheduler.stores.ActionLog import UserAction

from .histories import add_run, this_minute
from .live import LiveSite, Missing, Window, axe_source, browser, served, violations
from .sites import make_site, scheduler_of

pytestmark = pytest.mark.twice
COMBINATIONS = [
    pytest.param(("local", True), id="SQLite, scripts on"),
    pytest.param(("local", False), id="SQLite, scripts off"),
    pytest.param(("postgres", True), id="PostgreSQL, scripts on", marks=pytest.mark.services),
]
PAGES = ["", "?q=Hello", "?state=failing", "?q=nothing+like+it", "/task?key=Hello", "/task?key=Fails&why=1", "/task?key=OnDemand"]
PAGES += ["/task?key=Wrong", "/runs", "/runs?outcome=failures", "/runs/1", "/day", "/day?date=2027-02-01", "/pause"]


@pytest.fixture(scope="module")
def sites(template: Path, tmp_path_factory: pytest.TempPathFactory, missing: Missing) -> Iterator[Callable[[str], LiveSite]]:
    """Serves an app with a history, its store in a file or in PostgreSQL; one of each for all tests."""
    with ExitStack() as stack:

        @cache
        def site(store: str) -> LiveSite:
            app = make_site(template, tmp_path_factory.mktemp(store) / "blog")
            app.write("app/tasks/Wrong.py", "from scheduler import Task\n\n\nclass Wrong(Task):\n    run_every = '5 minuets'\n")
            if store == "postgres":
                if reason := why_unreachable("postgres"):
                    missing(reason)
                details = make_database("postgres", f"scheduler_dashboard_{os.getpid()}")
                stack.callback(drop_database, details)
                keep_in(app, details)
            add_history(app.root)
            return stack.enter_context(served(app))

        yield site


def keep_in(app: App, details: Details) -> None:
    """Let the app keep the scheduler's store in a database."""
    app.write("config/scheduler.py", 'STORE = "database"\n')
    app.write(
        "config/database.py",
        "from masoniteorm.connections import ConnectionResolver\n\n"
        f"DATABASES = {pformat({'default': 'it', 'it': {**details, 'log_queries': False}})}\n"
        "DB = ConnectionResolver().set_connection_details(DATABASES)\n",
    )
    app.python_craft("schedule:table").exits(0)
    app.python_craft("migrate").exits(0)


def add_history(root: Path) -> None:
    with booted(root) as application:
        store = scheduler_of(application).store
        start = this_minute() - timedelta(minutes=300)
        for number in range(60):
            outcome = Outcome.FAILED if number % 20 == 7 else Outcome.SUCCEEDED
            error = "OSError: no space" if outcome is Outcome.FAILED else ""
            add_run(store, "Hello", start + timedelta(minutes=5 * number), outcome, error=error, output="Hello\n")
        add_run(store, "Fails", start, Outcome.FAILED, error="RuntimeError: <script>alert(2)</script>", traceback="Traceback\n" * 30)
        add_run(store, "Weekly", start, Outcome.SKIPPED, skip_reason=SkipReason.PAUSED, detail="paused by <b>anna</b>")
        store.record_tick("web-1", this_minute() + timedelta(seconds=1))
        store.close()


@pytest.fixture(scope="module")
def windows(missing: Missing) -> Iterator[Callable[[bool], Window]]:
    """Opens a browser with scripts on or off; one of each for all tests."""
    with ExitStack() as stack:
        yield cache(lambda scripts: stack.enter_context(browser(missing, scripts=scripts)))


@pytest.fixture(params=COMBINATIONS)
def combination(request: pytest.FixtureRequest) -> tuple[str, bool]:
    return request.param


@pytest.fixture
def live(combination: tuple[str, bool], sites: Callable[[str], LiveSite]) -> Iterator[LiveSite]:
    site = sites(combination[0])
    yield site
    tidy_up(site)


@pytest.fixture
def window(combination: tuple[str, bool], windows: Callable[[bool], Window]) -> Window:
    return windows(combination[1])


@pytest.fixture
def local(sites: Callable[[str], LiveSite]) -> Iterator[LiveSite]:
    site = sites("local")
    yield site
    tidy_up(site)


@pytest.fixture
def scripted(windows: Callable[[bool], Window]) -> Window:
    return windows(True)


def tidy_up(live: LiveSite) -> None:
    """End pauses, and forget runs that were asked for, so that no test sees another one's."""
    with booted(live.app.root) as application:
        store = scheduler_of(application).store
        for key in ("", "Hello", "OnDemand", "Weekly"):
            store.resume(key, datetime.now(timezone.utc))
        store.connection.change("DELETE FROM scheduler_runs WHERE slot LIKE ?", ("%@asked %",))
        store.close()


def pending(live: LiveSite, key: str) -> int:
    """How many runs of a task were asked for."""
    with booted(live.app.root) as application:
        store = scheduler_of(application).store
        found = [run for run in store.browse(key=key) if run.fire_time is None]
        store.close()
    return len(found)


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_no_page_has_a_barrier_that_axe_finds(local: LiveSite, scripted: Window, missing: Missing, look: str) -> None:
    axe = axe_source(missing)
    scheme = [{"name": "prefers-color-scheme", "value": "dark" if look == "dark" else "light"}]
    scripted.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
    scripted.driver.set_window_size(*((500, 900) if look == "phone" else (1280, 1000)))
    found = {}
    scripted.open(local.url())
    for path in PAGES:
        scripted.driver.get(local.url(path))
        found[path] = violations(scripted, axe)
        width, inner = scripted.driver.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
        assert width <= inner, f"{path} is wider than the window"
    scripted.driver.set_window_size(1280, 1000)
    assert {path: wrong for path, wrong in found.items() if wrong} == {}
    assert scripted.complaints() == []


@pytest.mark.parametrize("width", [320, 1280])
def test_long_words_make_no_page_wider_than_the_window(local: LiveSite, scripted: Window, width: int) -> None:
    pages = ["", "/task?key=Hello&why=1", "/task?key=Weekly", "/pause", "/day?date=" + "9" * 300, "/runs?outcome=" + "x" * 300]
    word = "r" * 400
    with booted(local.app.root) as application:
        store = scheduler_of(application).store
        for key in ("", "Hello"):
            store.pause(Pause(key, this_minute(), reason=word, who=word))
        store.record_action(UserAction(this_minute(), word, "paused", "Hello", word))
        store.close()
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    scripted.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    too_wide = []
    for path in pages:
        scripted.open(local.url(path))
        too_wide += [path] if scripted.driver.execute_script("return document.documentElement.scrollWidth > innerWidth") else []
    scripted.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert too_wide == []


def test_every_link_leads_to_a_page(live: LiveSite, window: Window) -> None:
    window.open(live.url())
    seen, ahead = set(), [live.url(path) for path in ("", "/task?key=Hello", "/runs", "/day", "/runs/1")]
    for address in ahead:
        window.driver.get(address)
        seen |= set(window.addresses("nav a, main a"))
    for address in sorted(seen, key=lambda each: ("/runs/" in each, each))[:30]:
        assert address.startswith(live.url()), address
        window.driver.get(address)
        assert window.driver.find_elements(By.TAG_NAME, "h1"), address
    assert window.complaints() == []


def test_search_and_filters_narrow_the_list_and_stay_in_the_url(live: LiveSite, window: Window) -> None:
    window.open(live.url())
    window.fill("q", "weekly")
    window.click("Find")
    assert window.texts("a.task") == ["Weekly report"]
    assert "q=weekly" in window.driver.current_url
    window.driver.get(live.url())
    window.click("Failing")
    assert "state=failing" in window.driver.current_url
    assert window.texts("a.task") == ["Fails"]
    window.driver.get(live.url("/task?key=Hello"))
    window.click("All failures")
    assert len(window.texts("#runs tbody tr")) == 3
    window.driver.get(live.url("/runs?key=Hello"))
    window.click("Older")
    assert len(window.texts("tbody tr")) == 10
    window.click("← Latest")
    assert len(window.texts("tbody tr")) == 50
    assert window.complaints() == []


def test_a_double_click_on_run_now_is_one_run(live: LiveSite, window: Window) -> None:
    window.open(live.url("/task?key=OnDemand"))
    button = window.driver.find_element(By.XPATH, "//button[.='Run now']")
    ActionChains(window.driver).double_click(button).perform()
    window.wait_for("next tick")
    assert "manager@example.com asked for a run of this task" in window.text
    assert pending(live, "OnDemand") == 1
    assert window.complaints() == []


def test_two_tabs_ask_for_one_run(live: LiveSite, window: Window) -> None:
    window.open(live.url("/task?key=Hello"))
    first = window.driver.current_window_handle
    window.driver.switch_to.new_window("tab")
    window.driver.get(live.url("/task?key=Hello"))
    window.click("Run now")
    window.wait_for("waits for the next tick")
    window.driver.close()
    window.driver.switch_to.window(first)
    window.click("Run now")
    window.wait_for("is already waiting")
    assert pending(live, "Hello") == 1
    assert window.complaints() == []


def test_a_task_is_paused_with_end_and_reason_and_resumed(live: LiveSite, window: Window) -> None:
    window.open(live.url("/task?key=Hello"))
    window.fill("until", "2 hours")
    window.fill("reason", "moving <b>house</b>")
    window.click("Pause this task")
    window.wait_for("Paused by manager@example.com until")
    assert "moving <b>house</b>" in window.text
    window.driver.get(live.url("?state=paused"))
    assert window.texts("a.task") == ["Hello"]
    window.driver.get(live.url("/task?key=Hello"))
    window.click("Resume")
    window.wait_for("Resumed.")
    assert "manager@example.com resumed this task" in window.text
    assert window.complaints() == []


def test_an_invalid_end_is_reported_and_the_input_is_kept(live: LiveSite, window: Window) -> None:
    window.open(live.url("/task?key=Hello"))
    window.fill("until", "when it is done")
    window.fill("reason", "moving")
    window.click("Pause this task")
    window.wait_for("'when it is done'")
    assert window.driver.find_element(By.NAME, "reason").get_attribute("value") == "moving"
    window.fill("until", "30 minutes")
    window.click("Pause this task")
    window.wait_for("Paused by manager@example.com until")
    assert [line for line in window.complaints() if "422" not in line] == []


def test_everything_is_paused_only_after_it_was_confirmed(live: LiveSite, window: Window) -> None:
    window.open(live.url())
    window.click("Pause all…")
    window.fill("reason", "deploy")
    window.click("Pause everything", leads_on=False)
    assert "Pause all tasks" in window.text, "the browser wants the box to be ticked"
    window.driver.find_element(By.NAME, "confirm").click()
    window.click("Pause everything")
    window.wait_for("All tasks are paused by manager@example.com: deploy")
    window.click("Resume all")
    window.wait_for("Resumed.")
    assert "Everything is paused" not in window.text
    assert window.complaints() == []


def test_why_a_task_did_not_run_is_answered_on_request(live: LiveSite, window: Window) -> None:
    window.open(live.url("/task?key=Weekly"))
    window.fill("at", "2027-02-02 06:00")
    window.click("Explain")
    window.wait_for("It is not due then")
    window.fill("at", "next week some time")
    window.click("Explain")
    window.wait_for("try '")
    assert window.complaints() == []


def test_output_and_errors_of_tasks_are_escaped(live: LiveSite, window: Window) -> None:
    live.app.python_craft("schedule:run", "--task", "Fails", "--force")
    window.open(live.url("/task?key=Fails"))
    window.click(window.texts("#runs tbody th")[0])
    assert "<img src=x onerror=alert(1)>" in window.text
    assert "<script>alert(2)</script>" in window.text
    assert not window.driver.find_elements(By.CSS_SELECTOR, "main img, main script")
    assert window.complaints() == []


def test_a_failure_meanwhile_appears_by_itself(local: LiveSite, scripted: Window) -> None:
    scripted.open(local.url("/task?key=Fails"))
    before = scripted.texts("#runs tbody th")
    local.app.python_craft("schedule:run", "--task", "Fails", "--force")
    scripted.wait_until(lambda: len(scripted.texts("#runs tbody th")) == len(before) + 1)
    assert scripted.complaints() == []


def test_a_page_is_not_replaced_while_somebody_types(local: LiveSite, scripted: Window) -> None:
    scripted.open(local.url("/task?key=Hello"))
    scripted.driver.execute_script("document.getElementById('main').dataset.mark = 'old'; document.querySelector('main h1').dataset.mark = 'old'")
    scripted.driver.find_element(By.NAME, "reason").send_keys("moving")
    scripted.driver.implicitly_wait(0)
    scripted.driver.execute_async_script("setTimeout(arguments[0], 6500)")
    assert scripted.driver.find_element(By.NAME, "reason").get_attribute("value") == "moving"
    assert scripted.driver.find_elements(By.CSS_SELECTOR, "h1[data-mark]")
    assert scripted.complaints() == []


def test_an_ended_session_is_reported_and_ends_all_access(local: LiveSite, scripted: Window) -> None:
    scripted.open(local.url("/task?key=Hello"))
    scripted.driver.delete_all_cookies()
    scripted.wait_for("you may be signed out")
    scripted.click("Run now")
    scripted.wait_for("Not found.")
    assert pending(local, "Hello") == 0
    assert [line for line in scripted.complaints() if "404" not in line] == []


def test_a_user_who_may_only_view_gets_no_buttons(live: LiveSite, window: Window) -> None:
    window.open(live.url("/task?key=Hello"), user="viewer")
    assert "may look but not change anything" in window.text
    assert not window.driver.find_elements(By.CSS_SELECTOR, "form[method=post]")
    window.driver.get(live.url())
    assert "Pause all" not in window.text
    assert window.complaints() == []


def test_all_is_reached_by_keyboard_with_a_visible_focus(local: LiveSite, scripted: Window) -> None:
    scripted.open(local.url())
    reached = []
    while len(reached) < 60:
        ActionChains(scripted.driver).send_keys("\ue004").perform()
        tag, text, outline = scripted.driver.execute_script(
            "const found = document.activeElement; return [found.tagName, found.innerText.trim(), getComputedStyle(found).outlineStyle]"
        )
        if tag == "BODY":
            break
        reached.append(text)
        assert outline != "none", f"{tag} {text}"
    assert reached[0] == "Skip to content"
    assert {"Tasks", "Runs", "Day", "Find", "Hello", "Weekly report"} <= set(reached)


