"""Between Masonite and the dashboard: middleware, access, and what every response carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from masonite.exceptions import InvalidCSRFToken

from scheduler.config.DashboardSettings import DashboardSettings
from scheduler.dashboard.access import Visitor, visitor_of
from scheduler.dashboard.Dashboard import Dashboard
from scheduler.dashboard.forgery import is_forged, token_of
from scheduler.dashboard.messages import TEXT, Question, Reply

POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}
THREADED: Final = (
    "The schedule's dashboard does not answer on a server with threads, since Masonite would mix up the responses of "
    "requests that run side by side. Fix: serve the app with processes, such as gunicorn --workers 4 --threads 1."
)
FORGED: Final = "This form is out of date or was sent by another site. Fix: go back, reload the page and try again."
MOST_FIELDS: Final = 50
METHODS: Final = ("GET", "HEAD", "POST")
NOT_ALLOWED: Final = Reply(
    405, b"Only GET, HEAD and POST are answered.\n", TEXT, headers={"Allow": ", ".join(METHODS)}
)


class DashboardController:
    """Answers the requests to the dashboard's route."""

    def __init__(self, application: Any, dashboard: Dashboard, settings: DashboardSettings, environment: Any) -> None:
        self._application = application
        self._dashboard = dashboard
        self._settings = settings
        self._environment = environment

    def answer(self, request: Any, response: Any) -> Any:
        """Answer one request and return the response."""
        if request.environ.get("wsgi.multithread"):
            self._dashboard.refuse_threads(str(request.environ.get("SERVER_SOFTWARE") or ""))
            return self._send(request, response, Reply.text(503, THREADED))
        middleware = self._application.make("middleware")
        names = list(self._settings.middleware)
        try:
            if not middleware.run_route_middleware(names, request, response, callback="before"):
                return response
        except InvalidCSRFToken:
            return self._send(request, response, self._unverified(request))
        self._send(request, response, self._reply(request, response))
        middleware.run_route_middleware(names, request, response, callback="after")
        return response

    def _unverified(self, request: Any) -> Reply:
        """Return the response to a request whose token Masonite does not accept; most methods need one."""
        if not self._visitor(request).may_view:
            return self._hidden()
        return Reply.text(403, FORGED) if request.environ.get("REQUEST_METHOD") in METHODS else NOT_ALLOWED

    def _reply(self, request: Any, response: Any) -> Reply:
        visitor = self._visitor(request)
        if not visitor.may_view:
            return self._hidden()
        method = request.environ.get("REQUEST_METHOD", "")
        if method not in METHODS:
            return NOT_ALLOWED
        question = self._question(request, response, visitor)
        if method == "POST" and is_forged(request.environ, question.token, question.form.get("token", "")):
            return Reply.text(403, FORGED)
        return self._dashboard.reply(question)

    def _visitor(self, request: Any) -> Visitor:
        gate = self._application.make("gate") if self._application.has("gate") else None
        return visitor_of(gate, request.user(), request.environ, self._environment())

    def _question(self, request: Any, response: Any, visitor: Visitor) -> Question:
        environ = request.environ
        key = str(self._application.make("key") if self._application.has("key") else "")
        return Question(
            method="POST" if environ.get("REQUEST_METHOD") == "POST" else "GET",
            path=str(environ.get("PATH_INFO", ""))[len(self._settings.prefix) :].strip("/"),
            base=f"{environ.get('SCRIPT_NAME', '')}{self._settings.prefix}",
            title=self._settings.title,
            query=_query(str(environ.get("QUERY_STRING") or "")),
            form=_texts(request.input_bag.post_data),
            may_manage=visitor.may_manage,
            who=visitor.who,
            token=token_of(key, request.cookie("SESSID") or "", visitor.who),
            csrf=response.cookie("csrf_token") or "",
            etag=str(environ.get("HTTP_IF_NONE_MATCH") or ""),
        )

    def _hidden(self) -> Reply:
        """Return the response to somebody who must not learn that there is a dashboard."""
        return Reply.text(404, "Not found.")

    def _send(self, request: Any, response: Any, reply: Reply) -> Any:
        response.status(reply.status)
        for name, value in {**HEADERS, "Content-Type": reply.content_type, **reply.headers}.items():
            response.header(name, value)
        response.content = b"" if request.environ.get("REQUEST_METHOD") == "HEAD" else reply.body
        response.make_headers(reply.content_type)
        return response


def _query(text: str) -> dict[str, str]:
    try:
        return _texts(dict(parse_qsl(text, errors="replace", max_num_fields=MOST_FIELDS)))
    except ValueError:
        return {}


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the values that are text, with the line breaks that a page had: forms send each of them as CR and LF."""
    texts = {name: value for name, value in values.items() if isinstance(name, str) and isinstance(value, str)}
    return {name: value.replace("\r\n", "\n") for name, value in texts.items()}
