"""A store in a relational database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from scheduler.processes.identity import host_name, process_identity
from scheduler.runs import Run
from scheduler.stores.ActionLog import ActionLog
from scheduler.stores.connection import Connection, Row, Transaction
from scheduler.stores.HostTable import HostTable, save_tick
from scheduler.stores.Leases import Leases
from scheduler.stores.PauseTable import PauseTable
from scheduler.stores.rows import LONGEST_LINE, SUMMARY, in_slices, instant_of, marks, row_of, run_of, storable, text_of
from scheduler.stores.RunHistory import HORIZON, STARTED_BEFORE, RunHistory
from scheduler.stores.RunStatistics import RunStatistics
from scheduler.stores.StreakTable import StreakTable
from scheduler.stores.values import Claim

CLOCK = {
    "postgres": "SELECT TO_CHAR(CLOCK_TIMESTAMP() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS now",
    "mysql": "SELECT CAST(UTC_TIMESTAMP(6) AS CHAR) AS now",
}
"""Queries for the time of a database server."""


class Store(RunHistory, Leases, PauseTable, StreakTable, HostTable, RunStatistics, ActionLog):
    """Records claims, leases, runs and cursors in a few tables, for all processes that share the database.

    Every method is atomic, even if a process is killed at any instruction. Each raises
    `StoreUnavailable` if the database cannot be reached or used. The unique `slot` of a run alone guarantees that it
    starts once. Instants are stored as text in UTC, so that they compare alike in every database.
    """

    def __init__(self, connection: Connection, *, shared: bool = True, notices: list[str] | None = None) -> None:
        """Use the database of `connection`; `shared` says whether other connections see the same data.

        `connection` adds to `notices` what people should know about the database.
        """
        self.connection = connection
        self._is_shared = shared
        self._notices = [] if notices is None else notices

    def take_notices(self) -> list[str]:
        """Return what people should know about the database, each notice once."""
        notices = self._notices[:]
        self._notices.clear()
        return notices

    def cursors(self, before: datetime | None = None) -> dict[str, datetime]:
        """Return the cursors of all tasks, or of those whose cursor is before `before`."""
        latest = text_of(before) if before else "9999"
        rows = self.connection.rows("SELECT task, judged_until FROM scheduler_cursors WHERE judged_until < ?", [latest])
        others = {HORIZON, STARTED_BEFORE}
        return {row["task"]: instant_of(row["judged_until"]) for row in rows if row["task"] not in others}

    def claim(
        self,
        claims: Sequence[Claim],
        cursors: Mapping[str, datetime],
        owner: str,
        now: datetime,
        *,
        ticked: str = "",
    ) -> list[Run]:
        """Claim slots, move cursors forward (never back), and return the runs that were claimed.

        Runs without an outcome are now this owner's to start; the others were recorded with their outcome. A slot that
        was claimed before is left alone. `ticked` is the host whose tick this is, if it is one.
        """

        def work(transaction: Transaction) -> list[str | None]:
            is_file = self.connection.driver == "sqlite"
            claimable = _claimable(in_order, transaction) if in_order and is_file else in_order
            slots = [
                claim.slot for claim in claimable if transaction.insert_new("scheduler_runs", row_of(claim, owner, now))
            ]
            for until in sorted(set(cursors.values())):
                _move_cursors(transaction, sorted(task for task, moved in cursors.items() if moved == until), until)
            if ticked:
                save_tick(transaction, ticked, now)
            return slots

        in_order = sorted(claims, key=lambda claim: claim.slot or "")
        if not claims and not cursors and not ticked:
            return []
        won = set(self.connection.transaction(work))
        return self._claimed([claim for claim in claims if claim.slot in won], owner, now)

    def offered_runs(self, key: str) -> list[Run]:
        """Return the pending runs of a task that any worker of their executor may start, the earliest first."""
        rows = self.connection.rows(
            f"SELECT {SUMMARY} FROM scheduler_runs WHERE task = ? AND outcome IS NULL AND started_at IS NULL"
            " AND owner = '' AND executor <> '' ORDER BY fire_time, id",
            (key,),
        )
        return [run_of(row) for row in rows]

    def open_runs(self, key: str | None = None) -> list[Run]:
        """Return the runs without an outcome, pending and running ones: all of them, or those of one task."""
        condition, values = ("", ()) if key is None else (" AND task = ?", (key,))
        sql = f"SELECT {SUMMARY} FROM scheduler_runs WHERE outcome IS NULL{condition} ORDER BY id"
        return [run_of(row) for row in self.connection.rows(sql, values)]

    def adopt(self, run: Run, owner: str, now: datetime) -> bool:
        """Take over a pending run from its owner in `run`; return False if another process was quicker.

        The executor of the run, and whether it is late, are recorded with it.
        """
        changed = self.connection.change(
            "UPDATE scheduler_runs SET owner = ?, heartbeat_at = ?, late = ?, executor = ?"
            " WHERE id = ? AND owner = ? AND started_at IS NULL AND outcome IS NULL",
            (owner, text_of(now), int(run.late), run.executor, run.id, run.owner),
        )
        return changed == 1

    def start(self, run: Run, pid: int, now: datetime) -> bool:
        """Make a pending run of `run.owner` a running one; return False if it is not pending or has another owner."""
        changed = self.connection.change(
            "UPDATE scheduler_runs SET started_at = ?, heartbeat_at = ?, host = ?, pid = ?, process = ?"
            " WHERE id = ? AND owner = ? AND started_at IS NULL AND outcome IS NULL",
            (text_of(now), text_of(now), host_name(), pid, str(process_identity(pid)), run.id, run.owner),
        )
        return changed == 1

    def finish(self, run: Run, retry: Claim | None = None, *, silent_since: datetime | None = None) -> bool:
        """Record the outcome of `run` and, both or neither, the claim on its next attempt, for any tick to start.

        Return False if the run has another outcome or owner; recording the same outcome twice is fine. With
        `silent_since` the outcome is recorded only if the owner has not renewed the run since then.
        """

        def work(transaction: Transaction) -> bool:
            if not (_record_outcome(transaction, run, silent_since) or _is_recorded(transaction, run)):
                return False
            if retry:
                transaction.insert_new("scheduler_runs", row_of(retry, "", run.ended_at or run.started_at))
            return True

        return bool(self.connection.transaction(work))

    def clock(self) -> datetime | None:
        """Return the time of the database server; None if the database is a file and uses the clock of this machine."""
        sql = CLOCK.get(self.connection.driver)
        return instant_of(self.connection.rows(sql)[0]["now"]) if sql else None

    @property
    def crosses_machines(self) -> bool:
        """Return whether other machines may use the store: it is on a database server."""
        return self.connection.driver != "sqlite"

    def reopened(self) -> Store | None:
        """Return the same store with a connection of its own, for another thread; None for a store in memory."""
        return Store(self.connection.another()) if self._is_shared else None

    def close(self) -> None:
        """Close the connection; it is opened again when needed."""
        self.connection.close()

    def _claimed(self, claims: Sequence[Claim], owner: str, now: datetime) -> list[Run]:
        """Return the runs of claims that were made at `now`, in the order of the claims."""
        rows = self._with_outcome([claim.slot for claim in claims if claim.outcome])
        if any(claim.outcome is None for claim in claims):
            rows += self.connection.rows(
                f"SELECT {SUMMARY} FROM scheduler_runs"
                " WHERE outcome IS NULL AND started_at IS NULL AND owner IN (?, '') AND claimed_at = ? ORDER BY id",
                (owner, text_of(now)),
            )
        order = {claim.slot: position for position, claim in enumerate(claims)}
        return [run_of(row) for row in sorted(rows, key=lambda row: order.get(row["slot"], 0)) if row["slot"] in order]

    def _with_outcome(self, slots: Sequence[str | None]) -> list[Row]:
        sql = f"SELECT {SUMMARY} FROM scheduler_runs WHERE slot IN"
        return [
            row
            for some in in_slices(slots)
            for row in self.connection.rows(f"{sql} ({marks(some)})", some)
        ]


def _record_outcome(transaction: Transaction, run: Run, silent_since: datetime | None) -> bool:
    values = (
        *_ending_of(run),
        text_of(run.started_at),
        run.skip_reason.value if run.skip_reason else None,
        *(storable(text, LONGEST_LINE) for text in (run.detail, run.error, run.location)),
        *(storable(text) for text in (run.traceback, run.output)),
        run.id,
        run.owner,
        *((text_of(silent_since),) if silent_since else ()),
    )
    changed = transaction.change(
        "UPDATE scheduler_runs SET outcome = ?, ended_at = ?, started_at = ?, skip_reason = ?, detail = ?,"
        " error = ?, location = ?, traceback = ?, output = ? WHERE id = ? AND owner = ? AND outcome IS NULL"
        + (" AND (heartbeat_at IS NULL OR heartbeat_at <= ?)" if silent_since else ""),
        values,
    )
    return changed > 0


def _is_recorded(transaction: Transaction, run: Run) -> bool:
    """Return whether the store already has this outcome of `run`, recorded by the same owner."""
    rows = transaction.rows("SELECT outcome, ended_at, owner FROM scheduler_runs WHERE id = ?", (run.id,))
    return bool(rows) and tuple(rows[0].values()) == (*_ending_of(run), run.owner)


def _ending_of(run: Run) -> tuple[str | None, str | None]:
    return (run.outcome.value if run.outcome else None, text_of(run.ended_at))


def _claimable(claims: Sequence[Claim], transaction: Transaction) -> Sequence[Claim]:
    """Return the claims without those that the file before this one, which was removed, may have granted."""
    rows = transaction.rows("SELECT judged_until FROM scheduler_cursors WHERE task = ?", (STARTED_BEFORE,))
    if not rows:
        return claims
    first = instant_of(rows[0]["judged_until"])
    return [claim for claim in claims if not (claim.slot and claim.fire_time and claim.fire_time < first)]


def _move_cursors(transaction: Transaction, tasks: Sequence[str], until: datetime) -> None:
    for some in in_slices(tasks):
        changed = transaction.change(
            f"UPDATE scheduler_cursors SET judged_until = ? WHERE judged_until < ? AND task IN ({marks(some)})",
            (text_of(until), text_of(until), *some),
        )
        if changed < len(some):
            rows = transaction.rows(f"SELECT task FROM scheduler_cursors WHERE task IN ({marks(some)})", some)
            for task in sorted(set(some) - {row["task"] for row in rows}):
                transaction.insert_new("scheduler_cursors", {"task": task, "judged_until": text_of(until)})
