"""The errors of SQLite, PostgreSQL and MySQL or MariaDB: their kinds, and how to fix each."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

CONFLICTS: Final = {"40001", "40P01", 1213, 1020}
"""Codes of conflicts with another transaction, after which a transaction may be tried again."""
LOCKED: Final = {"55P03", 1205}
"""Codes of a wait for another transaction that took too long."""
MISSING: Final = {"42P01", "42703", 1146, 1054}
"""Codes of a missing table or column."""
LOST: Final = {
    *("57P01", "57P02", "57P03", "57P05", "25P03", "08000", "08003", "08006"),
    *(1053, 1927, 2006, 2013, 2055, 4031),
}
"""Codes of a connection that the server, or something between, has ended."""
NO_ANSWER: Final = "no answer within"
"""How the message of a server begins that keeps a connection and does not answer: another one would not help."""
REPLACE: Final = "move it away, and a new one is created"


class Hints(NamedTuple):
    """How to fix missing tables, and an error of an unknown kind."""

    tables: str
    other: str


HINTS_FOR_DATABASE: Final = Hints(
    "run `craft schedule:table` and `craft migrate`", "check that it runs and that config/database.py is right"
)
HINTS_FOR_FILE: Final = Hints(REPLACE, "check FOLDER and PATH in config/scheduler.py, and what is there")


def is_of_database(error: Exception) -> bool:
    """Return whether an error was raised by a database's driver or the network, not by a fault in this package."""
    modules = {cls.__module__.partition(".")[0] for cls in type(error).__mro__}
    return isinstance(error, OSError) or bool(modules & {"sqlite3", "_sqlite3", "psycopg2", "pymysql", "masoniteorm"})


def is_conflict(error: Exception) -> bool:
    """Return whether a transaction conflicted with another one, so that trying again may help."""
    return _code(error) in CONFLICTS


def is_lost(error: Exception, raw: Any) -> bool:
    """Return whether the connection `raw` had ended, so that the statement that failed did nothing."""
    text = str(error)
    if NO_ANSWER in text or "timed out" in text or not is_of_database(error):
        return False
    is_closed = bool(getattr(raw, "closed", False)) or getattr(raw, "open", True) is False
    return _code(error) in LOST or is_closed


def describe(error: Exception, where: str, hints: Hints) -> str:
    """Return what is wrong with a store, and how to fix it, in a line."""
    text = " ".join(str(error).split())
    lowered = text.lower()
    if _lacks_tables(error, lowered):
        hint = f"its tables are missing or not up to date: {hints.tables}"
    elif "not a database" in lowered or "malformed" in lowered:
        hint = f"the file is damaged: {REPLACE}"
    elif _code(error) in LOCKED or "locked" in lowered or "busy" in lowered:
        hint = "another process keeps it locked: check who has it open"
    elif "full" in lowered or "no space" in lowered:
        hint = "the disk is full: free some space"
    elif "readonly" in lowered or "read-only" in lowered or "permission" in lowered or "unable to open" in lowered:
        hint = "the user that runs craft must be able to write there"
    else:
        hint = hints.other
    return f"{where} cannot be used ({text}): {hint}"


def _code(error: Exception) -> Any:
    """Return PostgreSQL's or MySQL's code of an error."""
    return getattr(error, "pgcode", None) or (error.args[0] if error.args else None)


def _lacks_tables(error: Exception, text: str) -> bool:
    return _code(error) in MISSING or "no such table" in text or "no such column" in text or "has no column" in text
