"""Connections of masonite-orm that a forked process shares with its parent."""

from __future__ import annotations

import sys
from typing import Any

POOLED_MODULES = ("MySQLConnection", "PostgresConnection", "MSSQLConnection")
_inherited: list[Any] = []
"""Connections of a parent process: kept, since closing or collecting them would end the parent's sessions."""


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
