"""The long runs of what the tests try briefly: `make soak`, or `python -m durability.soak` in the folder `tests`.

Each part is printed with its numbers and whether every promise holds; exit code 1 if one does not. What a machine lacks
(a server, root, libfaketime) is said loudly, and is an error where CI is set.
"""

from __future__ import annotations

import argparse
import os
import platform
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

from durability import clocks, outages, servers, week
from durability.faults import Killing, another, fault_at, statements_of_a_tick
from durability.hosts import Place, Stems
from durability.races import lease_fuzz, races

STORES = {"local": "SQLite", "postgres": "PostgreSQL", "mysql": "MariaDB"}


class Missing(Exception):
    """What a part needs and the machine lacks."""


@dataclass
class Verdict:
    """What a part did, in numbers, and what is wrong."""

    numbers: str
    wrong: list[str] = field(default_factory=list)


@dataclass
class Soak:
    """What all parts share."""

    seed: int
    stems: Stems
    folder: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def random(self, what: str) -> Random:
        """Return the chance of one part: the same for the same seed."""
        return Random(f"{self.seed} {what}")

    def new_folder(self) -> Path:
        """Return an empty folder."""
        folder = self.folder / str(next(self._numbers))
        folder.mkdir()
        return folder

    @contextmanager
    def place(self, store: str) -> Iterator[Place]:
        """Make a place whose store is empty."""
        details = None
        if store != "local":
            reason = why_unreachable(store)
            if reason:
                raise Missing(reason)
            details = make_database(store, f"scheduler_soak_{os.getpid()}")
            make_empty_tables(details)
        made = Place(self.stems, self.new_folder(), details)
        try:
            yield made
        finally:
            made.close()
            if details:
                drop_database(details)


def race(soak: Soak, store: str) -> Verdict:
    """20 processes tick the same minute with 50 due tasks, 20 times over."""
    with soak.place(store) as place:
        starts = races(place, processes=20, rounds=20, tasks=50)
        numbers = f"20 x 20 processes, 50 tasks: {starts} starts of 1000"
        return Verdict(numbers, [] if starts == 1000 else ["not as many starts as there should be"])


def fuzz(soak: Soak, store: str) -> Verdict:
    """8 processes count up a number that only a lease protects."""
    with soak.place(store) as place:
        counted, expected = lease_fuzz(place, processes=8, rounds=1000)
        numbers = f"8 processes x 1000: counted to {counted} of {expected}"
        return Verdict(numbers, [] if counted == expected else ["some were lost"])


def kill(soak: Soak, store: str, *, retries: bool) -> Verdict:
    """Rounds of kill -9 of the ticker, of the worker, of both, at random instants."""
    with soak.place(store) as place:
        killing = Killing(place, soak.random(f"kill {store} {retries}").randrange(2**32), retries=retries)
        rounds = 0
        while killing.killed < 200:
            killing.round()
            rounds += 1
        wrong = killing.settle()
        outcomes = place.outcomes()
        numbers = f"200 killed in {rounds} rounds, {len(outcomes)} runs, {outcomes.count('crashed')} of them crashed"
        return Verdict(numbers, wrong)


