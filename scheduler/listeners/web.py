"""One small request over HTTP: a ping or a webhook."""

from __future__ import annotations

import base64
from typing import Any, Final
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from scheduler.errors import SchedulerError
from scheduler.text import MASK, to_json

REDIRECTS: Final = 5
REDIRECT_CODES: Final = (301, 302, 303, 307, 308)
BODY_SENT: Final = 64 * 1024
TEXT_SENT: Final = 16_000
SLACK_SENT: Final = 10_000
"""The number of characters that fit into `BODY_SENT`, however they are escaped in JSON."""


class NotAnswered(SchedulerError):
    """The server sent a redirect that is not followed."""


def send_request(url: str, data: bytes | None = None, *, content: str = "text/plain", seconds: float) -> None:
    """Request `url`, or post the first 64 KiB of `data` there; raise what goes wrong.

    A redirect is followed with the same method and body, to http(s) only and five times at most. No body of an answer
    is read, and each connection is closed.
    """
    headers = {"User-Agent": "masonite-scheduler"}
    if data is not None:
        data = data[:BODY_SENT]
        headers["Content-Type"] = f"{content}; charset=utf-8"
    url, secret = _without_credentials(url)
    if secret:
        headers["Authorization"] = secret
    for _ in range(REDIRECTS + 1):
        target = _request(url, data, headers, seconds)
        if target is None:
            return
        url, _ = _without_credentials(urljoin(url, target))
        if not url.lower().startswith(("http://", "https://")):
            raise NotAnswered(f"its answer redirects to {urlsplit(url).scheme}://, and only http(s) is followed")
        headers.pop("Authorization", None)
    raise NotAnswered(f"its answer redirects more than {REDIRECTS} times")


def slack_body(text: str) -> bytes:
    """Return a message for a webhook of Slack, as JSON: the end of the text if it is long."""
    message = {"text": for_slack(_end(text, SLACK_SENT)), "mrkdwn": False}
    return to_json(message, indent=None).encode()


def run_body(document: dict[str, Any]) -> bytes:
    """Return a document with a `run` as JSON that fits into one request: the longest texts of the run are shortened."""
    for length in (TEXT_SENT, TEXT_SENT // 4, 500):
        items = document["run"].items()
        run = {name: _end(value, length) if isinstance(value, str) else value for name, value in items}
        data = to_json({**document, "run": run}, indent=None).encode()
        if len(data) <= BODY_SENT:
            break
    return data


def for_slack(text: str) -> str:
    """Return text as Slack shows it: nothing in it is a link or a mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def post(url: str, data: bytes, seconds: float) -> None:
    """Post JSON to `url`; raise what goes wrong, without the path of the URL, which may be a secret."""
    parts = urlsplit(url)
    try:
        send_request(url, data, content="application/json", seconds=seconds)
    except Exception as error:  # noqa: BLE001 - raised again without the secret
        words = f"{type(error).__name__}: {error}" if not isinstance(error, SchedulerError) else str(error)
        for secret in (parts.query, parts.path):
            words = words.replace(secret, MASK) if len(secret) > 1 else words
        raise NotAnswered(words) from None


def _end(text: str, length: int) -> str:
    return text if len(text) <= length else f"… {text[-length:]}"


def _request(url: str, data: bytes | None, headers: dict[str, str], seconds: float) -> str | None:
    """Send one request; return where the answer redirects to, None if it does not."""
    from urllib import error, request  # noqa: PLC0415 - 20 ms, only for a task that has a monitor or a webhook

    class NoRedirects(request.HTTPRedirectHandler):
        """Follows nothing: Python would read the whole body of the answer first."""

        def redirect_request(self, *_: Any) -> None:
            """Return no request."""

        def http_error_302(self, *_: Any) -> None:
            """Leave the answer to its error."""

        # the base class declares them with other parameters
        http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302  # type: ignore[assignment]

    asked = request.Request(url, data, headers)  # noqa: S310 - `send_request` lets only http(s) pass
    try:
        request.build_opener(NoRedirects).open(asked, timeout=seconds).close()
    except error.HTTPError as answer:
        answer.close()
        target = answer.headers.get("Location") if answer.code in REDIRECT_CODES else None
        if target is None:
            raise
        return str(target)
    return None


def _without_credentials(url: str) -> tuple[str, str]:
    """Return a URL without its user name and password, and the header that stands for them."""
    parts = urlsplit(url)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))
    if parts.username is None:
        return bare, ""
    secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return bare, f"Basic {base64.b64encode(secret).decode()}"
