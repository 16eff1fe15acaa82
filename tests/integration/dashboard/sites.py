"""Apps with a dashboard: a cookie names the user, and the app's gates decide."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from masonite_version import masonite_major

from integration.apps import App, make_app
from integration.booted_app import booted
from scheduler.execution.Scheduler import Scheduler
from scheduler.masonite.builtin import proxy_of

PROVIDERS = """

import scheduler.providers  # noqa: E402 - as apps do it
from masonite.providers import AuthorizationProvider, ExceptionProvider, SessionProvider  # noqa: E402

from app.providers.SiteProvider import SiteProvider  # noqa: E402

for provider in (SessionProvider, AuthorizationProvider, ExceptionProvider):
    if provider not in PROVIDERS:
        PROVIDERS.insert(PROVIDERS.index(AppProvider), provider)
for provider in (scheduler.providers.ScheduleProvider, scheduler.providers.ScheduleDashboardProvider, SiteProvider):
    if provider not in PROVIDERS:
        PROVIDERS.append(provider)
"""
SITE_PROVIDER = '''
import os

from masonite.middleware import EncryptCookies, SessionMiddleware, VerifyCsrfToken
from masonite.providers import Provider
from masonite.routes import Route


class User:
    def __init__(self, name):
        self.name, self.email = name, f"{name}@example.com"

    def get_id(self):
        return self.name


class UserOfCookie:
    """Signs in whoever the cookie names."""

    def before(self, request, response):
        name = request.environ.get("HTTP_X_TEST_USER") or _cookie(request)
        request.set_user(User(name) if name else None)
        return request

    def after(self, request, response):
        return request


def _cookie(request):
    pairs = (pair.strip().partition("=") for pair in request.environ.get("HTTP_COOKIE", "").split(";"))
    return next((value for name, _, value in pairs if name == "user"), "")


class SiteProvider(Provider):
    def __init__(self, application):
        self.application = application

    def register(self):
        middleware = self.application.make("middleware")
        if EncryptCookies not in middleware.http_middleware:
            middleware.add([EncryptCookies])
        middleware.add({"web": [SessionMiddleware, UserOfCookie, VerifyCsrfToken]})
        self.application.make("router").add([Route.get("/public", self.public), Route.get("/favicon.ico", self.public)])
        if os.environ.get("WITH_GATE", "yes") == "yes":
            gate = self.application.make("gate")
            gate.define("view-schedule", lambda user=None: user.name in ("viewer", "manager"))
            gate.define("manage-schedule", lambda user=None: user.name == "manager")

    def public(self):
        return "a public page"

    def boot(self):
        pass
'''
TASKS = """
class Hello(Task):
    run_every = '5 minutes'

    def handle(self):
        print('Hello')


class Weekly(Task):
    name = 'Weekly report'
    run_at = '6:00'
    run_on = 'monday'

    def handle(self):
        print('reported')


class OnDemand(Task):
    def handle(self):
        print('done on demand')


class Fails(Task):
    run_every_minute = True

    def handle(self):
        print('<img src=x onerror=alert(1)>')
        raise RuntimeError('<script>alert(2)</script>')
"""
EVIL = "<script>alert('name')</script>"


def make_site(template: Path, folder: Path, capture: Any = None) -> App:
    """Make an app with a dashboard, some tasks and a gate."""
    app = add_dashboard(make_app(template, folder, str, capture).keep_runs())
    app.tasks(TASKS)
    return app


def add_dashboard(app: App) -> App:
    """Let the app list the dashboard's provider, and say who may see it."""
    app.edit("config/providers.py", lambda text: text + PROVIDERS)
    app.write("app/providers/SiteProvider.py", SITE_PROVIDER)
    if masonite_major() == 4:
        app.write("config/exceptions.py", "HANDLERS = {}\nOPTIONS = {'options.editor': 'vscode'}\n")
    return app


def scheduler_of(application: Any) -> Scheduler:
    """The scheduler of an app, whichever provider bound `scheduler` last."""
    return proxy_of(application).scheduler


@dataclass(frozen=True)
class Response:
    """What came back: `headers` have lower-case names, `cookies` are those that were set."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Browser:
    """Sends requests to an application in this process, keeping cookies."""

    application: Any
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    environ: dict[str, Any] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Response:
        return self.request("GET", path, headers=headers)

    def post(self, path: str, form: Mapping[str, str], **headers: str) -> Response:
        return self.request("POST", path, form, headers)

    def request(
        self, method: str, path: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        body = urlencode(form or {}).encode()
        parts = urlsplit(path)
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "localhost:8000",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.url_scheme": "http",
            "wsgi.multithread": False,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            **self.environ,
        }
        if form is not None:
            environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
        if self.cookies:
            environ["HTTP_COOKIE"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        for name, value in {**self.headers, **(headers or {})}.items():
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        return self._send(environ)

    def _send(self, environ: dict[str, Any]) -> Response:
        seen: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]]) -> None:
            seen["status"], seen["headers"] = int(status.split(maxsplit=1)[0]), headers

        body = b"".join(self.application(environ, start_response))
        cookies = dict(
            value.split(";")[0].split("=", 1) for name, value in seen["headers"] if name.lower() == "set-cookie"
        )
        self.cookies.update({name: value for name, value in cookies.items() if value})
        headers = {name.lower(): value for name, value in seen["headers"] if name.lower() != "set-cookie"}
        return Response(seen["status"], headers, body, cookies)


@contextmanager
def serving(app: App, *, gate: bool = True, environment: str = "production", **headers: str) -> Iterator[Browser]:
    """Boot the app in this process; with `gate` it says who may see the schedule."""
    os.environ["WITH_GATE"] = "yes" if gate else "no"
    _forget_gates()
    try:
        with booted(app.root) as application:
            os.environ["APP_ENV"] = environment
            yield Browser(application, dict(headers))
    finally:
        os.environ.pop("WITH_GATE", None)


def _forget_gates() -> None:
    """Empty what Masonite keeps of gates in default arguments, and so shares between the apps of one process."""
    from masonite.authorization import Gate

    for default in Gate.__init__.__defaults__:
        if default is not None:
            default.clear()