def each_statement(soak: Soak, action: str, minutes: list[int]) -> Verdict:
    """Let a tick die, or its store fail, before and after each statement it has for its store."""
    with soak.place("local") as place:
        wrong = []
        place.add("a")
        place.add("b", "fail_until", argument=2, retries=1)
        place.add("c", overlap=True)
        statements = statements_of_a_tick(place)
        for number in range(statements * 2):
            other = another(place, number)
            when = ("before", "after")[number % 2]
            found = fault_at(other, action, number // 2, when, minutes)
            wrong += [f"{when} statement {number // 2}: {each}" for each in found]
            other.close()
        return Verdict(f"before and after each of {statements} statements", wrong)


def restart(soak: Soak, store: str) -> Verdict:
    """A server of our own stops, gently or at once, and starts again, while ticks come and tasks run."""
    kind = servers.SERVERS[store]
    if kind.missing():
        raise Missing(kind.missing())
    random, server = soak.random(f"restart {store}"), kind()
    try:
        server.start()
        place = Place(soak.stems, soak.new_folder(), server.details)
        verdict = _outages(place, random, lambda: outages.restarted(server, random))
        place.close()
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
        place = Place(soak.stems, soak.new_folder(), details)
        verdict = _outages(place, soak.random("disk"), lambda: outages.filled(disk, place))
        place.close()
    return verdict


def _outages(place: Place, random: Random, take_away: Callable[[], Iterator[None]], rounds: int = 100) -> Verdict:
    trouble = outages.Outages(place, random, at_length=True)
    for _ in range(rounds):
        trouble.round(take_away())
    wrong = trouble.settle()
    codes = ", ".join(f"{number} x {code}" for code, number in sorted(trouble.codes.items()))
    return Verdict(f"{rounds} times, {len(place.runs())} runs, exit codes {codes}, up to {trouble.longest:.0f} s", wrong)


def told_clock(soak: Soak) -> Verdict:
    """Ticks are told a time that goes back and forth."""
    with soak.place("local") as place:
        wrong = clocks.wander(place, soak.random("clock"), 500)
        return Verdict(f"500 ticks, {len(place.runs())} runs, each as the model has it", wrong)


def faked_clock(soak: Soak, command: str, steps: int) -> Verdict:
    """Real `craft` processes see a clock that goes back and forth."""
    if clocks.why_not():
        raise Missing(clocks.why_not())
    app = clocks.FakedApp(soak.new_folder())
    wander = {"schedule:run": clocks.wander_by_cron, "schedule:work": clocks.wander_while_working}[command]
    wrong = wander(app, soak.random(command), steps)
    return Verdict(f"set {steps} times, {len(app.runs())} fire times, {len(app.starts())} of them run", wrong)


def a_week(soak: Soak, which: week.Week) -> Verdict:
    """A week of ticks, a minute a step, some missed, beside a plain model."""
    found = week.compared(which, soak.random(which.name).randrange(2**32))
    return Verdict(f"{found.ticks} ticks, {found.starts} starts, {found.missed} missed, as the model has it", found.wrong)


def parts() -> dict[str, Callable[[Soak], Verdict]]:
    """Return all parts by name, in order."""
    found: dict[str, Callable[[Soak], Verdict]] = {}
    for store, name in STORES.items():
        found[f"races, {name}"] = lambda soak, store=store: race(soak, store)
    for store, name in STORES.items():
        found[f"lease fuzz, {name}"] = lambda soak, store=store: fuzz(soak, store)
    for store, name in STORES.items():
        found[f"kill -9, {name}"] = lambda soak, store=store: kill(soak, store, retries=False)
    found["kill -9, SQLite, retries"] = lambda soak: kill(soak, "local", retries=True)
    found["kill -9 at each statement"] = lambda soak: each_statement(soak, "kill", [1])
    found["store lost at each statement"] = lambda soak: each_statement(soak, "lose", [1])
    found["the same, schedule:work"] = lambda soak: each_statement(soak, "lose", [1, 2, 3])
    for store in servers.SERVERS:
        found[f"{STORES[store]} stopped and started"] = lambda soak, store=store: restart(soak, store)
    found["full disk"] = full_disk
    found["clock set, as ticks are told"] = told_clock
    found["clock set, schedule:run"] = lambda soak: faked_clock(soak, "schedule:run", 100)
    found["clock set, schedule:work"] = lambda soak: faked_clock(soak, "schedule:work", 60)
    for which in week.WEEKS:
        found[f"week, {which.name}"] = lambda soak, which=which: a_week(soak, which)
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
        stems = Stems()
        soak = Soak(options.seed, stems, folder)
        for name, part in chosen.items():
            states.append(_state(soak, name, part))
            stems.end_busy()
        stems.close()
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
