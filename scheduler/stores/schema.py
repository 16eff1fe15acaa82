"""The tables of a store, in each database's words."""

from __future__ import annotations

from typing import Final

VERSION: Final = 4
"""Of the local file; one of an older version is brought up to date when it is opened."""
TABLES: Final = (
    "scheduler_runs",
    "scheduler_leases",
    "scheduler_cursors",
    "scheduler_ticks",
    "scheduler_pauses",
    "scheduler_streaks",
)

_TYPES: Final = {
    "sqlite": {"id": "INTEGER PRIMARY KEY AUTOINCREMENT", "key": "TEXT", "text": "TEXT", "time": "TEXT"},
    "postgres": {"id": "BIGSERIAL PRIMARY KEY", "key": "VARCHAR(255)", "text": "TEXT", "time": "VARCHAR(32)"},
    "mysql": {
        "id": "BIGINT PRIMARY KEY AUTO_INCREMENT",
        "key": "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "text": "MEDIUMTEXT CHARACTER SET utf8mb4",
        "time": "VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin",
    },
}

_STATEMENTS: Final = (
    """CREATE TABLE IF NOT EXISTS scheduler_runs (
        id {id}, slot {key} UNIQUE, task {key} NOT NULL, fire_time {time}, attempt INTEGER NOT NULL,
        late INTEGER NOT NULL, outcome VARCHAR(16), skip_reason VARCHAR(32), detail {text},
        claimed_at {time} NOT NULL, start_after {time}, started_at {time}, ended_at {time}, heartbeat_at {time},
        owner {key} NOT NULL, host {key}, pid INTEGER, error {text}, location {text}, traceback {text},
        output {text}{indexes}
    )""",
    """CREATE TABLE IF NOT EXISTS scheduler_leases (
        task {key} PRIMARY KEY, token {key} NOT NULL, owner {key} NOT NULL, host {key} NOT NULL,
        pid INTEGER NOT NULL, expires_at {time} NOT NULL
    )""",
    "CREATE TABLE IF NOT EXISTS scheduler_cursors (task {key} PRIMARY KEY, judged_until {time} NOT NULL)",
    "CREATE TABLE IF NOT EXISTS scheduler_ticks (host {key} PRIMARY KEY, ticked_at {time} NOT NULL)",
    """CREATE TABLE IF NOT EXISTS scheduler_pauses (
        id {id}, task {key} NOT NULL, paused_since {time} NOT NULL, paused_until {time}, reason {text}, who {key}
    )""",
    "CREATE TABLE IF NOT EXISTS scheduler_streaks (task {key} PRIMARY KEY, run BIGINT NOT NULL, since {time} NOT NULL)",
)
_INDEXES: Final = {
    "scheduler_runs_claimed": "task, claimed_at",
    "scheduler_runs_outcome": "outcome, claimed_at",
    "scheduler_runs_history": "task, outcome, claimed_at",
    "scheduler_runs_fire_time": "task, fire_time",
}
"""What is asked of a long history is asked with these: each question is answered from one stretch of one of them."""

_RETIRED: Final = ("scheduler_runs_task", "scheduler_runs_open", "scheduler_runs_ended")
"""Indexes of version 1."""


def create_statements(driver: str) -> list[str]:
    """Return the statements that make the tables; `driver` is sqlite, postgres or mysql (MariaDB too).

    They can be run again where they were interrupted.
    """
    if driver == "mysql":  # it knows no CREATE INDEX IF NOT EXISTS
        indexes = "".join(f", INDEX {name} ({columns})" for name, columns in _INDEXES.items())
        return [text.format(indexes=indexes, **_TYPES[driver]) for text in _STATEMENTS]
    return [
        *(text.format(indexes="", **_TYPES[driver]) for text in _STATEMENTS),
        *(f"CREATE INDEX IF NOT EXISTS {name} ON scheduler_runs ({columns})" for name, columns in _INDEXES.items()),
    ]


def upgrade_statements() -> list[str]:
    """Return the statements that bring the local file of any older version up to date, or make it."""
    return [*create_statements("sqlite"), *(f"DROP INDEX IF EXISTS {name}" for name in _RETIRED)]


def drop_statements() -> list[str]:
    """Return the statements that remove the tables."""
    return [f"DROP TABLE IF EXISTS {table}" for table in TABLES]
