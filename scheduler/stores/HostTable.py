"""The last ticks of hosts and the last reports of workers, in a relational database."""

from __future__ import annotations

from datetime import datetime

from scheduler.stores.connection import Connection, Transaction
from scheduler.stores.rows import instant_of, text_of
from scheduler.stores.values import HeardWorker


class HostTable:
    """Records when each host last ticked and when its workers last reported: a part of `Store`."""

    connection: Connection

    def record_tick(self, host: str, now: datetime) -> None:
        """Record that `host` ticked."""
        self.connection.transaction(lambda transaction: save_tick(transaction, host, now))

    def record_worker(self, executor: str, host: str, pid: int, now: datetime) -> None:
        """Record that a worker of an executor on `host` reported."""
        values = {"executor": executor, "host": host, "pid": pid, "heard_at": text_of(now)}

        def work(transaction: Transaction) -> None:
            sql = "UPDATE scheduler_workers SET pid = ?, heard_at = ? WHERE executor = ? AND host = ?"
            if not transaction.change(sql, (pid, text_of(now), executor, host)):
                transaction.insert_new("scheduler_workers", values)

        self.connection.transaction(work)

    def heard_workers(self) -> list[HeardWorker]:
        """Return when a worker last reported, for each executor and host."""
        rows = self.connection.rows("SELECT * FROM scheduler_workers ORDER BY executor, host")
        return [
            HeardWorker(row["executor"], row["host"], int(row["pid"]), instant_of(row["heard_at"])) for row in rows
        ]

    def prune_workers(self, before: datetime) -> None:
        """Delete workers that have not reported since `before`."""
        if self.connection.rows("SELECT host FROM scheduler_workers WHERE heard_at < ?", (text_of(before),)):
            self.connection.change("DELETE FROM scheduler_workers WHERE heard_at < ?", (text_of(before),))

    def ticks(self) -> dict[str, datetime]:
        """Return the last tick of each host."""
        return {
            row["host"]: instant_of(row["ticked_at"]) for row in self.connection.rows("SELECT * FROM scheduler_ticks")
        }


def save_tick(transaction: Transaction, host: str, now: datetime) -> None:
    """Record the last tick of a host as a part of a transaction."""
    if not transaction.change("UPDATE scheduler_ticks SET ticked_at = ? WHERE host = ?", (text_of(now), host)):
        transaction.insert_new("scheduler_ticks", {"host": host, "ticked_at": text_of(now)})
