"""What the overview says needs a person."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integration.apps import App

from .histories import this_minute
from .sites import scheduler_of, serving
from .test_pages import hidden, manager

pytestmark = pytest.mark.measured
TYPED = "web-1 (by hand)"


@pytest.mark.parametrize(
    ("ticks", "says"),
    [
        ({}, "The scheduler has never run, so no task runs."),
        ({"web-1": 10}, "No tick for 10 min: nothing runs by itself."),
        ({"web-1": 10, TYPED: 0}, "No tick for 10 min: nothing runs by itself."),
        ({TYPED: 1}, "Nothing runs the scheduler by itself: all ticks were started by hand, the last 1 min ago."),
        ({"web-1": 1, TYPED: 10}, ""),
        ({"web-1": 10, "web-2": 1}, ""),
    ],
)
def test_only_ticks_that_nobody_typed_end_the_alarm(site: App, ticks: dict[str, int], says: str) -> None:
    with serving(site) as browser:
        store = scheduler_of(browser.application).store
        for host, minutes in ticks.items():
            store.record_tick(host, this_minute() - timedelta(minutes=minutes))
        page = manager(browser).get("/schedule").text
    assert says in page
    assert ('aria-label="Alarm"' in page) == bool(says)


def test_run_now_ignores_hosts_whose_ticks_a_person_typed(site: App) -> None:
    site.tasks("class Each(Task):\n    run_every = '1 hour'\n    on_every_server = True\n\n    def handle(self):\n        pass\n", "Each.py")
    with serving(site) as browser:
        store = scheduler_of(browser.application).store
        for host in ("web-1", TYPED):
            store.record_tick(host, this_minute())
        form = hidden(manager(browser).get("/schedule/task?key=Each").text, "run-now")
        assert browser.post("/schedule/run-now", form).status == 303
        assert [run.slot.partition("@")[0] for run in store.open_runs()] == ["Each on web-1"]
