"""The tables of a store, in each database's words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

VERSION: Final = 6
"""The version of the local file; an older file is upgraded when it is opened."""
TABLES: Final = (
    "scheduler_runs",
    "scheduler_leases",
    "scheduler_cursors",
    "scheduler_ticks",
    "scheduler_pauses",
    "scheduler_streaks",
    "scheduler_workers",
    "scheduler_actions",
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
        output {text}, executor {key}, process {key}{indexes}
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
    """CREATE TABLE IF NOT EXISTS scheduler_workers (
        executor VARCHAR(64) NOT NULL, host VARCHAR(128) NOT NULL, pid INTEGER NOT NULL, heard_at {time} NOT NULL,
        PRIMARY KEY (executor, host)
    )""",
    """CREATE TABLE IF NOT EXISTS scheduler_actions (
        id {id}, done_at {time} NOT NULL, who {key} NOT NULL, what VARCHAR(32) NOT NULL, task {key} NOT NULL,
        detail {text}
    )""",
)
_INDEXES: Final = {
    "scheduler_runs_claimed": "task, claimed_at",
    "scheduler_runs_outcome": "outcome, claimed_at",
    "scheduler_runs_history": "task, outcome, claimed_at",
    "scheduler_runs_fire_time": "task, fire_time",
}
"""The indexes: each query on a long history reads one range of one of them."""

_ADDED_COLUMNS: Final = {
    "executor": "ALTER TABLE scheduler_runs ADD COLUMN executor {key}",
    "process": "ALTER TABLE scheduler_runs ADD COLUMN process {key}",
}
"""Columns that earlier versions of `scheduler_runs` lack."""
_RETIRED: Final = ("scheduler_runs_task", "scheduler_runs_open", "scheduler_runs_ended")
"""Indexes of version 1."""


COLUMN_QUERIES: Final = {
    "sqlite": "SELECT name FROM pragma_table_info('scheduler_runs')",
    "postgres": "SELECT column_name AS name FROM information_schema.columns"
    " WHERE table_name = 'scheduler_runs' AND table_schema = CURRENT_SCHEMA()",
    "mysql": "SELECT column_name AS name FROM information_schema.columns"
    " WHERE table_name = 'scheduler_runs' AND table_schema = DATABASE()",
}
"""Queries for the columns that `scheduler_runs` has."""


def prefixed(statement: str, prefix: str) -> str:
    """Return a statement with `prefix` before the names of all tables and indexes."""
    return statement.replace("scheduler_", f"{prefix}scheduler_") if prefix else statement


def create_statements(driver: str, prefix: str = "") -> list[str]:
    """Return the statements that make the tables; `driver` is sqlite, postgres or mysql (MariaDB too).

    They can be run again where they were interrupted.
    """
    inline, separate = "", [
        f"CREATE INDEX IF NOT EXISTS {name} ON scheduler_runs ({columns})" for name, columns in _INDEXES.items()
    ]
    if driver == "mysql":  # MySQL has no CREATE INDEX IF NOT EXISTS
        inline, separate = "".join(f", INDEX {name} ({columns})" for name, columns in _INDEXES.items()), []
    statements = [*(text.format(indexes=inline, **_TYPES[driver]) for text in _STATEMENTS), *separate]
    return [prefixed(statement, prefix) for statement in statements]


def upgrade_statements(driver: str, columns: Collection[str], prefix: str = "") -> list[str]:
    """Return the statements that create the tables or upgrade them from any older version.

    `columns` are those of `scheduler_runs` now, none if the table does not exist.
    """
    added = [
        text.format(**_TYPES[driver]) for name, text in _ADDED_COLUMNS.items() if columns and name not in columns
    ]
    retired = [] if driver == "mysql" else [f"DROP INDEX IF EXISTS {name}" for name in _RETIRED]
    return [*(prefixed(text, prefix) for text in added), *create_statements(driver, prefix), *retired]


def drop_statements(prefix: str = "") -> list[str]:
    """Return the statements that remove the tables."""
    return [f"DROP TABLE IF EXISTS {prefix}{table}" for table in TABLES]
