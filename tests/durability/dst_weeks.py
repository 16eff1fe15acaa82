"""A week of ticks, a minute a step and some of them missed, compared with a simple independent model.

The model counts minutes one by one. It knows the clocks of the world from `zoneinfo`, and of rules only what each says of
the face of a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from contracts.databases import Application

from scheduler.config.Settings import Settings
from scheduler.execution.Scheduler import Scheduler
from scheduler.listeners import JsonListener
from scheduler.masonite.MasoniteApp import MasoniteApp
from scheduler.runs import Outcome, Run
from scheduler.stores import memory_store
from scheduler.Task import Task
from scheduler.tasks.TaskRegistry import TaskRegistry

MINUTE = timedelta(minutes=1)
TOLD_APART = 100
"""How many missed fire times of a task one tick tells apart; one more entry stands for all that are older."""


class Week(NamedTuple):
    """Some days in which clocks change, and the zones whose clocks do."""

    name: str
    first: tuple[int, int, int]
    days: int
    zones: tuple[str, ...]

    def changes_within(self, days: float) -> bool:
        """Return whether the clocks of one of its zones change within `days`."""
        first = datetime(*self.first, tzinfo=timezone.utc)
        both = (first + timedelta(hours=1), first + timedelta(days=days))
        return any(len({day.astimezone(ZoneInfo(zone)).utcoffset() for day in both}) == 2 for zone in self.zones)


WEEKS = (
    Week("March, America", (2025, 3, 7), 7, ("America/New_York", "America/Havana", "UTC")),
    Week("March, Europe", (2025, 3, 28), 7, ("Europe/Riga", "Europe/Lisbon", "UTC")),
    Week("April, the Pacific", (2025, 4, 4), 7, ("Australia/Lord_Howe", "Pacific/Auckland", "America/New_York")),
    Week("April, Cairo", (2025, 4, 23), 7, ("Africa/Cairo", "Europe/Riga", "UTC")),
    Week("October, the Pacific", (2025, 10, 3), 7, ("Australia/Lord_Howe", "Europe/Riga", "UTC")),
    Week("October and November", (2025, 10, 25), 9, ("Europe/Riga", "America/New_York", "America/Havana")),
    Week("October, Cairo", (2025, 10, 29), 7, ("Africa/Cairo", "Pacific/Auckland", "UTC")),
)
"""All seen from 2026 on: what has ended then is not pruned as too old."""


class Words(NamedTuple):
    """The declaration of a task, and its meaning on the face of a clock.

    One that is not `wild` runs once for each time of day that it names, whatever clocks do.
    """

    says: Mapping[str, Any]
    means: Callable[[datetime], bool]
    wild: bool = False


WORDS = (
    Words({"run_every": "1 minute"}, lambda _: True, wild=True),
    Words({"run_every": "15 minutes"}, lambda face: face.minute in {0, 15, 30, 45}, wild=True),
    Words({"run_every": "45 minutes"}, lambda face: _minutes(face) % 45 == 0, wild=True),
    Words({"run_every": "2 hours"}, lambda face: face.minute == 0 and _hours(face) % 2 == 0, wild=True),
    Words({"run_every_hour": True}, lambda face: face.minute == 0, wild=True),
    Words({"run_cron": "*/20 * * * *"}, lambda face: face.minute in {0, 20, 40}, wild=True),
    Words(
        {"run_every": "10 minutes", "run_between": ("1:00", "3:30")},
        lambda face: face.minute % 10 == 0 and (1, 0) <= (face.hour, face.minute) <= (3, 30),
        wild=True,
    ),
    Words({"run_every": "1 day"}, lambda face: (face.hour, face.minute) == (0, 0)),
    Words({"run_at": "2:30"}, lambda face: (face.hour, face.minute) == (2, 30)),
    Words({"run_at": ["0:30", "1:59", "2:00"]}, lambda face: (face.hour, face.minute) in {(0, 30), (1, 59), (2, 0)}),
    Words({"twice_daily": (1, 13)}, lambda face: (face.hour, face.minute) in {(1, 0), (13, 0)}),
    Words({"run_cron": "15 1-3 * * *"}, lambda face: face.minute == 15 and 1 <= face.hour <= 3),
    Words({"run_weekly": True}, lambda face: face.isoweekday() == 7 and (face.hour, face.minute) == (0, 0)),
    Words(
        {"run_on": "weekdays", "run_at": "9:00"},
        lambda face: face.isoweekday() < 6 and (face.hour, face.minute) == (9, 0),
    ),
)
POLICIES: tuple[Mapping[str, Any], ...] = (
    {},
    {"catch_up": "latest"},
    {"catch_up": "all"},
    {"catch_up": "all", "catch_up_limit": 3},
    {"grace": "0 seconds"},
    {"grace": "2 hours"},
)
GRACE = {"0 seconds": timedelta(), "2 hours": timedelta(hours=2)}


def _hours(face: datetime) -> int:
    return face.toordinal() * 24 + face.hour


def _minutes(face: datetime) -> int:
    return _hours(face) * 60 + face.minute


# -- the model --


def fire_times(words: Words, zone: ZoneInfo, minutes: Iterable[datetime]) -> set[datetime]:
    """Return which of these consecutive minutes a task names."""
    found: set[datetime] = set()
    seen: set[datetime] = set()
    before: datetime | None = None
    for minute in minutes:
        face = minute.astimezone(zone).replace(tzinfo=None)
        skipped = before + MINUTE if before else face
        while not words.wild and skipped < face:
            if words.means(skipped):
                found.add(minute)
            skipped += MINUTE
        if words.means(face) and (words.wild or face not in seen):
            found.add(minute)
        seen.add(face)
        before = face
    return found


class Entry(NamedTuple):
    """The expected record of a fire time."""

    ran: bool
    late: bool = False


@dataclass
class Model:
    """The expected outcome of every fire time of one task."""

    fires: set[datetime]
    options: Mapping[str, Any]
    judged: datetime | None = None
    entries: dict[datetime, Entry] = field(default_factory=dict)

    def tick(self, minute: datetime) -> list[datetime]:
        """Return what a tick of that minute runs, in order."""
        lookback = (minute - (self.judged or minute)) // MINUTE
        window = (minute - number * MINUTE for number in range(lookback, 0, -1))
        earlier = [fire for fire in window if fire in self.fires]
        now = [minute] if minute in self.fires else []
        ran = [*self._late(earlier, minute, bool(now)), *now]
        told = max(self.options.get("catch_up_limit", 100), TOLD_APART) + 1
        entries = {fire: Entry(fire in ran, fire in ran and fire < minute) for fire in (*earlier[-told:], *now)}
        new = [fire for fire in ran if fire not in self.entries]
        self.entries = entries | self.entries
        self.judged = max(self.judged or minute, minute + MINUTE)
        return new

    def _late(self, earlier: list[datetime], minute: datetime, runs_now: bool) -> list[datetime]:
        catch_up = self.options.get("catch_up", "none")
        if catch_up == "all":
            return earlier[-self.options.get("catch_up_limit", 100) :]
        if runs_now or not earlier:
            return []
        grace = GRACE.get(self.options.get("grace", ""), timedelta(minutes=5))
        return earlier[-1:] if catch_up == "latest" or minute - earlier[-1] <= grace else []


# -- ours --


class Ours:
    """A scheduler with a store in memory, which does not execute its tasks."""

    def __init__(self, tasks: Iterable[type[Task]]) -> None:
        app, settings = MasoniteApp(Application()), Settings()
        self.scheduler = Scheduler(
            TaskRegistry(app.bound, app.call, lambda: ("/nowhere", "nowhere"), settings.options), app, settings
        )
        self.scheduler.__dict__["store"] = memory_store()
        self.given: list[tuple[str, datetime | None]] = []
        self.scheduler._runner.run = self._run
        self.scheduler.add(*tasks)
        self.listener = JsonListener()
        self.tasks = self.scheduler.find()
        assert not self.tasks.broken, self.tasks.broken
        self.supervisor = self.scheduler.supervisor(self.listener)

    def tick(self, minute: datetime) -> list[tuple[str, datetime | None]]:
        """Return what a tick of that minute runs."""
        self.given = []
        assert self.scheduler.begin_tick(minute, self.tasks, self.listener, self.supervisor) == 0
        self.supervisor.run_inline()
        return self.given

    def _run(self, task: Any, run: Run) -> Run:
        """Run nothing, and record what was to run."""
        self.given.append((task.key, run.fire_time))
        return replace(run, outcome=Outcome.SUCCEEDED, ended_at=run.started_at)

    def entries(self) -> dict[tuple[str, datetime | None], Entry]:
        """Return the record of every fire time."""
        runs = self.scheduler.store.history(limit=10_000_000)
        entries = {(run.key, run.fire_time): Entry(run.outcome is Outcome.SUCCEEDED, run.late) for run in runs}
        assert len(entries) == len(runs), "a fire time has two runs"
        return entries


# -- one beside the other --


def ticks_of(first: datetime, last: datetime, random: Random) -> Iterable[datetime]:
    """Yield the minutes of ticks: some are missed, some come twice, and sometimes the clock goes back."""
    minute = first
    yield minute
    while minute < last:
        chance = random.random()
        step = 1
        if chance < 0.02:
            step = random.randint(2, 12)
        elif chance < 0.0206:
            step = random.randint(60, 400)
        elif chance < 0.03:
            yield minute
        elif chance < 0.032:
            yield max(first, minute - random.randint(1, 90) * MINUTE)
        minute += step * MINUTE
        yield minute


@dataclass
class Comparison:
    """The result of a week."""

    ticks: int = 0
    starts: int = 0
    missed: int = 0
    wrong: list[str] = field(default_factory=list)


def compared(week: Week, seed: int, days: float | None = None, every: int = 1) -> Comparison:
    """Tick through a week, or some days of it, and compare; with `every` only each so many-th of the tasks."""
    random = Random(f"{week.name} {seed}")
    first = datetime(*week.first, tzinfo=timezone.utc) + random.randrange(60) * MINUTE
    last = first + timedelta(days=days or week.days)
    minutes = [first + number * MINUTE for number in range(-2 * 1440, (last - first) // MINUTE + 500)]
    chosen = [
        (f"T{number:02}_{zone.replace('/', '_')}", zone, words, random.choice(POLICIES))
        for zone in week.zones
        for number, words in enumerate(WORDS)
    ][random.randrange(every) :: every]
    classes = [
        type(key, (Task,), {"timezone": zone, "handle": _nothing, **words.says, **options})
        for key, zone, words, options in chosen
    ]
    models = {key: Model(fire_times(words, ZoneInfo(zone), minutes), options) for key, zone, words, options in chosen}
    ours, result = Ours(classes), Comparison()
    for minute in ticks_of(first, last, random):
        expected = {key: model.tick(minute) for key, model in models.items()}
        found = ours.tick(minute)
        result.ticks += 1
        result.starts += len(found)
        for key, wanted in expected.items():
            got = [fire for name, fire in found if name == key]
            if got != wanted:
                result.wrong.append(f"tick of {minute:%m-%d %H:%M}: {key} ran {_said(got)}, not {_said(wanted)}")
    wanted_entries = {(key, fire): entry for key, model in models.items() for fire, entry in model.entries.items()}
    entries = ours.entries()
    result.missed = sum(not entry.ran for entry in entries.values())
    for what in sorted({*wanted_entries.items()} ^ {*entries.items()}, key=str):
        (key, fire), entry = what
        where = "only in the model" if what in wanted_entries.items() else "only in the store"
        result.wrong.append(f"{key} at {fire:%m-%d %H:%M}, {entry}: {where}")
    return result


def _nothing(_self: Any) -> None:
    """Do nothing."""


def _said(times: list[datetime]) -> str:
    return ", ".join(f"{time:%m-%d %H:%M}" for time in times) or "nothing"
