"""Database servers that a test may stop and start; other tests use the shared ones."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from glob import glob
from pathlib import Path

from contracts.databases import Details, execute, make_empty_tables, quick_parent
from waiting import wait_until

LONGEST_START = 120.0
"""Seconds: on a busy machine, after a crash, in need of recovery."""


class Server(ABC):
    """A server in a folder of its own, at a free port; made when it is first started."""

    driver: str
    user: str
    system_user: str
    stops: tuple[int, ...]
    """Signals that stop it, gently and at once."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="scheduler-", dir=quick_parent()))
        if _is_root():
            shutil.chown(self.folder, self.system_user, self.system_user)
        self.port = _free_port()
        self.starts = 0
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    @abstractmethod
    def missing(cls) -> str:
        """Return what the machine lacks for it, empty if nothing."""

    @property
    def details(self) -> Details:
        """Return how its database is reached."""
        return {
            "driver": self.driver,
            "host": "127.0.0.1",
            "port": self.port,
            "user": self.user,
            "password": "",
            "database": "soak" if self.starts else self.first_database,
            "prefix": "",
            "options": {},
        }

    def start(self) -> None:
        """Start it, and return when it answers."""
        first = not self.starts
        if first:
            self.create()
        self._process = self.run(self.command())
        wait_until(self._answers, f"{self.driver} to answer", LONGEST_START)
        if first:
            execute(self.details, "CREATE DATABASE soak")
        self.starts += 1
        if first:
            make_empty_tables(self.details)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Stop it with a signal, and return when it has ended."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(LONGEST_START)
            self._process = None

    def close(self) -> None:
        """Stop it and remove its files."""
        with suppress(subprocess.TimeoutExpired):
            self.stop(self.stops[-1])
        shutil.rmtree(self.folder, ignore_errors=True)

    first_database: str

    @abstractmethod
    def create(self) -> None:
        """Make its files."""

    @abstractmethod
    def command(self) -> list[str]:
        """Return the command that starts it."""

    def run(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Start a program of the server as a user that it accepts: all of them refuse root."""
        with open(self.folder / "log", "ab") as log:
            who = {"user": self.system_user, "group": self.system_user, "extra_groups": []} if _is_root() else {}
            return subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **who
            )

    def _done(self, command: list[str]) -> None:
        code = self.run(command).wait(LONGEST_START)
        assert code == 0, f"{command[0]} ended with {code}: {(self.folder / 'log').read_text()[-2000:]}"

    def _answers(self) -> bool:
        assert self._process is not None
        code = self._process.poll()
        assert code is None, f"{self.driver} ended with {code}: {(self.folder / 'log').read_text()[-2000:]}"
        try:
            execute(self.details, "SELECT 1")
        except Exception:  # noqa: BLE001 - drivers raise classes of their own
            time.sleep(0.05)
            return False
        return True


class Postgres(Server):
    """PostgreSQL."""

    driver = "postgres"
    user = "postgres"
    system_user = "postgres"
    first_database = "postgres"
    stops = (signal.SIGINT, signal.SIGQUIT)

    @classmethod
    def missing(cls) -> str:
        return "" if _postgres("initdb") and _postgres("postgres") else "PostgreSQL's own programs (initdb, postgres)"

    def create(self) -> None:
        data = str(self.folder / "data")
        self._done([_postgres("initdb"), "-D", data, "-U", self.user, "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"])

    def command(self) -> list[str]:
        settings = {"fsync": "off", "listen_addresses": "127.0.0.1", "unix_socket_directories": str(self.folder)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [_postgres("postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), *options]


class MariaDB(Server):
    """MariaDB."""

    driver = "mysql"
    user = "root"
    system_user = "mysql"
    first_database = "mysql"
    stops = (signal.SIGTERM, signal.SIGKILL)

    @classmethod
    def missing(cls) -> str:
        return "" if _mariadb() and shutil.which("mariadb-install-db") else "MariaDB's own programs (mariadbd, mariadb-install-db)"

    def create(self) -> None:
        own = [f"--datadir={self.folder / 'data'}", "--auth-root-authentication-method=normal", "--skip-test-db"]
        self._done(["mariadb-install-db", "--no-defaults", *own])

    def command(self) -> list[str]:
        own = {
            "datadir": self.folder / "data",
            "socket": self.folder / "socket",
            "pid-file": self.folder / "pid",
            "port": self.port,
            "bind-address": "127.0.0.1",
            "innodb-flush-log-at-trx-commit": 2,  # what is committed outlives the process, which is what is killed
            "innodb-buffer-pool-size": "16M",
        }
        return [_mariadb(), "--no-defaults", *(f"--{name}={value}" for name, value in own.items())]


SERVERS: dict[str, type[Server]] = {"postgres": Postgres, "mysql": MariaDB}


def _postgres(program: str) -> str:
    """Return the path of one of PostgreSQL's programs: Debian does not put them on the PATH."""
    found = sorted(glob(f"/usr/lib/postgresql/*/bin/{program}"))
    return found[-1] if found else shutil.which(program) or ""


def _mariadb() -> str:
    folders = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    return shutil.which("mariadbd", path=folders) or ""


def _is_root() -> bool:
    return os.geteuid() == 0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])
