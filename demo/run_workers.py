"""Runs the demo's order import on a worker of Celery, shows what happened, and exits 1 if it did not do what it should.

It needs what `make demo-workers` installs, and a broker: the one of BROKER, else Redis or RabbitMQ on this machine.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from run_demo import BIN, CRAFT, DEMO, Checks, craft, drop_in_inbox, files, orders, reset

USUAL = ("redis://127.0.0.1:6379/0", "amqp://guest:guest@127.0.0.1:5672//")
PORTS = {"redis": 6379, "amqp": 5672}
LONGEST = 60
WORKER = [
    *(str(BIN / "celery"), "-A", "app.celery.celery", "worker", "-Q", "demo-imports", "--concurrency", "2"),
    *("--without-gossip", "--without-mingle", "--loglevel", "WARNING"),
]


def answering_broker() -> str:
    """Returns the address of a broker that answers, or ends with what is missing."""
    asked = [os.environ["BROKER"]] if os.environ.get("BROKER") else [*USUAL]
    for url in asked:
        parts = urlsplit(url)
        try:
            address = (parts.hostname or "127.0.0.1", parts.port or PORTS.get(parts.scheme, 0))
            socket.create_connection(address, timeout=3).close()
        except OSError:
            continue
        return url
    places = " and ".join(f"{url.split(':')[0]} at {urlsplit(url).hostname}:{urlsplit(url).port}" for url in asked)
    sys.exit(
        f"No broker answers ({places}), and Celery's workers need one. Start Redis, for example with\n"
        "    docker run --rm -p 6379:6379 redis\n"
        "or name a broker of yours: make demo-workers BROKER=redis://host:6379/0"
    )


@contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A worker of the demo's Celery app; SIGTERM lets it end what it does."""
    print(f"\n$ {' '.join(['celery', *WORKER[1:]])} &", flush=True)
    started = subprocess.Popen(WORKER, cwd=DEMO)
    try:
        yield started
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(LONGEST)


def ended_run() -> dict[str, object]:
    """Waits for the end of the last run of ImportOrders, and returns it as `schedule:history --json` has it."""
    give_up = time.monotonic() + LONGEST
    while True:
        shown = subprocess.run(
            [str(CRAFT), "schedule:history", "ImportOrders", "--limit", "1", "--json"], cwd=DEMO, capture_output=True, check=True
        )
        runs = json.loads(shown.stdout)["runs"]
        if (runs and runs[0]["outcome"]) or time.monotonic() > give_up:
            return runs[0] if runs else {}
        time.sleep(0.2)


def demonstrate() -> int:
    checks = Checks()
    reset()
    subprocess.run([WORKER[0], "-A", "app.celery.celery", "purge", "-f", "-Q", "demo-imports"], cwd=DEMO, stdout=subprocess.DEVNULL)
    for command in ("schedule:table", "migrate"):
        status, _ = craft(command)
        checks.expect("exit code", 0, status)
    drop_in_inbox()

    print("\nThe tick only hands the import over; no worker is there yet:")
    status, _ = craft("schedule:run", "--task", "ImportOrders")
    checks.expect("exit code", 0, status)
    checks.expect("orders", [], orders())
    _, output = craft("schedule:history", "ImportOrders")
    checks.expect("it waits", True, "waiting for a worker of 'imports'" in output)

    with worker():
        run = ended_run()
        status, _ = craft("schedule:history", str(run.get("id")))
        checks.expect("outcome", "succeeded", run.get("outcome"))
        checks.expect("executor", "imports", run.get("executor"))
        checks.expect("orders", ["A-1001", "A-1002", "A-1003", "A-4001", "A-4002"], orders())
        checks.expect("files imported", ["1-orders.xml", "4-more-orders.xml"], files("imported"))
        checks.expect("files rejected", ["2-not-xml.xml", "3-half-right.xml"], files("rejected"))
        _, output = craft("schedule:doctor")
        checks.expect("the worker has reported", True, "a worker last reported" in " ".join(output.split()))
    print(f"\n{checks.failed} expectations FAILED" if checks.failed else "\nAll as expected.")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    os.environ["BROKER"] = answering_broker()
    print(f"broker: {urlsplit(os.environ['BROKER']).scheme} at {urlsplit(os.environ['BROKER']).hostname}")
    sys.exit(demonstrate())
