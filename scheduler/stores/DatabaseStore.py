"""A store in a relational database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

from scheduler.process import host_name, is_gone
from scheduler.runs import Outcome, Pause, Run, SkipReason
from scheduler.stores.connection import Connection, Row, Transaction
from scheduler.stores.Store import Claim, Lease, lease_token

T = TypeVar("T")
SUMMARY = (
    "id, slot, task, fire_time, attempt, late, outcome, skip_reason, detail, start_after, started_at, ended_at, owner, "
    "host, pid, error, location"
)


ENDED = tuple(Outcome)
Part = tuple[str, tuple[str, ...]]
"""A condition on the runs of a history, and its values."""

AT_ONCE = 500
"""How many values one statement names."""
LOOKED_AT = 2
"""How many of the latest runs of a task are looked at for the last one that has ended."""
PRUNED_AT_ONCE = 5000
"""More is left to the next tick, so that none takes long."""

PAUSES_KEPT = timedelta(days=30)
"""How long after its end a pause still says why fire times of then were not run."""

CLOCK = {
    "postgres": "SELECT TO_CHAR(CLOCK_TIMESTAMP() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS now",
    "mysql": "SELECT CAST(UTC_TIMESTAMP(6) AS CHAR) AS now",
}
"""How a server's own clock is asked."""


