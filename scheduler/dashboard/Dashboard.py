"""From a path to its page: everything below the prefix, for users who may see it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from scheduler import clock
from scheduler.dashboard.actions import ACTIONS
from scheduler.dashboard.assets import asset_reply
from scheduler.dashboard.data import data
from scheduler.dashboard.day_page import day_page
from scheduler.dashboard.messages import NotThere, Question, Reply
from scheduler.dashboard.metrics_page import metrics_page
from scheduler.dashboard.overview import overview
from scheduler.dashboard.pause_page import pause_page
from scheduler.dashboard.runs_page import run_page, runs_page
from scheduler.dashboard.Source import Host, Source, TaskList
from scheduler.dashboard.task_page import task_page
from scheduler.errors import InvalidSchedule, SchedulerError, StoreUnavailable
from scheduler.execution.Scheduler import Scheduler
from scheduler.stores import Store
from scheduler.stores.ActionLog import REFUSED_THREADS, UserAction

Page = Callable[[Source, Question], Reply]
PAGES: Final[dict[str, Page]] = {
    "": overview,
    "task": task_page,
    "runs": runs_page,
    "day": day_page,
    "data.json": data,
    "metrics": metrics_page,
}
MANAGED_PAGES: Final[dict[str, Page]] = {"pause": pause_page}
"""Pages that lead to an action, and so are for those who may act."""


REPEAT: Final = timedelta(minutes=10)
"""How often one process records that it refused to answer."""


class Dashboard:
    """Answers the requests of people who may see it."""

    def __init__(self, scheduler: Callable[[], Scheduler], app: Host) -> None:
        self._scheduler = scheduler
        self._app = app
        self._task_list = TaskList()
        self._refused_at: datetime | None = None
        self._has_answered = False

    def reply(self, question: Question) -> Reply:
        """Return the answer; if the scheduler cannot be used, it is a sentence that says why."""
        try:
            return self._reply(question)
        except NotThere:
            return Reply.text(404, "There is no such page, task or run.")
        except InvalidSchedule as error:
            return Reply.text(503, str(error))
        except SchedulerError as error:
            return Reply.text(503, f"{str(error)[0].upper()}{str(error)[1:]}.")

    def refuse_threads(self, server: str) -> None:
        """Record, now and then, that a server with threads asked for a page: `schedule:doctor` reports it."""
        now = clock.real_now()
        if self._refused_at is not None and now - self._refused_at < REPEAT:
            return
        self._refused_at = now
        try:
            store = self._scheduler().store.reopened()
            if store is not None:
                store.record_action(UserAction(clock.now(), "the web server", REFUSED_THREADS, "", server))
                store.close()
        except SchedulerError:
            return

    def _forget_refusals(self, store: Store) -> None:
        """Forget, at the first page of this process, that a server with threads was refused: this one has none."""
        if not self._has_answered:
            self._has_answered = True
            with suppress(StoreUnavailable):
                store.forget_actions(REFUSED_THREADS)

    def _reply(self, question: Question) -> Reply:
        first, slash, rest = question.path.partition("/")
        if first == "assets" and slash:
            return asset_reply(rest)
        scheduler = self._scheduler()
        source = Source(scheduler, self._app, self._task_list)
        try:
            self._forget_refusals(source.store)
            return self._page(source, question, first, rest if slash else None)
        finally:
            if scheduler.settings.store != "memory":
                scheduler.store.close()

    def _page(self, source: Source, question: Question, first: str, rest: str | None) -> Reply:
        if question.method == "POST":
            return self._act(source, question)
        if first == "runs" and rest is not None:
            return run_page(source, question, rest)
        if rest is not None:
            raise NotThere
        if first in MANAGED_PAGES and question.may_manage:
            return MANAGED_PAGES[first](source, question)
        if first not in PAGES:
            raise NotThere
        return PAGES[first](source, question)

    def _act(self, source: Source, question: Question) -> Reply:
        if question.path not in ACTIONS:
            raise NotThere
        if not question.may_manage:
            return Reply.text(403, "You may see the schedule, but not change it.")
        return ACTIONS[question.path](source, question)
