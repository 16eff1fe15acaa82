"""The tables of a store, in each database's words."""

from __future__ import annotations

from typing import Final

VERSION: Final = 1
TABLES: Final = ("scheduler_runs", "scheduler_leases", "scheduler_cursors", "scheduler_ticks")
KEY_LENGTH: Final = 191

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
        owner {key} NOT NULL, host {key}, pid INTEGER, error {text}, location {text}, traceback {text}, output {text}
    )""",
    """CREATE TABLE IF NOT EXISTS scheduler_leases (
        task {key} PRIMARY KEY, token {key} NOT NULL, owner {key} NOT NULL, host {key} NOT NULL,
        pid INTEGER NOT NULL, expires_at {time} NOT NULL
    )""",
    "CREATE TABLE IF NOT EXISTS scheduler_cursors (task {key} PRIMARY KEY, judged_until {time} NOT NULL)",
    "CREATE TABLE IF NOT EXISTS scheduler_ticks (host {key} PRIMARY KEY, ticked_at {time} NOT NULL)",
    "CREATE INDEX {if_not_exists} scheduler_runs_task ON scheduler_runs (task, id)",
    "CREATE INDEX {if_not_exists} scheduler_runs_open ON scheduler_runs (outcome, id)",
    "CREATE INDEX {if_not_exists} scheduler_runs_ended ON scheduler_runs (ended_at)",
)


def create_statements(driver: str) -> list[str]:
    """Return the statements that make the tables; `driver` is sqlite, postgres or mysql (MariaDB too)."""
    if_not_exists = "" if driver == "mysql" else "IF NOT EXISTS"
    return [text.format(if_not_exists=if_not_exists, **_TYPES[driver]) for text in _STATEMENTS]


def drop_statements() -> list[str]:
    """Return the statements that remove the tables."""
    return [f"DROP TABLE IF EXISTS {table}" for table in TABLES]
