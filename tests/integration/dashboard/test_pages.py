"""The pages of the dashboard, asked for as a browser does."""

from __future__ import annotations

import json
import os
import re
from datetime import timedelta
from html import unescape

import pytest

from integration.apps import App
from integration.test_json_schemas import check
from scheduler.runs import Outcome

from .histories import add_run, this_minute
from .sites import Browser, scheduler_of, serving

pytestmark = pytest.mark.measured


def manager(browser: Browser) -> Browser:
    browser.cookies["user"] = "manager"
    return browser


def hidden(page: str, form: str) -> dict[str, str]:
    """The hidden fields of the form with that action."""
    found = re.search(rf'<form method="post" action="[^"]*/{form}">(.*?)</form>', page, re.DOTALL)
    assert found, f"no form {form} in the page"
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', found[1]))


def test_the_overview_lists_the_tasks(site: App) -> None:
    with serving(site) as browser:
        page = manager(browser).get("/schedule")
    assert page.status == 200
    assert "Hello" in page.text
    assert "Weekly report" in page.text
    assert "every 5 minutes" in page.text
    assert "The scheduler has never run" in page.text
    assert "craft schedule:install" in page.text


def test_run_now_is_one_pending_run_however_often_it_is_clicked(site: App) -> None:
    with serving(site) as browser:
        page = manager(browser).get("/schedule/task?key=OnDemand")
        form = hidden(page.text, "run-now")
        first, second = (browser.post("/schedule/run-now", form) for _ in range(2))
        assert (first.status, second.status) == (303, 303), first.text
        shown = browser.get(first.headers["location"])
        assert "waits for the next tick" in shown.text
        assert "manager@example.com asked for a run of" in shown.text
    site.craft("schedule:run", "--task", "OnDemand").exits(0)
    runs = site.craft("schedule:history", "OnDemand", "--json").json()["runs"]
    assert [(run["outcome"], run["fire_time"]) for run in runs] == [("succeeded", None)]
    assert runs[0]["detail"] == "asked for by manager@example.com"


def test_a_task_in_its_first_run_is_not_said_to_have_never_run(site: App) -> None:
    with serving(site) as browser:
        store = scheduler_of(browser.application).store
        number = add_run(store, "OnDemand", this_minute(), None)
        assert "never ran" in manager(browser).get("/schedule/task?key=OnDemand").text
        run = store.run(number)
        assert run is not None
        assert store.start(run, os.getpid(), this_minute())
        assert "never ran" not in browser.get("/schedule/task?key=OnDemand").text
        assert "OnDemand" not in browser.get("/schedule?state=never+ran").text


def test_pausing_all_is_confirmed_in_words_that_fit_any_number_of_tasks(site: App) -> None:
    site.tasks("class Only(Task):\n    run_every = '1 hour'\n\n    def handle(self):\n        pass\n")
    with serving(site) as browser:
        page = manager(browser).get("/schedule/pause").text
    assert "1 task on all servers" in page
    assert "Yes, pause all tasks" in page
    assert "1 tasks" not in page


# -- JSON --


@pytest.mark.parametrize("until", ["now", "1 hour ago", "yesterday", "00:00"])
def test_a_pause_cannot_end_before_it_begins(site: App, until: str) -> None:
    with serving(site) as browser:
        form = hidden(manager(browser).get("/schedule/task?key=Hello").text, "pause")
        answer = browser.post("/schedule/pause", {**form, "until": until})
        assert (answer.status, scheduler_of(browser.application).store.pauses()) == (422, [])
        assert f"Until: {until!r} is in the past (try '2 hours' or a date to come)." in unescape(answer.text)


def test_runs_of_broken_and_removed_tasks_lead_to_pages(site: App) -> None:
    site.tasks("class Wrong(Task):\n    run_every = '5 minuets'\n\n    def handle(self):\n        pass\n", "Wrong.py")
    with serving(site) as browser:
        numbers = [add_run(scheduler_of(browser.application).store, key, this_minute(), Outcome.SUCCEEDED) for key in ("Wrong", "Gone")]
        page = manager(browser).get("/schedule/runs").text
        links = re.findall(r'<td><a href="([^"]+)">(?:Wrong|Gone)</a>', page)
        assert sorted(links) == ["/schedule/runs?key=Gone", "/schedule/task?key=Wrong"]
        assert [browser.get(link).status for link in links] == [200, 200]
        assert '<option value="Wrong">' in page
        wrong, gone = (browser.get(f"/schedule/runs/{number}").text for number in numbers)
    assert "no such task any more" not in wrong
    assert "no such task any more" in gone


