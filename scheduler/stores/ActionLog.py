"""Who paused, resumed and started tasks by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from scheduler.stores.connection import Connection
from scheduler.stores.rows import instant_of, storable, text_of

WHO_LENGTH: Final = 200
DETAIL_LENGTH: Final = 500
KEPT: Final = timedelta(days=90)
REFUSED_THREADS: Final = "refused threads"
"""The action that a dashboard records if its web server uses threads."""


@dataclass(frozen=True, slots=True)
class UserAction:
    """Something that a person did: `what` ('paused', 'resumed', 'asked for a run') to the task `key`, or to all."""

    at: datetime
    who: str
    what: str
    key: str
    detail: str = ""


class ActionLog:
    """Records who did what by hand: a part of `Store`."""

    connection: Connection

    def record_action(self, action: UserAction) -> None:
        """Record an action, and delete those older than `KEPT`."""
        self.connection.change(
            "INSERT INTO scheduler_actions (done_at, who, what, task, detail) VALUES (?, ?, ?, ?, ?)",
            (
                text_of(action.at),
                storable(action.who)[:WHO_LENGTH],
                action.what,
                action.key,
                storable(action.detail)[:DETAIL_LENGTH],
            ),
        )
        self.connection.change("DELETE FROM scheduler_actions WHERE done_at < ?", (text_of(action.at - KEPT),))

    def forget_actions(self, what: str) -> None:
        """Forget the actions of one kind; nothing is written if there are none."""
        if self.connection.rows("SELECT id FROM scheduler_actions WHERE what = ? LIMIT 1", (what,)):
            self.connection.change("DELETE FROM scheduler_actions WHERE what = ?", (what,))

    def actions(self, key: str | None = None, limit: int = 20) -> list[UserAction]:
        """Return the latest actions, or those that concern a task (also by concerning all tasks), the newest first."""
        condition, values = (" WHERE task IN (?, '')", (key,)) if key is not None else ("", ())
        rows = self.connection.rows(
            f"SELECT done_at, who, what, task, detail FROM scheduler_actions{condition}"
            f" ORDER BY done_at DESC, id DESC LIMIT {int(limit)}",
            values,
        )
        return [
            UserAction(instant_of(row["done_at"]), row["who"], row["what"], row["task"], row["detail"] or "")
            for row in rows
        ]
