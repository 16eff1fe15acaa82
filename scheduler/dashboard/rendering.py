"""Templates: an environment of our own, since Masonite's compiles at each rendering and reads lines with `@`."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from markupsafe import Markup, escape

from scheduler.dashboard import text
from scheduler.dashboard.assets import assets
from scheduler.dashboard.charts import group_of, word_of
from scheduler.dashboard.drawing import drawing
from scheduler.dashboard.messages import Question, Reply
from scheduler.dashboard.notes import note_of
from scheduler.dashboard.Source import Source
from scheduler.rules import zones
from scheduler.text import counted

if TYPE_CHECKING:
    from jinja2 import Environment

OK: Final = 200
FOLDER: Final = os.path.join(os.path.dirname(__file__), "templates")


class PageClock:
    """The instants of a page, on the clock that it shows."""

    def __init__(self, source: Source) -> None:
        self.now = source.now
        self._zone = source.zone
        self.name = zones.name_of(source.zone)

    @property
    def today(self) -> str:
        """Return the date, as in '2027-01-31'."""
        return self.now.astimezone(self._zone).date().isoformat()

    def time(self, instant: datetime, *, exact: bool = False) -> Markup:
        """Return a `time` element with an instant in short; with seconds if it is to be `exact`."""
        return self._element(instant, text.moment(instant, self.now, self._zone, seconds=exact))

    def away(self, instant: datetime) -> Markup:
        """Return a `time` element with how far away an instant is."""
        return self._element(instant, text.distance(instant, self.now))

    def _element(self, instant: datetime, words: str) -> Markup:
        local = instant.astimezone(self._zone)
        whole = f'datetime="{local.isoformat(timespec="seconds")}" title="{escape(text.full(local, self._zone))}"'
        return Markup(f"<time {whole}>{escape(words)}</time>")  # noqa: S704 - its text is escaped


@cache
def environment() -> Environment:
    """Return the environment; each template is compiled once per process."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - only the dashboard's requests

    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(took=text.took, plain=text.plain, printed=text.printed, word=word_of)
    made.globals.update(count=counted, group_of=group_of, chart=drawing)
    return made


def address(question: Question, path: str = "", **values: object) -> str:
    """Return the address of a page; values that are empty are left out."""
    query = urlencode({name: value for name, value in values.items() if value not in {None, ""}})
    return question.base + (f"/{path}" if path else "") + (f"?{query}" if query else "")


def render(template: str, question: Question, source: Source, title: str, *, status: int = OK, **values: Any) -> Reply:
    """Return a page, or that it has not changed since the browser got it."""

    def link(path: str = "", **query: object) -> str:
        return address(question, path, **query)

    page, clock = environment().get_template(template), PageClock(source)
    shown = {name: f"{question.base}/assets/{asset.name}" for name, asset in assets().items()}
    body = page.render(
        question=question,
        link=link,
        assets=shown,
        clock=clock,
        time=clock.time,
        away=clock.away,
        page_title=title,
        note=note_of(question),
        **values,
    ).encode("utf-8", "replace")
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    if question.etag == etag and status == OK:
        return Reply(304, headers={"Etag": etag})
    return Reply(status, body, headers={"Etag": etag})
