"""Two servers that act at the same moment, between the reading of a row and its change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scheduler.stores import Claim, Store
from scheduler.stores.schema import create_statements

from .conftest import Member
from .values import GONE, HERE, NOON, after, lease


class Stale:
    """A transaction that reads the rows as they were before another server changed them."""

    def __init__(self, transaction: Any, rows: list[Any]) -> None:
        self._transaction = transaction
        self._rows = rows

    def rows(self, *_: object) -> list[Any]:
        return self._rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transaction, name)


def through(store: Store, wrap: Callable[[Any], Any]) -> None:
    """Let the store use a stand-in for its transactions."""
    transaction = store.connection.transaction
    store.connection.transaction = lambda work: transaction(lambda real: work(wrap(real)))  # type: ignore[method-assign]  # one store only


@pytest.mark.parametrize("change", [{"token": "theirs"}, {"owner": HERE}, {"expires_at": after(500)}])
def test_a_lease_that_is_renewed_between_the_look_and_the_delete_survives(member: Member, change: dict[str, Any]) -> None:
    store = member.store
    seen = lease(token="old", owner=GONE, expires_at=after(1))
    assert store.acquire(seen, NOON)
    rows = store.connection.rows("SELECT * FROM scheduler_leases")
    store.unlock(seen.key)
    renewed = seen._replace(**change)
    assert store.acquire(renewed, NOON)
    through(store, lambda real: Stale(real, rows))
    assert not store.acquire(lease(token="mine", expires_at=after(900)), after(60))
    assert store.leases() == [renewed]


def test_claims_and_cursors_are_written_in_one_order(member: Member) -> None:
    written: list[str] = []

    class Recorder(Stale):
        def insert_new(self, table: str, values: dict[str, Any]) -> bool:
            written.append(values.get("slot") or values.get("task"))
            return self._transaction.insert_new(table, values)

    through(member.store, lambda real: Recorder(real, []))
    keys = ["c", "a", "d", "b"]
    runs = member.store.claim([Claim(key, key, NOON) for key in keys], {}, HERE, NOON)
    assert written == ["a", "b", "c", "d"]
    assert [run.key for run in runs] == keys, "they are returned in the order of the claims"


def test_mysql_gets_its_indexes_with_their_table() -> None:
    """MySQL lacks CREATE INDEX IF NOT EXISTS, which MariaDB has."""
    others = [text for text in create_statements("sqlite") if text.startswith("CREATE INDEX")]
    statements = create_statements("mysql")
    assert others
    assert [text for text in statements if "CREATE INDEX" in text] == []
    (runs,) = [text for text in statements if "scheduler_runs" in text]
    for index in others:
        name, _, columns = index.removeprefix("CREATE INDEX IF NOT EXISTS ").partition(" ON scheduler_runs ")
        assert f"INDEX {name} {columns}" in runs
