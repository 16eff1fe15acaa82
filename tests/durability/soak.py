"""The long runs of what the tests try briefly: `make soak`, or `python -m durability.soak` in the folder `tests`.

Each part is printed with its numbers and whether every promise holds; exit code 1 if one does not. What a machine lacks
(a server, root, libfaketime) is said loudly, and is an error where CI is set.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random, SystemRandom

from contracts.databases import drop_database, make_database, make_empty_tables, quick_folder, why_unreachable

from durability import clocks, database_servers, dst_weeks, outages
from durability.faults import Killing, another, fault_at, statements_of_a_tick
from durability.harness import Harness, PreforkServers
from durability.races import lease_fuzz, races
from durability.storms import Storm

EXECUTORS = (
    "celery, Redis, prefork", "celery, RabbitMQ, solo", "celery, RabbitMQ, threads",
    "queue, amqp", "queue, redis", "queue, database", "custom, RQ",
)  # fmt: skip
STORES = {"local": "SQLite", "postgres": "PostgreSQL", "mysql": "MariaDB"}


class Missing(Exception):
    """Something that a part needs and the machine lacks."""


@dataclass
class Verdict:
    """The result of a part: its numbers, and what is wrong."""

    numbers: str
    wrong: list[str] = field(default_factory=list)


@dataclass
class Soak:
    """The values that all parts share."""

    seed: int
    prefork_servers: PreforkServers
    folder: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def random(self, what: str) -> Random:
        """Return the random generator of one part: the same for the same seed."""
        return Random(f"{self.seed} {what}")

    def new_folder(self) -> Path:
        """Return an empty folder."""
        folder = self.folder / str(next(self._numbers))
        folder.mkdir()
        return folder

    @contextmanager
    def harness(self, store: str) -> Iterator[Harness]:
        """Make a harness whose store is empty."""
        details = None
        if store != "local":
            reason = why_unreachable(store)
            if reason:
                raise Missing(reason)
            details = make_database(store, f"scheduler_soak_{os.getpid()}")
            make_empty_tables(details)
        made = Harness(self.prefork_servers, self.new_folder(), details)
        try:
            yield made
        finally:
            made.close()
            if details:
                drop_database(details)


def race(soak: Soak, store: str) -> Verdict:
    """20 processes tick the same minute with 50 due tasks, 20 times over."""
    with soak.harness(store) as harness:
        starts = races(harness, processes=20, rounds=20, tasks=50)
        numbers = f"20 x 20 processes, 50 tasks: {starts} starts of 1000"
        return Verdict(numbers, [] if starts == 1000 else ["not as many starts as there should be"])


def fuzz(soak: Soak, store: str) -> Verdict:
    """8 processes count up a number that only a lease protects."""
    with soak.harness(store) as harness:
        counted, expected = lease_fuzz(harness, processes=8, rounds=1000)
        numbers = f"8 processes x 1000: counted to {counted} of {expected}"
        return Verdict(numbers, [] if counted == expected else ["some were lost"])


def kill(soak: Soak, store: str, *, retries: bool) -> Verdict:
    """Rounds of kill -9 of the ticker, of the worker, of both, at random instants."""
    with soak.harness(store) as harness:
        killing = Killing(harness, soak.random(f"kill {store} {retries}").randrange(2**32), retries=retries)
        rounds = 0
        while killing.killed < 200:
            killing.round()
            rounds += 1
        wrong = killing.settle()
        outcomes = harness.outcomes()
        numbers = f"200 killed in {rounds} rounds, {len(outcomes)} runs, {outcomes.count('crashed')} of them crashed"
        return Verdict(numbers, wrong)


def storm(soak: Soak, store: str) -> Verdict:
    """Rounds in which three schedulers are stopped for as long as another one needs to take over, and resumed."""
    with soak.harness(store) as harness:
        found = Storm(harness, soak.random(f"storm {store}").randrange(2**32))
        for _ in range(25):
            found.round()
        wrong = found.settle()
        outcomes = harness.outcomes()
        crashed = outcomes.count("crashed")
        return Verdict(f"{found.stopped} times stopped, {len(outcomes)} runs, {crashed} of them crashed", wrong)


def each_statement(soak: Soak, action: str, minutes: list[int]) -> Verdict:
    """Let a tick die, or its store fail, before and after each statement of the store."""
    with soak.harness("local") as harness:
        wrong = []
        harness.add("a")
        harness.add("b", "fail_until", argument=2, retries=1)
        harness.add("c", overlap=True)
        statements = statements_of_a_tick(harness)
        for number in range(statements * 2):
            other = another(harness, number)
            when = ("before", "after")[number % 2]
            found = fault_at(other, action, number // 2, when, minutes)
            wrong += [f"{when} statement {number // 2}: {each}" for each in found]
            other.close()
        return Verdict(f"before and after each of {statements} statements", wrong)


def restart(soak: Soak, store: str) -> Verdict:
    """A server of our own stops, gently or at once, and starts again, while ticks come and tasks run."""
    kind = database_servers.SERVERS[store]
    if kind.missing():
        raise Missing(kind.missing())
    random, server = soak.random(f"restart {store}"), kind()
    try:
        server.start()
        harness = Harness(soak.prefork_servers, soak.new_folder(), server.details)
        verdict = _outages(harness, random, lambda: outages.restarted(server, random))
        harness.close()
    finally:
        server.close()
    return verdict


def full_disk(soak: Soak) -> Verdict:
    """The disk with the local store fills up, and has room again, while ticks come and tasks run."""
    folder = soak.new_folder()
    reason = outages.why_no_disk(folder)
    if reason:
        raise Missing(reason)
    with outages.small_disk(folder) as disk:
        details = {"driver": "local", "database": str(disk / "scheduler.sqlite3")}
        harness = Harness(soak.prefork_servers, soak.new_folder(), details)
        verdict = _outages(harness, soak.random("disk"), lambda: outages.filled(disk, harness))
        harness.close()
    return verdict


def _outages(harness: Harness, random: Random, take_away: Callable[[], Iterator[None]], rounds: int = 100) -> Verdict:
    trouble = outages.Outages(harness, random, at_length=True)
    for _ in range(rounds):
        trouble.round(take_away())
    wrong = trouble.settle()
    codes = ", ".join(f"{number} x {code}" for code, number in sorted(trouble.codes.items()))
    return Verdict(f"{rounds} times, {len(harness.runs())} runs, exit codes {codes}, up to {trouble.longest:.0f} s", wrong)


def told_clock(soak: Soak) -> Verdict:
    """Ticks get a time that goes back and forth."""
    with soak.harness("local") as harness:
        wrong = clocks.wander(harness, soak.random("clock"), 500)
        return Verdict(f"500 ticks, {len(harness.runs())} runs, each as the model has it", wrong)


def faked_clock(soak: Soak, command: str, steps: int) -> Verdict:
    """Real `craft` processes see a clock that goes back and forth."""
    if clocks.why_not():
        raise Missing(clocks.why_not())
    app = clocks.FakedApp(soak.new_folder())
    wander = {"schedule:run": clocks.wander_by_cron, "schedule:work": clocks.wander_while_working}[command]
    wrong = wander(app, soak.random(command), steps)
    return Verdict(f"set {steps} times, {len(app.runs())} fire times, {len(app.starts())} of them run", wrong)


def a_week(soak: Soak, which: dst_weeks.Week) -> Verdict:
    """A week of ticks, a minute a step, some missed, compared with a plain model."""
    found = dst_weeks.compared(which, soak.random(which.name).randrange(2**32))
    return Verdict(f"{found.ticks} ticks, {found.starts} starts, {found.missed} missed, as the model has it", found.wrong)


def small_faults(soak: Soak) -> Verdict:
    """Faults in the code, one at a time: the tests notice nearly all of them."""
    root = Path(__file__).parents[2]
    command = [sys.executable, str(root / "tools" / "mutate.py"), "--seed", str(soak.seed)]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=7200)
    survivors = [line for line in ended.stdout.splitlines() if line.startswith("NOT")]
    numbers = "".join(ended.stdout.splitlines()[-1:])
    return Verdict("; ".join([numbers, *survivors]), (survivors or [ended.stderr[-500:]]) if ended.returncode else [])


def storm_of(soak: Soak, name: str) -> Verdict:
    """Workers, ticks and the broker's connections are killed while runs are handed over."""
    from executors.engines import ENGINES, why_unreachable
    from executors.fleet import Fleet
    from executors.storm import TASKS, Storm
    from integration.apps import ARRANGEMENTS, make_app, make_template

    engine = ENGINES[name]
    for broker in engine.brokers:
        if reason := why_unreachable(broker):
            raise Missing(reason)
    folder = soak.new_folder()
    fleet = Fleet(make_app(make_template(folder), folder / "app", ARRANGEMENTS["ours last"]), engine, tasks=TASKS)
    try:
        storm = Storm(fleet, soak.random(name).randrange(2**32))
        while storm.killed < 200:
            storm.round()
        wrong = storm.settle()
        outcomes = [run.outcome.value for run in fleet.store.history(limit=10_000) if run.outcome]
    finally:
        fleet.close()
    return Verdict(f"200 killed, {len(outcomes)} runs, {outcomes.count('crashed')} of them crashed", wrong)


