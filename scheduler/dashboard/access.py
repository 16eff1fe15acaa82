"""Who may see the dashboard and use its buttons: only users that a gate allows, or a developer on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

VIEW: Final = "view-schedule"
MANAGE: Final = "manage-schedule"
LOCAL_ENVIRONMENTS: Final = ("local", "development")
LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]")
FORWARDING: Final = (
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_CLIENT_IP",
    "HTTP_TRUE_CLIENT_IP",
    "HTTP_CF_CONNECTING_IP",
    "HTTP_FASTLY_CLIENT_IP",
    "HTTP_X_REAL_IP",
    "HTTP_X_CLIENT_IP",
    "HTTP_X_CLUSTER_CLIENT_IP",
    "HTTP_X_ORIGINAL_HOST",
    "HTTP_X_ORIGINAL_URL",
    "HTTP_X_SCHEME",
)
"""Headers that only a proxy sends; so are all that begin with `X-Forwarded` or `Proxy-`."""
PROXY_PROTOCOL: Final = "HTTP/1.0"
"""The version of HTTP that nginx speaks to an app by default, without a forwarding header; no browser uses it."""
NAME_LENGTH: Final = 120


@dataclass(frozen=True, slots=True)
class Visitor:
    """The sender of a request: `who` is the name under which actions are recorded."""

    may_view: bool
    may_manage: bool
    who: str


def visitor_of(gate: Any, user: Any, environ: Mapping[str, Any], environment: str) -> Visitor:
    """Return what `user` may do, None or False being a guest; `gate` is None if the app has none.

    If the app has such a gate, guests may do nothing, and users what the gate allows. If it has none, only a developer
    at this machine may do anything.
    """
    local = is_local(environ, environment)
    may_view = _may(gate, VIEW, user, local=local)
    return Visitor(may_view, may_view and _may(gate, MANAGE, user, local=local), _name_of(user, environ))


def is_local(environ: Mapping[str, Any], environment: str) -> bool:
    """Return whether a request comes from this machine, directly, to an app under development."""
    return (
        environment in LOCAL_ENVIRONMENTS
        and _is_loopback(str(environ.get("REMOTE_ADDR") or ""))
        and not any(_is_forwarding(name) for name in environ)
        and environ.get("SERVER_PROTOCOL") != PROXY_PROTOCOL
        and _host_of(str(environ.get("HTTP_HOST") or "")) in LOCAL_HOSTS
    )


def _may(gate: Any, ability: str, user: Any, *, local: bool) -> bool:
    if gate is None or not gate.has(ability):
        return local
    # Masonite admits guests, without calling the gate, if its first parameter has the default None
    return bool(user) and bool(gate.for_user(user).allows(ability))


def _is_loopback(address: str) -> bool:
    try:
        peer = ip_address(address)
    except ValueError:
        return False
    if isinstance(peer, IPv6Address) and peer.ipv4_mapped is not None:
        return peer.ipv4_mapped.is_loopback
    return peer.is_loopback


def _is_forwarding(name: str) -> bool:
    return name in FORWARDING or name.startswith(("HTTP_X_FORWARDED", "HTTP_PROXY_"))


def _host_of(header: str) -> str:
    """Return the host of a Host header without its port, in lower case."""
    host, colon, port = header.rpartition(":")
    return (host if colon and port.isascii() and port.isdigit() else header).lower()


def _name_of(user: Any, environ: Mapping[str, Any]) -> str:
    if not user:
        return f"a developer at {environ.get('REMOTE_ADDR') or 'this machine'}"
    for attribute in ("email", "username", "name"):
        name = _text_of(user, attribute)
        if name:
            return name[:NAME_LENGTH]
    return f"user {_text_of(user, 'id') or '?'}"[:NAME_LENGTH]


def _text_of(user: Any, attribute: str) -> str:
    try:
        value = getattr(user, attribute)
    except Exception:  # noqa: BLE001 - a user is the app's own model
        return ""
    return str(value).strip() if isinstance(value, (str, int)) else ""
