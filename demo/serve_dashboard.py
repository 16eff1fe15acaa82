"""Serve the demo's dashboard on this machine, and run its schedule, until Ctrl-C."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from run_demo import CRAFT, DATABASE, DEMO, craft, reset

PORT = int(os.environ.get("PORT", "8040"))


def is_in_use(port: int) -> bool:
    with socket.socket() as other:
        return other.connect_ex(("127.0.0.1", port)) == 0


def main() -> int:
    if is_in_use(PORT):
        sys.exit(f"Port {PORT} is in use. Fix: end what uses it, or choose another: PORT={PORT + 1} make demo-dashboard")
    if CRAFT is None:
        sys.exit(f"no craft next to {sys.executable}: pip install -e '.[masonite5]' there first")
    if not DATABASE.exists():
        reset()
        craft("migrate")
        subprocess.run([sys.executable, "history.py"], cwd=DEMO, check=True)
    work = subprocess.Popen([CRAFT, "schedule:work"], cwd=DEMO, stdout=subprocess.DEVNULL)
    web = subprocess.Popen([CRAFT, "serve", "--port", str(PORT), "--dont-reload"], cwd=DEMO, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not is_in_use(PORT) and web.poll() is None:
        time.sleep(0.1)
    print(f"\nThe dashboard is at http://localhost:{PORT}/schedule and the schedule is running; Ctrl-C ends both.", flush=True)
    with suppress(KeyboardInterrupt):
        while web.poll() is None and work.poll() is None:
            time.sleep(0.5)
    for process in (work, web):
        process.terminate()
        process.wait(timeout=60)
    return 0


if __name__ == "__main__":
    sys.exit(main() if Path.cwd() == DEMO else "run it in the folder demo/, or with make demo-dashboard")
