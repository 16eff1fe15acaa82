"""Sessions of a database server as masonite-orm keeps them: in its pool, and in an open transaction."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from contracts.databases import Application

ASK = {"postgres": "SELECT pg_backend_pid() AS number", "mysql": "SELECT CONNECTION_ID() AS number"}


class Sessions:
    """Two connections of config/database.py in use by an app: `it` is pooled, `other` has an open transaction."""

    def __init__(self, connections: Mapping[str, Any]) -> None:
        self._driver = connections["it"]["driver"]
        self._resolver = Application(connections).resolver
        config = ModuleType("config")
        config.database = ModuleType("config.database")
        config.database.DB = self._resolver
        sys.modules |= {"config": config, "config.database": config.database}  # Masonite 4 reads it there, each time

    def open(self) -> list[int]:
        """Leave one session in the pool and one in a transaction, and return their numbers."""
        self._transaction = self._resolver.begin_transaction("other")
        in_transaction = self._number_of(self._transaction)
        pooled = self.number("it")
        self._pooled = self._pool()[-1]
        return [pooled, in_transaction]

    def number(self, name: str) -> int:
        """Return the number of the session that a query gets."""
        information = self._resolver.get_connection_information(name)
        return self._number_of(self._resolver.connection_factory.make(self._driver)(**information).make_connection())

    def check(self, numbers: list[int]) -> None:
        """Fail unless both sessions still work."""
        assert self._pool() == [self._pooled]
        assert self.number("it") == numbers[0]
        assert self._number_of(self._transaction) == numbers[1]
        self._resolver.commit("other")

    def _number_of(self, connection: Any) -> int:
        return int(connection.query(ASK[self._driver], ())[0]["number"])

    def _pool(self) -> list[Any]:
        module = {"postgres": "PostgresConnection", "mysql": "MySQLConnection"}[self._driver]
        return sys.modules[f"masoniteorm.connections.{module}"].CONNECTION_POOL
