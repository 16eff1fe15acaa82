"""Sockets to MySQL and MariaDB whose thread does other work while it waits for an answer."""

from __future__ import annotations

import select
import socket
import ssl
import time
from typing import Any, Final

from scheduler.stores.meanwhile import wait_until_ready

LONGEST: Final = 15.0
"""Seconds for an answer if the socket has no timeout of its own."""


class PatientSocket(socket.socket):
    """A socket that raises `TimeoutError` after its timeout."""

    def recv_into(self, *arguments: Any) -> int:
        """Read into a buffer."""
        _wait_for_data(self, _give_up(self))
        return super().recv_into(*arguments)


class PatientSSLSocket(ssl.SSLSocket):
    """The same with TLS."""

    def recv_into(self, *arguments: Any) -> int:
        """Read into a buffer; what arrives may be no data, but part of the protocol."""
        give_up, seconds = _give_up(self), self.gettimeout()
        self.setblocking(False)
        try:
            while True:
                try:
                    return super().recv_into(*arguments)
                except ssl.SSLWantReadError:
                    _wait_for_data(self, give_up)
        finally:
            self.settimeout(seconds)


def connect(raw: Any) -> None:
    """Connect a pymysql connection that was made with `defer_connect`."""
    if raw.unix_socket or raw.bind_address:
        raw.connect()
        return
    if getattr(raw, "ctx", None) is not None:
        raw.ctx.sslsocket_class = PatientSSLSocket
    made = socket.create_connection((raw.host, raw.port), raw.connect_timeout)
    patient = PatientSocket(made.family, made.type, made.proto, fileno=made.detach())
    patient.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    patient.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    raw.connect(patient)


def _give_up(waiting: socket.socket) -> float:
    return time.monotonic() + (waiting.gettimeout() or LONGEST)


def _wait_for_data(waiting: socket.socket, give_up: float) -> None:
    if not wait_until_ready(waiting.fileno(), select.POLLIN, give_up):
        raise TimeoutError("timed out")
