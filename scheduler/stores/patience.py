"""How long a database may keep a process waiting: no server that accepts and never answers stops the scheduler."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

ANSWER_SECONDS: Final = 15
"""For the answer to one statement, and for a connection to be made."""

LOCK_SECONDS: Final = 10
"""For what another transaction holds: shorter, so that the server can say which of the two it was."""

SESSION: Final = {
    "postgres": f"SET lock_timeout = '{LOCK_SECONDS}s'",
    "mysql": f"SET SESSION innodb_lock_wait_timeout = {LOCK_SECONDS}, lock_wait_timeout = {LOCK_SECONDS}",
}
"""What is said to a server first."""


def mysql_options() -> dict[str, float]:
    """Return what pymysql is told when it connects."""
    return dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), ANSWER_SECONDS)


@contextmanager
def postgres_answers() -> Iterator[None]:
    """Let psycopg2 wait no longer than `ANSWER_SECONDS` at a time, as long as the block lasts.

    libpq itself waits for ever for a server whose machine is well. psycopg2 lets one wait in its place, and only for
    the whole process: hence the block, which is as short as a statement.
    """
    try:
        from psycopg2 import OperationalError, extensions  # noqa: PLC0415 - only where it is the store's
    except ModuleNotFoundError:  # whoever connects says what to install
        yield
        return

    def wait(connection: Any) -> None:
        give_up = time.monotonic() + ANSWER_SECONDS
        while (state := connection.poll()) != extensions.POLL_OK:
            poll = select.poll()
            poll.register(connection.fileno(), select.POLLIN if state == extensions.POLL_READ else select.POLLOUT)
            if not poll.poll(max(0.0, give_up - time.monotonic()) * 1000):
                raise OperationalError(f"it did not answer within {ANSWER_SECONDS:g} seconds")

    kept = extensions.get_wait_callback()
    extensions.set_wait_callback(wait)
    try:
        yield
    finally:
        extensions.set_wait_callback(kept)
