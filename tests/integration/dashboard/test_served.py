"""The dashboard behind a real web server: several processes, several requests at once, threads."""

from __future__ import annotations

import re
import socket
import sys
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from integration.apps import App, run
from integration.booted_app import booted

from .live import LiveSite, served
from .sites import scheduler_of

pytestmark = pytest.mark.twice
DEMO = Path(__file__).parents[3] / "demo"


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: object) -> None:
        return None


def send(url: str, form: dict[str, str] | None = None, cookies: str = "user=manager") -> tuple[int, str, list[str]]:
    """Return the status, the body and the cookies of a reply."""
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    request = urllib.request.Request(url, data, {"Cookie": cookies})
    try:
        with urllib.request.build_opener(NoRedirects).open(request, timeout=30) as reply:
            return reply.status, reply.read().decode(), reply.headers.get_all("Set-Cookie") or []
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), []


def signed_in(site: LiveSite) -> tuple[dict[str, str], str]:
    """The fields of a form for OnDemand, and the cookies that go with them."""
    _, page, cookies = send(site.url("/task?key=OnDemand"))
    form = dict(re.findall(r'<input type="hidden" name="(token|__token)" value="([^"]*)"', page))
    return {"key": "OnDemand", **form}, "; ".join(["user=manager", *(cookie.split(";")[0] for cookie in cookies)])


def test_twenty_clicks_at_once_on_several_processes_are_one_run(site: App) -> None:
    with served(site) as live:
        form, cookies = signed_in(live)
        with ThreadPoolExecutor(20) as pool:
            replies = list(pool.map(lambda _: send(live.url("/run-now"), form, cookies)[0], range(20)))
    assert set(replies) == {303}
    with booted(site.root) as application:
        runs = scheduler_of(application).store.open_runs()
    assert len({run.slot.rpartition(":")[0] for run in runs}) == len(runs), "one a minute"
    assert len(runs) <= 2


def test_a_server_with_threads_never_sends_the_dashboard_to_anybody(site: App) -> None:
    with served(site, "--threads", "8") as live:
        public = live.url().replace("/schedule", "/public")

        def ask(number: int) -> tuple[int, str]:
            return send(live.url() if number % 3 == 0 else public)[:2]

        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(ask, range(300)))
    assert not [body for _, body in replies if "<html" in body and "Hello" in body]
    assert 503 in {status for status, _ in replies}


def test_the_demo_names_no_address_at_which_something_else_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = run([sys.executable, "serve_dashboard.py"], DEMO, {"PORT": str(port)})
    assert ended.exits(1).err.startswith(f"Port {port} is in use. Fix: ")
    assert ended.out == ""