class DatabaseStore:
    """Keeps everything in a few tables; the unique `slot` of a run is the whole guarantee that it starts once.

    Instants are kept as text in UTC, so that they compare alike in every database.
    """

    def __init__(self, connection: Connection, *, shared: bool = True) -> None:
        """Keep everything behind `connection`; `shared` says whether another connection finds the same there."""
        self.connection = connection
        self._is_shared = shared

    def cursors(self, before: datetime | None = None) -> dict[str, datetime]:
        """Return up to when (exclusive) each task known to the store was judged; of those behind `before`, if given."""
        latest = _text(before) if before else "9999"
        rows = self.connection.rows("SELECT task, judged_until FROM scheduler_cursors WHERE judged_until < ?", [latest])
        return {row["task"]: _instant(row["judged_until"]) for row in rows}

    def claim(
        self,
        claims: Sequence[Claim],
        cursors: Mapping[str, datetime],
        owner: str,
        now: datetime,
        *,
        ticked: str = "",
    ) -> list[Run]:
        """Claim slots, move cursors forward, and return the runs that came of it, those with an outcome too."""

        def work(transaction: Transaction) -> list[str | None]:
            slots = [
                claim.slot for claim in in_order if transaction.insert_new("scheduler_runs", _row_of(claim, owner, now))
            ]
            for until in sorted(set(cursors.values())):
                _move_cursors(transaction, sorted(task for task, moved in cursors.items() if moved == until), until)
            if ticked:
                _record_tick(transaction, ticked, now)
            return slots

        in_order = sorted(claims, key=lambda claim: claim.slot or "")
        if not claims and not cursors and not ticked:
            return []
        won = set(self.connection.transaction(work))
        rows = self._with_outcome([claim.slot for claim in claims if claim.outcome and claim.slot in won])
        if any(claim.outcome is None for claim in claims if claim.slot in won):
            rows += self.connection.rows(
                f"SELECT {SUMMARY} FROM scheduler_runs"
                " WHERE outcome IS NULL AND started_at IS NULL AND owner = ? AND claimed_at = ? ORDER BY id",
                (owner, _text(now)),
            )
        order = {claim.slot: position for position, claim in enumerate(claims)}
        return [_run(row) for row in sorted(rows, key=lambda row: order.get(row["slot"], 0)) if row["slot"] in won]

    def open_runs(self) -> list[Run]:
        """Return the runs without an outcome: pending and running ones."""
        return [
            _run(row)
            for row in self.connection.rows(f"SELECT {SUMMARY} FROM scheduler_runs WHERE outcome IS NULL ORDER BY id")
        ]

    def adopt(self, run: Run, owner: str, now: datetime) -> bool:
        """Take over a pending run from the owner it has in `run`; False where somebody else was quicker."""
        return self._changed(
            "UPDATE scheduler_runs SET owner = ?, heartbeat_at = ?, late = ?"
            " WHERE id = ? AND owner = ? AND started_at IS NULL AND outcome IS NULL",
            (owner, _text(now), int(run.late), run.id, run.owner),
        )

    def start(self, run: Run, pid: int, now: datetime) -> bool:
        """Turn a pending run of `run.owner` into a running one; False where it is not pending or not theirs."""
        return self._changed(
            "UPDATE scheduler_runs SET started_at = ?, heartbeat_at = ?, host = ?, pid = ?"
            " WHERE id = ? AND owner = ? AND started_at IS NULL AND outcome IS NULL",
            (_text(now), _text(now), host_name(), pid, run.id, run.owner),
        )

    def finish(self, run: Run, retry: Claim | None = None) -> bool:
        """Write down the outcome of `run` and the claim on its next attempt; False where it has another outcome."""
        values = (
            run.outcome.value if run.outcome else None,
            run.skip_reason.value if run.skip_reason else None,
            _text(run.started_at),
            _text(run.ended_at),
            *(_storable(text) for text in (run.detail, run.error, run.location, run.traceback, run.output)),
            run.id,
        )

        def work(transaction: Transaction) -> bool:
            changed = transaction.change(
                "UPDATE scheduler_runs SET outcome = ?, skip_reason = ?, started_at = ?, ended_at = ?, detail = ?,"
                " error = ?, location = ?, traceback = ?, output = ? WHERE id = ? AND outcome IS NULL",
                values,
            )
            if not changed:
                said = transaction.rows("SELECT outcome, ended_at FROM scheduler_runs WHERE id = ?", (run.id,))
                if not said or (said[0]["outcome"], said[0]["ended_at"]) != (values[0], values[3]):
                    return False
            if retry:
                transaction.insert_new("scheduler_runs", _row_of(retry, "", run.ended_at or run.started_at))
            return True

        return bool(self.connection.transaction(work))

    def beat(self, owner: str, now: datetime, ttl: timedelta) -> None:
        """Tell that `owner` lives: renew all its leases until `now + ttl`, and its open runs."""

        def work(transaction: Transaction) -> None:
            transaction.change(
                "UPDATE scheduler_leases SET expires_at = ? WHERE token = ? OR token LIKE ?",
                (_text(now + ttl), owner, lease_token(owner, 0)[:-1] + "%"),
            )
            transaction.change(
                "UPDATE scheduler_runs SET heartbeat_at = ? WHERE owner = ? AND outcome IS NULL", (_text(now), owner)
            )

        self.connection.transaction(work)

    def heartbeats(self) -> dict[int, datetime]:
        """Return when each open run was last known to live."""
        rows = self.connection.rows("SELECT id, heartbeat_at, claimed_at FROM scheduler_runs WHERE outcome IS NULL")
        return {int(row["id"]): _instant(row["heartbeat_at"] or row["claimed_at"]) for row in rows}

    def acquire(self, lease: Lease, now: datetime) -> bool:
        """Take the lease on a task that is free, expired, or held by a process of this host that is gone."""

        def work(transaction: Transaction) -> bool:
            for row in transaction.rows("SELECT * FROM scheduler_leases WHERE task = ?", (lease.key,)):
                held = _lease(row)
                if held.token != lease.token and held.expires_at > now and not is_gone(held.owner):
                    return False
                transaction.change(
                    "DELETE FROM scheduler_leases WHERE task = ? AND token = ? AND owner = ? AND expires_at = ?",
                    (held.key, held.token, held.owner, _text(held.expires_at)),
                )
            return transaction.insert_new(
                "scheduler_leases",
                {
                    "task": lease.key,
                    "token": lease.token,
                    "owner": lease.owner,
                    "host": lease.host,
                    "pid": lease.pid,
                    "expires_at": _text(lease.expires_at),
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
        return [_lease(row) for row in self.connection.rows("SELECT * FROM scheduler_leases ORDER BY task")]

    def unlock(self, key: str) -> bool:
        """Remove the lease on a task, whoever holds it; False where there is none."""
        return self._changed("DELETE FROM scheduler_leases WHERE task = ?", (key,))

    def history(
        self,
        *,
        keys: Collection[str] = (),
        outcomes: Collection[Outcome] = (),
        since: datetime | None = None,
        limit: int = 50,
    ) -> list[Run]:
        """Return the latest runs, the newest first, without their output and traceback."""
        found = self._latest(_parts(keys, outcomes), since, limit)
        found.sort(key=lambda row: (row["claimed_at"], int(row["id"])), reverse=True)
        return [_run(row) for row in found[:limit]]

    def _latest(self, parts: Sequence[Part], since: datetime | None, limit: int) -> list[Row]:
        """Return the latest runs of each part of the history: however long that is, a seek in an index for each."""
        late_enough, values = (" AND claimed_at >= ?", (_text(since),)) if since else ("", ())
        query = (
            f"SELECT {SUMMARY}, claimed_at FROM scheduler_runs WHERE {{}}{late_enough}"
            f" ORDER BY claimed_at DESC, id DESC LIMIT {int(limit)}"
        )
        return [row for condition, own in parts for row in self.connection.rows(query.format(condition), own + values)]

    def run(self, run_id: int) -> Run | None:
        """Return one run whole."""
        rows = self.connection.rows("SELECT * FROM scheduler_runs WHERE id = ?", (run_id,))
        return _run(rows[0]) if rows else None

    def runs_for(self, key: str, start: datetime, end: datetime) -> list[Run]:
        """Return the runs of a task whose fire time lies from `start` on and before `end`, the earliest claim first."""
        rows = self.connection.rows(
            f"SELECT {SUMMARY} FROM scheduler_runs WHERE task = ? AND fire_time >= ? AND fire_time < ? ORDER BY id",
            (key, _text(start), _text(end)),
        )
        return [_run(row) for row in rows]

    def last_runs(self, keys: Iterable[str]) -> dict[str, Run]:
        """Return the latest run that has an outcome, of each of these tasks that has one."""
        last: dict[str, Run] = {}
        for key in keys:
            latest = self.history(keys=[key], limit=LOOKED_AT)
            ended = [run for run in latest if run.outcome]
            if not ended and len(latest) == LOOKED_AT:
                ended = self.history(keys=[key], outcomes=ENDED, limit=1)
            if ended:
                last[key] = ended[0]
        return last

    def prune(self, before: datetime) -> int:
        """Delete runs that ended before `before`, `PRUNED_AT_ONCE` at most, and return how many."""
        ended = [outcome.value for outcome in ENDED]
        rows = self.connection.rows(
            f"SELECT id FROM scheduler_runs WHERE outcome IN ({_marks(ended)}) AND claimed_at < ? AND ended_at < ?"
            f" LIMIT {PRUNED_AT_ONCE}",
            (*ended, _text(before), _text(before)),
        )
        return sum(
            self.connection.change(
                f"DELETE FROM scheduler_runs WHERE id IN ({_marks(some)})", [row["id"] for row in some]
            )
            for some in _slices(rows, AT_ONCE)
        )

    def pause(self, pause: Pause) -> None:
        """Let a pause begin, in place of one of the same key that has not ended."""

        def work(transaction: Transaction) -> None:
            _end_pauses(transaction.change, pause.key, pause.since)
            forgotten = _text(pause.since - PAUSES_KEPT)
            transaction.change("DELETE FROM scheduler_pauses WHERE paused_until < ?", (forgotten,))
            transaction.insert_new(
                "scheduler_pauses",
                {
                    "task": pause.key,
                    "paused_since": _text(pause.since),
                    "paused_until": _text(pause.until),
                    "reason": _storable(pause.reason),
                    "who": _storable(pause.who),
                },
            )

        self.connection.transaction(work)

    def resume(self, key: str, now: datetime) -> bool:
        """End the pauses of a key; False where none was left to end."""
        return _end_pauses(self.connection.change, key, now) > 0

    def pauses(self) -> list[Pause]:
        """Return the pauses there are, and those that ended not long ago."""
        return [
            Pause(
                row["task"],
                _instant(row["paused_since"]),
                _maybe_instant(row["paused_until"]),
                row["reason"] or "",
                row["who"] or "",
            )
            for row in self.connection.rows("SELECT * FROM scheduler_pauses ORDER BY id")
        ]

    def begin_streak(self, key: str, run: Run) -> bool:
        """Note that a task has begun to fail with `run`; False where it began with another one."""

        def work(transaction: Transaction) -> bool:
            since = _text(run.ended_at or run.started_at)
            if transaction.insert_new("scheduler_streaks", {"task": key, "run": run.id, "since": since}):
                return True
            return bool(transaction.rows("SELECT run FROM scheduler_streaks WHERE task = ? AND run = ?", (key, run.id)))

        return bool(self.connection.transaction(work))

    def end_streak(self, key: str) -> datetime | None:
        """Note that a task fails no longer, and return since when it did; None where it did not."""
        rows = self.connection.rows("SELECT run, since FROM scheduler_streaks WHERE task = ?", (key,))
        if not rows:
            return None
        values = (key, rows[0]["run"])
        ended = self._changed("DELETE FROM scheduler_streaks WHERE task = ? AND run = ?", values)
        return _instant(rows[0]["since"]) if ended else None

    def clock(self) -> datetime | None:
        """Return what the database's own clock says, None where that is the one of this machine."""
        sql = CLOCK.get(self.connection.driver)
        return _instant(self.connection.rows(sql)[0]["now"]) if sql else None

    def record_tick(self, host: str, now: datetime) -> None:
        """Remember that `host` ticked."""
        self.connection.transaction(lambda transaction: _record_tick(transaction, host, now))

    def ticks(self) -> dict[str, datetime]:
        """Return the last tick of each host."""
        return {
            row["host"]: _instant(row["ticked_at"]) for row in self.connection.rows("SELECT * FROM scheduler_ticks")
        }

    def reopened(self) -> DatabaseStore | None:
        """Return the same store by another connection, for another thread; None where this process has it alone."""
        return DatabaseStore(self.connection.another()) if self._is_shared else None

    def close(self) -> None:
        """End its connection; it is made anew when needed."""
        self.connection.close()

    def _with_outcome(self, slots: Sequence[str | None]) -> list[Row]:
        sql = f"SELECT {SUMMARY} FROM scheduler_runs WHERE slot IN"
        return [
            row
            for some in _slices(slots, AT_ONCE)
            for row in self.connection.rows(f"{sql} ({_marks(some)})", some)
        ]

    def _changed(self, sql: str, values: Sequence[Any]) -> bool:
        return self.connection.change(sql, values) == 1


def _move_cursors(transaction: Transaction, tasks: Sequence[str], until: datetime) -> None:
    for some in _slices(tasks, AT_ONCE):
        changed = transaction.change(
            f"UPDATE scheduler_cursors SET judged_until = ? WHERE judged_until < ? AND task IN ({_marks(some)})",
            (_text(until), _text(until), *some),
        )
        if changed < len(some):
            rows = transaction.rows(f"SELECT task FROM scheduler_cursors WHERE task IN ({_marks(some)})", some)
            for task in sorted(set(some) - {row["task"] for row in rows}):
                transaction.insert_new("scheduler_cursors", {"task": task, "judged_until": _text(until)})


def _record_tick(transaction: Transaction, host: str, now: datetime) -> None:
    if not transaction.change("UPDATE scheduler_ticks SET ticked_at = ? WHERE host = ?", (_text(now), host)):
        transaction.insert_new("scheduler_ticks", {"host": host, "ticked_at": _text(now)})


def _end_pauses(change: Callable[[str, Sequence[Any]], int], key: str, now: datetime) -> int:
    sql = "UPDATE scheduler_pauses SET paused_until = ? WHERE task = ? AND (paused_until IS NULL OR paused_until > ?)"
    return change(sql, (_text(now), key, _text(now)))


def _row_of(claim: Claim, owner: str, now: datetime | None) -> Row:
    return {
        "slot": claim.slot,
        "task": claim.key,
        "fire_time": _text(claim.fire_time),
        "attempt": claim.attempt,
        "late": int(claim.late),
        "outcome": claim.outcome.value if claim.outcome else None,
        "skip_reason": claim.skip_reason.value if claim.skip_reason else None,
        "detail": _storable(claim.detail),
        "claimed_at": _text(now),
        "start_after": _text(claim.start_after),
        "ended_at": _text(now) if claim.outcome else None,
        "heartbeat_at": _text(now),
        "owner": owner,
    }


def _run(row: Row) -> Run:
    return Run(
        key=row["task"],
        fire_time=_maybe_instant(row["fire_time"]),
        id=int(row["id"]),
        attempt=int(row["attempt"]),
        late=bool(row["late"]),
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        skip_reason=SkipReason(row["skip_reason"]) if row["skip_reason"] else None,
        detail=row["detail"] or "",
        start_after=_maybe_instant(row["start_after"]),
        started_at=_maybe_instant(row["started_at"]),
        ended_at=_maybe_instant(row["ended_at"]),
        host=row["host"] or "",
        pid=int(row["pid"] or 0),
        owner=row["owner"],
        error=row["error"] or "",
        location=row["location"] or "",
        traceback=row.get("traceback") or "",
        output=row.get("output") or "",
        slot=row["slot"] or "",
    )


def _lease(row: Row) -> Lease:
    return Lease(row["task"], row["token"], row["owner"], row["host"], int(row["pid"]), _instant(row["expires_at"]))


def _text(instant: datetime | None) -> str | None:
    return instant.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f") if instant else None


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def _maybe_instant(text: str | None) -> datetime | None:
    return _instant(text) if text else None


def _storable(text: str) -> str:
    """Return `text` without what databases refuse: PostgreSQL has no NUL in text, none has lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _parts(keys: Collection[str], outcomes: Collection[Outcome]) -> list[Part]:
    """Return conditions that together ask for runs of these tasks, or all, with these outcomes, or any or none."""
    if keys and outcomes:
        return [("task = ? AND outcome = ?", (key, outcome.value)) for key in keys for outcome in outcomes]
    if keys:
        return [("task = ?", (key,)) for key in keys]
    parts: list[Part] = [("outcome = ?", (outcome.value,)) for outcome in outcomes or ENDED]
    return parts if outcomes else [*parts, ("outcome IS NULL", ())]


def _slices(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _marks(values: Iterable[object]) -> str:
    return ", ".join("?" for _ in values)
