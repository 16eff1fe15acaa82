"""The leases of a store in a relational database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from scheduler.processes.identity import ProcessIdentity, is_alive, is_gone
from scheduler.stores.connection import Connection, Transaction
from scheduler.stores.rows import in_slices, lease_of, marks, text_of
from scheduler.stores.values import Lease, lease_token


class Leases:
    """Grants, renews and ends leases: a part of `Store`."""

    connection: Connection

    def acquire(self, lease: Lease, now: datetime) -> bool:
        """Take the lease on a task that is free, expired, or held by a process of this machine that is gone.

        It is never taken from a process that this machine can see alive, unless that is the same owner: an owner knows
        whether its own run has ended.
        """

        def work(transaction: Transaction) -> bool:
            for row in transaction.rows("SELECT * FROM scheduler_leases WHERE task = ?", (lease.key,)):
                held = lease_of(row)
                if not _is_free(held, lease, now):
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

    def beat(self, owner: str, runs: Mapping[int, str], now: datetime, ttl: timedelta) -> frozenset[int]:
        """Renew the heartbeats of open runs of `owner`, and their leases until `now + ttl`.

        `runs` maps each run to the claim key of its lease, empty if it holds none. Return the runs that still belong to
        the owner: they have no outcome, and nobody else has taken over the run or its lease.
        """

        def work(transaction: Transaction) -> frozenset[int]:
            tokens = {lease_token(owner, run_id): key for run_id, key in runs.items() if key}
            taken: set[str] = set()
            kept: set[int] = set()
            for some in in_slices(list(tokens)):
                sql = f"UPDATE scheduler_leases SET expires_at = ? WHERE token IN ({marks(some)})"
                transaction.change(sql, (text_of(now + ttl), *some))
            for some in in_slices(list(tokens.values())):
                sql = f"SELECT task, token FROM scheduler_leases WHERE task IN ({marks(some)})"
                taken |= {row["task"] for row in transaction.rows(sql, some) if row["token"] not in tokens}
            for ids in in_slices(list(runs)):
                condition = f"owner = ? AND outcome IS NULL AND id IN ({marks(ids)})"
                sql = f"UPDATE scheduler_runs SET heartbeat_at = ? WHERE {condition}"
                transaction.change(sql, (text_of(now), owner, *ids))
                rows = transaction.rows(f"SELECT id FROM scheduler_runs WHERE {condition}", (owner, *ids))
                kept |= {int(row["id"]) for row in rows}
            return frozenset(run_id for run_id in kept if not runs[run_id] or runs[run_id] not in taken)

        return frozenset(self.connection.transaction(work)) if runs else frozenset()

    def hand_over(self, key: str, token: str, owner: str, pid: int) -> bool:
        """Make the process `owner` the holder of a lease; return False if the lease has another token."""
        sql = "UPDATE scheduler_leases SET owner = ?, pid = ? WHERE task = ? AND token = ?"
        return self.connection.change(sql, (owner, pid, key, token)) == 1

    def release(self, key: str, token: str) -> None:
        """Delete a lease if it still has this token."""
        self.connection.change("DELETE FROM scheduler_leases WHERE task = ? AND token = ?", (key, token))

    def leases(self) -> list[Lease]:
        """Return all leases."""
        return [lease_of(row) for row in self.connection.rows("SELECT * FROM scheduler_leases ORDER BY task")]

    def unlock(self, key: str) -> bool:
        """Delete the lease on a task, whoever holds it; return False if there is none."""
        return self.connection.change("DELETE FROM scheduler_leases WHERE task = ?", (key,)) == 1


def _is_free(held: Lease, wanted: Lease, now: datetime) -> bool:
    """Return whether the lease `held` may be taken over."""
    if held.token == wanted.token or held.token.startswith(lease_token(wanted.owner, "")):
        return True
    return is_gone(held.owner) or (held.expires_at <= now and not _runs(held.owner))


def _runs(owner: str) -> bool:
    """Return whether the holder of a lease is a live process of this machine.

    A supervisor holds a lease only until it hands it over to its worker.
    """
    return str(ProcessIdentity.parse(owner)) == owner and is_alive(owner)