def test_pages_without_a_task_that_can_run_say_so(site: App) -> None:
    site.write("app/tasks/Tasks.py", "from scheduler import Task\n\n\nclass Wrong(Task):\n    run_every = '5 minuets'\n\n    def handle(self):\n        pass\n")
    with serving(site) as browser:
        for path in ("", "/day"):
            assert "No task can run: all are broken." in manager(browser).get(f"/schedule{path}").text
        assert "No other task is called that." in browser.get("/schedule?q=wrong").text


def test_data_is_the_document_of_the_list_and_the_last_runs(site: App) -> None:
    with serving(site) as browser:
        store = scheduler_of(browser.application).store
        number = add_run(store, "Hello", this_minute(), Outcome.SUCCEEDED)
        store.record_tick("web-1", this_minute())
        document = check("dashboard", json.loads(manager(browser).get("/schedule/data.json").text))
    listed = site.craft("schedule:list", "--json").exits(0).json()
    assert {task["key"] for task in document["tasks"]} == {task["key"] for task in listed["tasks"]}
    assert [run["id"] for run in document["runs"]] == [number]
    assert set(document["ticks"]) == {"web-1"}
    assert next(task for task in document["tasks"] if task["key"] == "Hello")["last_run"]["id"] == number


def test_every_kind_of_answer_to_why_is_a_page(site: App) -> None:
    with serving(site) as browser:
        store = scheduler_of(browser.application).store
        due = this_minute() - timedelta(minutes=this_minute().minute % 5)
        add_run(store, "Hello", due - timedelta(minutes=5), Outcome.SUCCEEDED)
        add_run(store, "Hello", due - timedelta(minutes=10), Outcome.FAILED, error="OSError: no space")
        add_run(store, "Hello", due - timedelta(minutes=15), Outcome.SKIPPED, detail="paused")
        add_run(store, "Hello", due - timedelta(minutes=20), Outcome.MISSED, detail="no tick came in time")
        add_run(store, "Hello", due - timedelta(minutes=25), None)
        for minutes in (-25, -20, -15, -10, -5, -3, 0, 5, 7, 5000):
            at = (due + timedelta(minutes=minutes)).strftime("%Y-%m-%d+%H:%M")
            page = manager(browser).get(f"/schedule/task?key=Hello&why=1&at={at}Z")
            assert page.status == 200, (minutes, page.text[-300:])
            assert '<div class="answer">' in page.text
            assert "craft schedule:history" not in page.text, "the page has a link to the run"
        for key in ("Hello", "Weekly", "OnDemand", "Fails"):
            page = manager(browser).get(f"/schedule/task?key={key}&why=1").text
            assert '<div class="answer">' in page
            assert "craft schedule:run" not in page, "the page has a button"


def test_page_and_command_explain_in_the_same_words(site: App) -> None:
    at = "2027-03-28 03:30"
    with serving(site) as browser:
        page = manager(browser).get("/schedule/task?key=Weekly&why=1&at=2027-03-28+03:30").text
    printed = " ".join(site.craft("schedule:explain", "Weekly", "--at", at).exits(0).out.split())
    pairs = re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", page[page.index('class="answer"') :])
    assert [label for label, _ in pairs if label in {"At", "Only if", "Before", "Next"}]
    for label, text in pairs[: pairs.index(next(pair for pair in pairs if pair[0] == "Next")) + 1]:
        assert f"{label} {unescape(text)}" in printed


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/day?date=banana", "There is no day 'banana' here (try '"),
        ("/day?date=1234-05-06", "There is no day '1234-05-06' here"),
        ("/?state=banana", "There is no state 'banana', so all are shown."),
        ("/runs?outcome=banana", "There is no outcome 'banana', so all are shown."),
        ("/task?key=Hello&outcome=banana", "There is no outcome 'banana', so all are shown."),
    ],
)
def test_an_invalid_value_in_the_url_is_reported(site: App, path: str, says: str) -> None:
    with serving(site) as browser:
        assert says in unescape(manager(browser).get(f"/schedule{path}").text)
        assert "banana" not in browser.get(f"/schedule{path.partition('?')[0]}?key=Hello").text