def parts() -> dict[str, Callable[[Soak], Verdict]]:
    """Return all parts by name, in order."""
    found: dict[str, Callable[[Soak], Verdict]] = {}
    for store, name in STORES.items():
        found[f"races, {name}"] = lambda soak, store=store: race(soak, store)
    for store, name in STORES.items():
        found[f"lease fuzz, {name}"] = lambda soak, store=store: fuzz(soak, store)
    for store, name in STORES.items():
        found[f"kill -9, {name}"] = lambda soak, store=store: kill(soak, store, retries=False)
    for store, name in STORES.items():
        found[f"stopped and resumed, {name}"] = lambda soak, store=store: storm(soak, store)
    found["kill -9, SQLite, retries"] = lambda soak: kill(soak, "local", retries=True)
    found["kill -9 at each statement"] = lambda soak: each_statement(soak, "kill", [1])
    found["store lost at each statement"] = lambda soak: each_statement(soak, "lose", [1])
    found["the same, schedule:work"] = lambda soak: each_statement(soak, "lose", [1, 2, 3])
    for store in database_servers.SERVERS:
        found[f"{STORES[store]} stopped and started"] = lambda soak, store=store: restart(soak, store)
    found["full disk"] = full_disk
    found["clock set, as ticks are told"] = told_clock
    found["clock set, schedule:run"] = lambda soak: faked_clock(soak, "schedule:run", 100)
    found["clock set, schedule:work"] = lambda soak: faked_clock(soak, "schedule:work", 60)
    for name in EXECUTORS:
        found[f"executors, {name}"] = lambda soak, name=name: storm_of(soak, name)
    for which in dst_weeks.WEEKS:
        found[f"week, {which.name}"] = lambda soak, which=which: a_week(soak, which)
    found["small faults, noticed by tests"] = small_faults
    return found


