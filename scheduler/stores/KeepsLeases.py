"""The leases of a store in a relational database."""

from __future__ import annotations

from datetime import datetime

from scheduler.process import is_gone
from scheduler.stores.connection import Connection, Transaction
from scheduler.stores.rows import lease_of, text_of
from scheduler.stores.Store import Lease


class KeepsLeases:
    """Keeps leases behind a connection: a part of `DatabaseStore`."""

    connection: Connection

    def acquire(self, lease: Lease, now: datetime) -> bool:
        """Take the lease on a task that is free, expired, or held by a process of this host that is gone."""

        def work(transaction: Transaction) -> bool:
            for row in transaction.rows("SELECT * FROM scheduler_leases WHERE task = ?", (lease.key,)):
                held = lease_of(row)
                if held.token != lease.token and held.expires_at > now and not is_gone(held.owner):
                    return False
                transaction.change(
                    "DELETE FROM scheduler_leases WHERE task = ? AND token = ? AND owner = ? AND expires_at = ?",
                    (held.key, held.token, held.owner, text_of(held.expires_at)),
                )
            return transaction.insert_new(
                "scheduler_leases",
                {
                    "task": lease.key,
                    "token": lease.token,
                    "owner": lease.owner,
                    "host": lease.host,
                    "pid": lease.pid,
                    "expires_at": text_of(lease.expires_at),
                },
            )

        return bool(self.connection.transaction(work))

    def hand_over(self, key: str, token: str, owner: str, pid: int) -> None:
        """Let the process `owner` hold the lease from now on."""
        self.connection.change(
            "UPDATE scheduler_leases SET owner = ?, pid = ? WHERE task = ? AND token = ?", (owner, pid, key, token)
        )

    def release(self, key: str, token: str) -> None:
        """Give up a lease, if it is still the token's."""
        self.connection.change("DELETE FROM scheduler_leases WHERE task = ? AND token = ?", (key, token))

    def leases(self) -> list[Lease]:
        """Return all leases."""
        return [lease_of(row) for row in self.connection.rows("SELECT * FROM scheduler_leases ORDER BY task")]

    def unlock(self, key: str) -> bool:
        """Remove the lease on a task, whoever holds it; False where there is none."""
        return self.connection.change("DELETE FROM scheduler_leases WHERE task = ?", (key,)) == 1
