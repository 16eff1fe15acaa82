"""Whether a form was sent from a page of the dashboard: a check of its own, since an app may lack Masonite's."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit


def token_of(key: str, session: str, who: str) -> str:
    """Return the token of the forms of one user in one session; without the app's key nobody can compute it."""
    text = f"masonite-scheduler dashboard\n{session}\n{who}"
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()[:40]


def is_forged(environ: Mapping[str, Any], token: str, sent: str) -> bool:
    """Return whether a form was sent by another site, or without the token of its user."""
    return _is_from_elsewhere(environ) or not hmac.compare_digest(token.encode(), sent.encode())


def _is_from_elsewhere(environ: Mapping[str, Any]) -> bool:
    """Return whether the browser names another site as the sender; if it names none, the token alone decides.

    Browsers send `Origin: null` from a page whose referrer policy is `no-referrer`, as that of the dashboard is.
    """
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site:
        return str(site) != "same-origin"
    origin = str(environ.get("HTTP_ORIGIN") or "null")
    if origin == "null":
        return False
    forwarded = str(environ.get("HTTP_X_FORWARDED_HOST") or "").split(",", 1)[0].strip()
    return urlsplit(origin).netloc.lower() not in {str(environ.get("HTTP_HOST") or "").lower(), forwarded.lower()}
