"""Connections of `config/database.py`, and what masonite-orm keeps of them."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from importlib import import_module
from typing import Any

from scheduler.errors import StoreUnavailable
from scheduler.stores.connection import Connection
from scheduler.stores.local import connected
from scheduler.stores.patience import SESSION, mysql_options, postgres_answers

DRIVERS = ("sqlite", "postgres", "mysql")
PACKAGES = {"postgres": ("psycopg2", "psycopg2-binary"), "mysql": ("pymysql", "pymysql")}
WITHOUT_POOL = {"connection_pooling_enabled": False, "connection_pooling_min_size": 0}
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
        if driver == "sqlite":  # masonite-orm would give the one of a transaction that the app has open
            return connected(information["database"])
        _check_installed(driver, where)
        information["full_details"] = {**information["full_details"], **WITHOUT_POOL}
        if driver == "mysql":
            information["options"] = {**mysql_options(), **(information["options"] or {})}
        # `make` of Masonite 4's factory reads config/database.py anew, whatever the resolver was given
        raw = resolver.connection_factory._connections[driver](**information).create_connection()  # noqa: SLF001
        if driver == "postgres":
            raw.autocommit = True
        raw.cursor().execute(SESSION[driver])
        return raw

    where = f"the scheduler's store, connection {name!r},"
    return Connection(driver, open_raw, where, postgres_answers if driver == "postgres" else nullcontext)


def _check_installed(driver: str, where: str) -> None:
    module, package = PACKAGES[driver]
    try:
        import_module(module)
    except ModuleNotFoundError:
        raise StoreUnavailable(f"{where} needs a package that is not installed: pip install {package}") from None


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
