"""Connections of `config/database.py`, and what masonite-orm keeps of them."""

from __future__ import annotations

import sys
from typing import Any

from scheduler.errors import StoreUnavailable
from scheduler.stores.connection import Connection

DRIVERS = ("sqlite", "postgres", "mysql")
POOLED_MODULES = ("MySQLConnection", "PostgresConnection", "MSSQLConnection")
_inherited: list[Any] = []
"""Connections of a parent process: kept, since closing or collecting them would end the parent's sessions."""


def connection_of(application: Any, name: str | None) -> Connection:
    """Return the connection `name` of the app, its default one if None; masonite-orm knows how it is made."""
    resolver = application.make("resolver")
    details = resolver.get_connection_details()
    name = name or details.get("default")
    if name not in details:
        raise StoreUnavailable(f"config/database.py has no connection {name!r}: name one of it in config/scheduler.py")
    driver = details[name].get("driver")
    if driver not in DRIVERS:
        raise StoreUnavailable(f"the scheduler cannot keep its store in {driver!r}: use one of {', '.join(DRIVERS)}")

    def open_raw() -> Any:
        information = resolver.get_connection_information(name)
        information["full_details"] = {**information["full_details"], "connection_pooling_enabled": False}
        # `make` of Masonite 4's factory reads config/database.py anew, whatever the resolver was given
        made = resolver.connection_factory._connections[driver](**information)  # noqa: SLF001
        if hasattr(made, "create_connection"):
            raw = made.create_connection()
            if driver == "postgres":
                raw.autocommit = True
            return raw
        made.make_connection()
        return made._connection  # noqa: SLF001 - it offers no other way

    return Connection(driver, open_raw, f"the scheduler's store, connection {name!r},")


def forget_connections() -> None:
    """Make masonite-orm forget the connections of the parent process, without touching them."""
    for module_name in POOLED_MODULES:
        module = sys.modules.get(f"masoniteorm.connections.{module_name}")
        module = sys.modules.get(module.__module__) if isinstance(module, type) else module
        pool = getattr(module, "CONNECTION_POOL", None)
        if pool:
            _inherited.extend(pool)
            pool.clear()
    resolver = sys.modules.get("masoniteorm.connections.ConnectionResolver")
    if resolver is not None:
        connections = resolver.ConnectionResolver._connections  # noqa: SLF001 - open transactions are kept here
        _inherited.append(dict(connections))
        connections.clear()
