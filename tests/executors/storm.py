"""Workers, ticks and the brokers' connections are killed at random instants; then the guarantees are checked."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from random import Random
from urllib.parse import urlsplit

from durability.harness import children_of
from waiting import is_alive

from executors.engines import RABBIT, REDIS, redis
from executors.fleet import Fleet
from scheduler import clock
from scheduler.processes.identity import is_gone
from scheduler.runs import Outcome, Run
from scheduler.stores import Lease

TASKS = """
import fcntl
import json
import os
import time

from scheduler.Task import Task


def note(task, what):
    run = task.current_run
    line = json.dumps({"what": what, "key": run.key, "run": run.id, "pid": os.getpid(), "at": time.time()})
    descriptor = os.open("notes", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, (line + "\\n").encode())
    os.close(descriptor)


class Free(Task):
    run_cron = "0 0 29 2 *"
    executor = "fleet"
    grace = "6 hours"
    overlap = True
    retries = 2

    def handle(self):
        note(self, "start")
        time.sleep(0.2)
        note(self, "end")


class Alone(Free):
    overlap = False
    catch_up = "all"

    def handle(self):
        with open("alone.lock", "a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                if is_running(file.read()):
                    note(self, "overlap")
            file.truncate(0)
            print(os.getpid(), file=file, flush=True)
            super().handle()


def is_running(pid):
    # one that was killed holds its lock until the kernel has ended it
    try:
        with open(f"/proc/{int(pid)}/status") as file:
            status = dict(line.strip().split(":", 1) for line in file if ":" in line)
    except (ValueError, OSError):
        return False
    is_killed = any(int(status[pending], 16) & 1 << 8 for pending in ("SigPnd", "ShdPnd"))
    return not is_killed and status["State"].strip()[0] not in "ZX"
"""
"""`Alone` takes a lock that the kernel frees when its process has ended: a start that finds another one running overlaps."""
ATTEMPTS = 3
MOST_OPEN = 40
"""With so many open runs no more are handed over."""
SHARE_AT_WORK = 0.7
"""How many of the kills wait for a run that is running; the others come at any moment."""
VICTIMS = ("worker", "child", "everything", "ticker", "connections")


class Storm:
    """Rounds in each of which runs are handed over and some processes or connections are killed."""

    def __init__(self, fleet: Fleet, seed: int) -> None:
        self.fleet = fleet
        self.random = Random(seed)
        self.killed = 0
        self.fired = 0
        self.begin = clock.real_now().replace(microsecond=0) - timedelta(hours=1)
        fleet.fork_workers()
        fleet.start_workers()

    def round(self) -> None:
        """Hand over some runs, and kill at random instants; workers that are gone are started again."""
        for key in ("Free", "Alone") if len(self.fleet.store.open_runs()) < MOST_OPEN else ():
            self.fired += 1
            fire_time = self.begin + timedelta(seconds=self.fired)
            self.fleet.claim(key, fire_time=fire_time, slot=f"{key}@{self.fired}", late=True)
        ticker = self.fleet.fork_tick()
        for _ in range(self.random.randint(1, 3)):
            if self.random.random() < SHARE_AT_WORK:
                self._wait_for_work()
            time.sleep(self.random.uniform(0, 1))
            self.killed += self._kill(self.random.choice(VICTIMS), ticker.pid)
        ticker.wait()
        self.fleet.replace_workers()

    def _wait_for_work(self, longest: float = 10) -> None:
        """Wait until an open run is running: workers that are killed while they start do nothing, on a slow machine for ever."""
        give_up = time.monotonic() + longest
        while (runs := self.fleet.store.open_runs()) and not any(run.started_at for run in runs) and time.monotonic() < give_up:
            time.sleep(0.05)

    def settle(self, longest: float = 600) -> list[str]:
        """Tick on until nothing is open, and return what is wrong."""
        give_up = time.monotonic() + longest
        pause = 0.5
        while (self.fleet.store.open_runs() or self._held()) and time.monotonic() < give_up:
            self.fleet.replace_workers()
            self.fleet.fork_tick().wait()
            time.sleep(pause)
            pause = min(1.5 * pause, 10)  # each tick sends a message for each pending run: leave time to read them
        return list(self._violations())

    def _held(self) -> list[Lease]:
        """Return the leases that prevent other runs; a lease of a dead process does not."""
        return [lease for lease in self.fleet.store.leases() if not is_gone(lease.owner)]

    def _violations(self):
        runs = [run for key in ("Free", "Alone") for run in self.fleet.store.history(keys=[key], limit=10_000)]
        starts = Counter(note["run"] for note in self.fleet.notes())
        ends = {note["run"] for note in self.fleet.notes(what="end")}
        for run in runs:
            if run.outcome is None:
                yield f"stuck: {run}"
            elif run.outcome not in {Outcome.SUCCEEDED, Outcome.CRASHED}:
                yield f"{run.outcome}: {run}"
            if starts[run.id] > 1:
                yield f"started {starts[run.id]} times: {run}"
            if run.outcome is Outcome.SUCCEEDED and run.id not in ends:
                yield f"recorded as succeeded without an end: {run}"
            if starts[run.id] and not run.started_at:
                yield f"started, and not recorded as such: {run}"
        yield from self._lost(runs)
        yield from (f"overlap: {note}" for note in self.fleet.notes(what="overlap"))
        if self._held():
            yield f"leases are left: {self._held()}"

    def _lost(self, runs: list[Run]):
        """Each fire time has attempts one after the other: all crashed but the last, which succeeded or had no retry left."""
        attempts: dict[tuple[str, object], list[Run]] = {}
        for run in sorted(runs, key=lambda run: run.attempt):
            attempts.setdefault((run.key, run.fire_time), []).append(run)
        for tried in attempts.values():
            *others, last = tried
            numbers = [run.attempt for run in tried]
            is_over = last.outcome is Outcome.SUCCEEDED or last.attempt == ATTEMPTS
            if numbers != list(range(1, len(tried) + 1)) or {run.outcome for run in others} - {Outcome.CRASHED} or not is_over:
                yield f"attempts: {tried}"
        if len(attempts) != self.fired:
            yield f"{self.fired} fire times were claimed, {len(attempts)} are known"

    def _kill(self, victim: str, ticker: int) -> bool:
        workers = [worker.pid for worker in self.fleet.workers]
        children = [child for pid in workers for child in children_of(pid)]
        if victim == "connections":
            return self._cut_connections({*workers, *children, *(below for child in children for below in children_of(child))})
        targets = {
            "worker": [self.random.choice(workers)],
            "child": [self.random.choice(children)] if children else [],
            "everything": [*workers, *children, ticker],
            "ticker": [ticker],
        }[victim]
        lived = [pid for pid in targets if is_alive(pid)]
        for pid in lived:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(lived)

    def _cut_connections(self, pids: set[int]) -> bool:
        """Let the broker close the connections of these processes."""
        brokers = {urlsplit(url).port for url in self.fleet.engine.brokers}
        ports = _ports_of(pids, brokers)
        if REDIS in self.fleet.engine.brokers:
            client = redis()
            addresses = [each["addr"] for each in client.client_list() if int(each["addr"].rpartition(":")[2]) in ports]
            for address in addresses:
                with suppress(Exception):
                    client.client_kill(address)
            return bool(addresses)
        if RABBIT in self.fleet.engine.brokers and ports:
            _cut(ports)
            if ports & _ports_of(pids, brokers):
                _let_rabbit_close(ports)
            return True
        return False


def _cut(ports: set[int]) -> None:
    """Let the kernel end the connections from these ports, if it may; asking RabbitMQ takes seconds."""
    wanted = " or ".join(f"sport = :{port}" for port in ports)
    with suppress(OSError):
        subprocess.run(["ss", "-K", "-t", f"( {wanted} )"], capture_output=True)


def _let_rabbit_close(ports: set[int]) -> None:
    listed = subprocess.run(["rabbitmqctl", "-q", "list_connections", "pid", "peer_port"], capture_output=True, text=True).stdout
    for pid, port in (line.split("\t") for line in listed.splitlines() if line.count("\t") == 1):
        if port.isdigit() and int(port) in ports:
            subprocess.run(["rabbitmqctl", "-q", "close_connection", pid, "storm"], capture_output=True)


def _ports_of(pids: set[int], brokers: set[int | None]) -> set[int]:
    """Return the local ports by which these processes are connected to a broker."""
    inodes = set()
    for pid in pids:
        with suppress(OSError):
            for name in os.listdir(f"/proc/{pid}/fd"):
                with suppress(OSError):
                    inodes.add(os.readlink(f"/proc/{pid}/fd/{name}"))
    ports = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table, encoding="ascii") as file:
            for line in file.readlines()[1:]:
                fields = line.split()
                if f"socket:[{fields[9]}]" in inodes and int(fields[2].rpartition(":")[2], 16) in brokers:
                    ports.add(int(fields[1].rpartition(":")[2], 16))
    return ports


