"""Connections of `config/database.py`."""

from __future__ import annotations

import shlex
from importlib import import_module
from typing import Any

from scheduler.errors import StoreUnavailable
from scheduler.stores.connection import Connection, Opened
from scheduler.stores.database_errors import HINTS_FOR_DATABASE
from scheduler.stores.local import connect
from scheduler.stores.timeouts import SESSION, PostgresConnection, mysql_options

DRIVERS = ("sqlite", "postgres", "mysql")
PACKAGES = {"postgres": ("psycopg2", "psycopg2-binary"), "mysql": ("pymysql", "pymysql")}
WITHOUT_POOL = {"connection_pooling_enabled": False, "connection_pooling_min_size": 0}
SSL_OPTIONS = ("sslmode", "sslcert", "sslkey", "sslrootcert")
LAST_PORT = 65535


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

    def open_raw(_: bool) -> Opened:
        information = resolver.get_connection_information(name)
        if driver == "sqlite":  # masonite-orm would give the one of a transaction that the app has open
            return Opened(connect(information["database"]))
        _check_installed(driver, where)
        _check_port(details[name].get("port"), where)
        raw = _open_postgres(information) if driver == "postgres" else _open_mysql(resolver, information)
        raw.cursor().execute(SESSION[driver])
        return Opened(raw)

    where = f"the scheduler's store, connection {name!r},"
    tables = f"run `craft schedule:table` and `{migrate_command(application, name)}`"
    hints = HINTS_FOR_DATABASE._replace(tables=tables)
    return Connection(driver, open_raw, where, hints, details[name].get("prefix") or "")


def migrate_command(application: Any, name: str | None) -> str:
    """Return the command that creates tables on the connection `name`, the app's default one if None."""
    if name is None or name == application.make("resolver").get_connection_details().get("default"):
        return "craft migrate"
    return f"craft migrate -c {shlex.quote(name)}"


def _open_postgres(information: dict[str, Any]) -> PostgresConnection:
    """Connect as masonite-orm does, but with timeouts of its own."""
    options = information["options"] or {}
    schema = information["full_details"].get("schema")
    return PostgresConnection(
        **{name: information[name] for name in ("host", "user", "password", "database")},
        port=int(information["port"]) if information["port"] else None,
        **{name: options.get(name) for name in SSL_OPTIONS},
        options=f"-c search_path={schema}" if schema else "",
    )


def _open_mysql(resolver: Any, information: dict[str, Any]) -> Any:
    from scheduler.stores import sockets  # noqa: PLC0415 - only if the store is in MySQL or MariaDB

    information["full_details"] = {**information["full_details"], **WITHOUT_POOL}
    information["options"] = {**mysql_options(), **(information["options"] or {})}
    # `make` of Masonite 4's factory reads config/database.py again, whatever the resolver was given
    connections = resolver.connection_factory._connections  # noqa: SLF001 - see above
    raw = connections["mysql"](**information).create_connection()
    sockets.connect(raw)
    return raw


def _check_port(port: object, where: str) -> None:
    """Raise `StoreUnavailable` for a port that is not a number, which drivers answer with an error of their own."""
    text = "" if port is None else str(port).strip()
    if text and not (text.isascii() and text.isdigit() and 0 < int(text[:6]) <= LAST_PORT):
        hint = "write a number from 1 to 65535 in config/database.py or in .env"
        raise StoreUnavailable(f"{where} cannot be used (its port {text!r} is not a port): {hint}")


def _check_installed(driver: str, where: str) -> None:
    module, package = PACKAGES[driver]
    try:
        import_module(module)
    except ModuleNotFoundError:
        raise StoreUnavailable(f"{where} needs a package that is not installed: pip install {package}") from None
