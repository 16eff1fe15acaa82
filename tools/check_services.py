"""Wait until the servers that tests use answer, and name each one that does not.

`.ci/run` calls this first: without one of them hundreds of tests would fail, each in its own words. Their addresses
come from the same variables that the tests read.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

START_SECONDS: Final = 20.0
"""How long a server may take that was started a moment ago."""
ANSWER_SECONDS: Final = 5.0
SSL_REQUEST: Final = b"\0\0\0\x08\x04\xd2\x16\x2f"


class Service(NamedTuple):
    """A server: the variable with its address, the bytes to send, and the expected bytes at a place of its answer."""

    name: str
    variable: str
    url: str
    hello: bytes
    place: int
    answers: bytes


SERVICES: Final = (
    Service("PostgreSQL", "TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres", SSL_REQUEST, 0, b"NS"),
    Service("MariaDB", "TEST_MYSQL", "mysql://root@127.0.0.1:3306/mysql", b"", 4, b"\x0a"),
    Service("RabbitMQ", "TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672/", b"AMQP\0\0\x09\x01", 0, b"\x01"),
    Service("Redis", "TEST_REDIS", "redis://127.0.0.1:6379/5", b"PING\r\n", 0, b"+-"),
)


def main(start_seconds: float = START_SECONDS) -> int:
    """Print one line for each server that does not answer, and return whether there is one."""
    found = (wait_for(service, os.environ, start_seconds) for service in SERVICES)
    complaints = [complaint for complaint in found if complaint]
    print("".join(f"ERROR: {complaint}\n" for complaint in complaints), end="", file=sys.stderr)
    return 1 if complaints else 0


def wait_for(
    service: Service,
    environment: Mapping[str, str],
    start_seconds: float = START_SECONDS,
    answer_seconds: float = ANSWER_SECONDS,
) -> str:
    """Return why a server cannot be used after so many seconds, or an empty text as soon as it can."""
    url = urlsplit(environment.get(service.variable) or service.url)
    address = (url.hostname or "", url.port or urlsplit(service.url).port or 0)
    give_up = time.monotonic() + start_seconds
    while problem := problem_with(service, address, answer_seconds):
        if time.monotonic() > give_up:
            return f"{service.name} {problem} at {address[0]}:{address[1]}. Start it, or set {service.variable}."
        time.sleep(0.2)
    return ""


def problem_with(service: Service, address: tuple[str, int], answer_seconds: float) -> str:
    """Say hello to a server; return what is wrong with its answer, or an empty text."""
    try:
        with socket.create_connection(address, answer_seconds) as connection:
            connection.sendall(service.hello)
            answer = connection.recv(64)
    except TimeoutError:
        return "does not answer"
    except OSError as error:
        return f"cannot be reached ({error.strerror or error})"
    found = answer[service.place : service.place + 1]
    return "" if found and found in service.answers else f"is not what answers ({answer[:40]!r})"


if __name__ == "__main__":
    sys.exit(main())
