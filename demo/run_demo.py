"""Run the demo from a clean start, show what the scheduler did, and exit with 1 if a result is not as expected.

It needs a virtual environment with the package and Masonite 5 (`make demo` creates one) and nothing else.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

DEMO = Path(__file__).resolve().parent
STORAGE = DEMO / "storage"
INBOX = STORAGE / "inbox"
DATABASE = DEMO / "database.sqlite3"
BIN = Path(sys.executable).parent
CRAFT = shutil.which("craft", path=str(BIN))
EVENTS: list[dict[str, object]] = []


class Endpoint(BaseHTTPRequestHandler):
    """The endpoint that CallWebhook calls; it records each event."""

    def do_POST(self) -> None:
        EVENTS.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Checks:
    """Comparisons of expected and actual results."""

    def __init__(self) -> None:
        self.failed = 0

    def expect(self, what: str, expected: object, seen: object) -> None:
        if expected == seen:
            print(f"  ok      {what}: {seen}")
        else:
            self.failed += 1
            print(f"  FAILED  {what}: {seen} (expected {expected})")


def reset() -> None:
    """Remove the files of an earlier run, and create .env with a new key."""
    shutil.rmtree(STORAGE, ignore_errors=True)
    for file in (*DEMO.glob("database.sqlite3*"), *DEMO.glob("databases/migrations/*scheduler*")):
        file.unlink()
    INBOX.mkdir(parents=True)
    key = base64.urlsafe_b64encode(os.urandom(32)).decode()
    example = (DEMO / ".env-example").read_text(encoding="utf-8")
    shutil.rmtree(DEMO / ".scheduler", ignore_errors=True)
    (DEMO / ".env").write_text(example.replace("APP_KEY=", f"APP_KEY={key}"), encoding="utf-8")


def craft(*arguments: str, webhook: str = "") -> tuple[int, str]:
    """Run one craft command in the app, as in an activated virtual environment."""
    environment = dict(
        os.environ,
        PATH=f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        WEBHOOK_URL=webhook,
        no_proxy="127.0.0.1",
        PYTHONIOENCODING="utf-8",
        COLUMNS="80",
    )
    environment.pop("DB_CONFIG_PATH", None)
    print(f"\n$ craft {' '.join(arguments)}", flush=True)
    run = subprocess.run(
        [CRAFT or "craft", *arguments], cwd=DEMO, env=environment, stdout=subprocess.PIPE, encoding="utf-8", timeout=300
    )
    print(run.stdout, end="", flush=True)
    return run.returncode, run.stdout


def add_orders_of_long_ago(*ages_in_days: int) -> None:
    """Insert orders that were imported that many days ago."""
    with closing(sqlite3.connect(DATABASE)) as database, database:
        for days in ages_in_days:
            created = datetime.now(timezone.utc) - timedelta(days=days)
            database.execute(
                "insert into orders (number, customer, cents, created_at) values (?, 'Charles', 100, ?)",
                (f"OLD-{days}", f"{created:%Y-%m-%d %H:%M:%S}"),
            )


def add_file_of_long_ago(days: int) -> None:
    """Create a file that was imported that many days ago."""
    file = STORAGE / "imported" / "20250101-000000-0-orders.xml"
    file.write_text("<orders/>\n", encoding="utf-8")
    then = (datetime.now(timezone.utc) - timedelta(days=days)).timestamp()
    os.utime(file, (then, then))


def drop_in_inbox(*names: str) -> None:
    for name in names or sorted(file.name for file in (DEMO / "samples").glob("*.xml")):
        shutil.copy(DEMO / "samples" / name, INBOX)


def orders() -> list[str]:
    with closing(sqlite3.connect(DATABASE)) as database:
        return [number for (number,) in database.execute("select number from orders order by number")]


def files(folder: str) -> list[str]:
    """Return the files of a storage folder, without the date and time that ImportOrders puts before their names."""
    return sorted(file.name.split("-", 2)[2] for file in (STORAGE / folder).glob("*.xml"))


def demonstrate(webhook: str) -> int:
    checks = Checks()
    reset()
    status, _ = craft("migrate")
    checks.expect("exit code", 0, status)
    if status != 0:
        return 1
    add_orders_of_long_ago(5, 31, 400)
    drop_in_inbox()

    status, output = craft("schedule:list")
    checks.expect("exit code", 0, status)
    listed = ["CallWebhook", "CleanOldOrders", "ImportOrders", "ReportSales", "SayHi", "backup", "prune"]
    checks.expect("listed", listed, [name for name in listed if name in output])

    status, output = craft("schedule:run", webhook=webhook)
    checks.expect("exit code", 0, status)
    checks.expect("SayHi said", "Hi!", "Hi!" if "Hi!" in output.splitlines() else "nothing")
    imported = ["A-1001", "A-1002", "A-1003", "A-4001", "A-4002"]
    checks.expect("orders, new ones in and old ones out", [*imported, "OLD-5"], orders())
    checks.expect("files imported", ["1-orders.xml", "4-more-orders.xml"], files("imported"))
    checks.expect("files rejected", ["2-not-xml.xml", "3-half-right.xml"], files("rejected"))
    checks.expect("left in the inbox", [], sorted(file.name for file in INBOX.iterdir()))
    checks.expect("endpoint called with", ["orders.counted"], [event["event"] for event in EVENTS])

    print("\nThe same file once more, as after a crash between the import and the move:")
    drop_in_inbox("1-orders.xml")
    status, _ = craft("schedule:run", "--task", "ImportOrders", "--force")
    checks.expect("exit code", 0, status)
    checks.expect("orders, none twice", [*imported, "OLD-5"], orders())
    checks.expect("left in the inbox", [], sorted(file.name for file in INBOX.iterdir()))

    print("\nThe tasks of a provider, forced to run now, with a file imported 91 days ago:")
    keep = len(files("imported"))
    add_file_of_long_ago(91)
    status, _ = craft("schedule:run", "--task", "backup", "--task", "prune", "--force")
    checks.expect("exit code", 0, status)
    checks.expect("backup written", True, DATABASE.with_name("database.sqlite3.gz").exists())
    checks.expect("files kept", keep, len(files("imported")))

    print()
    history = subprocess.run([sys.executable, "history.py"], cwd=DEMO)
    checks.expect("exit code", 0, history.returncode)
    print(f"\n{checks.failed} expectations FAILED" if checks.failed else "\nAll as expected.")
    print("To look at the dashboard: make demo-dashboard, then open http://localhost:8040/schedule")
    return 1 if checks.failed else 0


def main() -> int:
    if CRAFT is None:
        sys.exit(f"no craft next to {sys.executable}: pip install -e '.[masonite5]' there first")
    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            return demonstrate(f"http://127.0.0.1:{server.server_port}/orders")
        finally:
            server.shutdown()


if __name__ == "__main__":
    sys.exit(main())