def main() -> int:
    """Run the parts that were asked for and return the exit code."""
    options = _options()
    chosen = {name: part for name, part in parts().items() if any(word in name for word in options.only or [""])}
    where = f"Python {platform.python_version()}, {os.cpu_count()} cores"
    print(f"soak, seed {options.seed} (again: make soak ARGS='--seed {options.seed}'), {where}", flush=True)
    begin = time.monotonic()
    states = []
    with quick_folder() as folder:
        prefork_servers = PreforkServers()
        soak = Soak(options.seed, prefork_servers, folder)
        for name, part in chosen.items():
            states.append(_state(soak, name, part))
            prefork_servers.end_busy()
        prefork_servers.close()
    broken, absent = states.count("BROKEN"), states.count("NOT RUN")
    print(f"{len(states) - broken - absent} parts hold, {broken} broken, {absent} not run; {_took(begin)}")
    return 1 if broken or (absent and os.environ.get("CI")) or not states else 0


def _state(soak: Soak, name: str, part: Callable[[Soak], Verdict]) -> str:
    begin = time.monotonic()
    state, verdict = "holds", Verdict("")
    try:
        verdict = part(soak)
        state = "BROKEN" if verdict.wrong else "holds"
    except Missing as error:
        state, verdict = "NOT RUN", Verdict(f"MISSING: {error}")
    except Exception:  # noqa: BLE001 - the other parts are to run all the same
        state, verdict = "BROKEN", Verdict("", [traceback.format_exc()])
    print(f"{name:<32} {state:<7} {_took(begin):>6}  {verdict.numbers}", flush=True)
    for line in verdict.wrong[:20]:
        print(f"    {line}", flush=True)
    return state


def _took(begin: float) -> str:
    return f"{time.monotonic() - begin:.0f} s"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6), help="what chance begins with")
    parser.add_argument("--only", nargs="+", metavar="WORD", help="parts whose name has one of these words")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
