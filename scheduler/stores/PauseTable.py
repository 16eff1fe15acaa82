"""The pauses of a store in a relational database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from scheduler.runs import Pause
from scheduler.stores.connection import Connection, Transaction
from scheduler.stores.rows import instant_of, maybe_instant_of, storable, text_of

PAUSES_KEPT = timedelta(days=30)
"""How long an ended pause is kept, to explain why fire times were skipped."""


class PauseTable:
    """Records pauses: a part of `Store`."""

    connection: Connection

    def pause(self, pause: Pause) -> None:
        """Record a pause; it replaces a pause of the same key that has not ended."""

        def work(transaction: Transaction) -> None:
            _end_pauses(transaction.change, pause.key, pause.since)
            forgotten = text_of(pause.since - PAUSES_KEPT)
            transaction.change("DELETE FROM scheduler_pauses WHERE paused_until < ?", (forgotten,))
            transaction.insert_new(
                "scheduler_pauses",
                {
                    "task": pause.key,
                    "paused_since": text_of(pause.since),
                    "paused_until": text_of(pause.until),
                    "reason": storable(pause.reason),
                    "who": storable(pause.who),
                },
            )

        self.connection.transaction(work)

    def resume(self, key: str, now: datetime) -> bool:
        """End the pauses of a key; return False if there are none."""
        return _end_pauses(self.connection.change, key, now) > 0

    def pauses(self) -> list[Pause]:
        """Return the pauses in effect or to come, and those that ended in the last `PAUSES_KEPT`."""
        return [
            Pause(
                row["task"],
                instant_of(row["paused_since"]),
                maybe_instant_of(row["paused_until"]),
                row["reason"] or "",
                row["who"] or "",
            )
            for row in self.connection.rows("SELECT * FROM scheduler_pauses ORDER BY id")
        ]


def _end_pauses(change: Callable[[str, Sequence[Any]], int], key: str, now: datetime) -> int:
    sql = "UPDATE scheduler_pauses SET paused_until = ? WHERE task = ? AND (paused_until IS NULL OR paused_until > ?)"
    return change(sql, (text_of(now), key, text_of(now)))
