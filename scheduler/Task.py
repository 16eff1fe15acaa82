"""What users subclass: when it runs, and `handle()`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from scheduler import clock
from scheduler.errors import InvalidSchedule, UnacceptableValue
from scheduler.Policy import policy_from
from scheduler.rules import ATTRIBUTES, RECURRENCES, AllOf, Rule, declared_rule, is_undeclared
from scheduler.rules.every import interval

if TYPE_CHECKING:
    import pendulum

    from scheduler.runs.Run import Run

Self = TypeVar("Self", bound="Task")
Times = str | int | Iterable[str | int]
Weekdays = str | int | Iterable[str | int]

SCHEDULE_STATE = "_schedule"
SCHEDULE_ATTRIBUTES = frozenset((*ATTRIBUTES, "timezone", "default_run_every"))


class Task:
    """One thing to do, and when.

    Subclass it, say when with the attributes below or with the methods of the same meaning (each returns the task),
    and do it in `handle`. Constructor and `handle` are given what their parameters are annotated with by the
    container. A task that declares no recurrence runs only on demand. Every value is checked before the task first
    runs: one that has no meaning raises `InvalidSchedule`.
    """

    name: str | None = ""
    """What `--task` may call it, beside its container binding and its class name."""

    run_every: str | timedelta | bool | None = False
    """'10 seconds' (a divisor of 60), '5 minutes', 'hour', '2 days', '3 weeks', '2 months', '1 year', or a duration."""

    run_at: Times | bool | None = False
    """'5:30', 17 (= 17:00), or several; ':15' with a rule of hours."""

    run_every_minute: bool = False
    """Every minute."""

    run_every_hour: bool = False
    """Minute 0 of every hour."""

    run_weekly: bool = False
    """Sunday 0:00."""

    twice_daily: Iterable[str | int] | bool | None = False
    """Two times a day: (1, 13) or ('1:30', '13:30')."""

    run_cron: str | bool | None = False
    """Five fields, in Debian cron's dialect."""

    run_on: Weekdays | bool | None = None
    """Only on these days of the week: names, or 0-7 where 0 and 7 are Sunday. Alone: at 0:00."""

    run_on_days_of_month: int | str | Iterable[int | str] | None = None
    """Only on these days of the month: 1-31 or 'last'. Alone: at 0:00."""

    run_between: Iterable[Any] | None = None
    """Only from one time to another, both included; may pass midnight."""

    run_not_between: Iterable[Any] | None = None
    """Not from one time to another, both included; may pass midnight."""

    timezone: str | tzinfo | None = None
    """An IANA name or a pendulum timezone; else the app's `scheduler.timezone`, else the server's zone."""

    environments: Iterable[str] = ()
    """Only where `APP_ENV` is one of these; everywhere if empty."""

    run_in_maintenance: bool = False
    """Whether it runs while the app is down for maintenance."""

    overlap: Any = ...
    """Whether it may be started while it still runs (False)."""

    timeout: Any = ...
    """How long a run may last, such as '5 minutes'; None for no limit ('24 hours')."""

    grace: Any = ...
    """How late a run may still start ('5 minutes')."""

    catch_up: Any = ...
    """What becomes of fire times missed for longer than `grace`: 'none' is run, the 'latest' or 'all' ('none')."""

    catch_up_limit: Any = ...
    """How many fire times `catch_up = 'all'` runs at most (100)."""

    retries: Any = ...
    """How many times a failed, timed-out or crashed run is tried again (0)."""

    retry_delay: Any = ...
    """How long after its end it is tried again ('0 seconds')."""

    jitter: Any = ...
    """Up to how much later it starts; stable for each task and host ('0 seconds')."""

    on_every_server: Any = ...
    """Whether every server that shares the store runs it, and not just one (False)."""

    run_when_paused: Any = ...
    """Whether it goes on while `craft schedule:pause` holds everything back (False); named there, it is paused too."""

    notify_on_failure: Any = ...
    """Who is told when it begins to fail and when it recovers: 'ops@example.com', '#ops', a webhook; or several."""

    ping_url: Any = ...
    """Where a monitor is told: this address once it has succeeded, and `/start` and `/fail` below it (None)."""

    default_run_every: ClassVar[str | None] = None
    """What `run_every` is where no recurrence is declared."""

    current_run: Run | None = None
    """Inside `handle` and the hooks: which fire time this is, which attempt, whether it is late."""

    _date: datetime | None = None

    def handle(self) -> Any:
        """Do the work; parameters are injected by the container, and it may be `async def`."""
        raise NotImplementedError(f"{type(self).__name__} has no handle(): write what the task does there")

    def before(self) -> Any:
        """Is called before `handle`; like all hooks it changes no outcome by raising."""

    def succeeded(self, run: Run) -> Any:
        """Is called after `handle` has ended well."""

    def failed(self, run: Run) -> Any:
        """Is called after `handle` has raised, was ended by its timeout, or its process has crashed."""

    def after(self) -> Any:
        """Is called last, whatever the outcome."""

    # -- when: recurrences. Each replaces the recurrence there was. --

    def every(self: Self, interval: str | timedelta) -> Self:
        """Run every `interval`: '5 minutes', 'hour', '2 days', a duration of whole minutes."""
        return self._recur(run_every=interval)

    def every_second(self: Self) -> Self:
        """Run every second."""
        return self.every("1 second")

    def every_5_seconds(self: Self) -> Self:
        """Run every 5 seconds."""
        return self.every("5 seconds")

    def every_10_seconds(self: Self) -> Self:
        """Run every 10 seconds."""
        return self.every("10 seconds")

    def every_15_seconds(self: Self) -> Self:
        """Run every 15 seconds."""
        return self.every("15 seconds")

    def every_20_seconds(self: Self) -> Self:
        """Run every 20 seconds."""
        return self.every("20 seconds")

    def every_30_seconds(self: Self) -> Self:
        """Run every 30 seconds."""
        return self.every("30 seconds")

    def every_minute(self: Self) -> Self:
        """Run every minute."""
        return self.every("1 minute")

    def every_5_minutes(self: Self) -> Self:
        """Run every 5 minutes."""
        return self.every("5 minutes")

    def every_10_minutes(self: Self) -> Self:
        """Run every 10 minutes."""
        return self.every("10 minutes")

    def every_15_minutes(self: Self) -> Self:
        """Run every 15 minutes."""
        return self.every("15 minutes")

    def every_30_minutes(self: Self) -> Self:
        """Run every 30 minutes."""
        return self.every("30 minutes")

    def every_45_minutes(self: Self) -> Self:
        """Run every 45 minutes, evenly across midnight."""
        return self.every("45 minutes")

    def hourly(self: Self) -> Self:
        """Run at minute 0 of every hour, or at what `at(':15')` says."""
        return self.every("1 hour")

    def daily(self: Self) -> Self:
        """Run every day at 0:00, or at what `at` says."""
        return self.every("1 day")

    def weekly(self: Self) -> Self:
        """Run on Sunday at 0:00, or on what `on` and at what `at` says."""
        return self.every("1 week")

    def monthly(self: Self) -> Self:
        """Run on day 1 at 0:00, or on what `on_days_of_month` and at what `at` says."""
        return self.every("1 month")

    def quarterly(self: Self) -> Self:
        """Run on the first day of January, April, July and October at 0:00, or at what `at` says."""
        return self.every("1 quarter")

    def yearly(self: Self) -> Self:
        """Run on 1 January at 0:00, or at what `at` says."""
        return self.every("1 year")

    def at(self: Self, *times: Times) -> Self:
        """Run at '5:30', 17 (= 17:00) or several, on the days of the recurrence so far; ':15' with a rule of hours."""
        value = _one_or_several(times)
        return self._declare(**(self._recurrence_kept_by_at(value) | {"run_at": value}))

    def daily_at(self: Self, *times: Times) -> Self:
        """Run every day at '5:30', 17 (= 17:00) or several."""
        return self._recur(run_every="1 day", run_at=_one_or_several(times))

    def at_twice(self: Self, *times: Any) -> Self:
        """Run at two times each day: (1, 13) or ('1:30', '13:30')."""
        return self._recur(twice_daily=_one_or_several(times))

    def twice_daily_at(self: Self, *times: Any) -> Self:
        """Run at two times each day: (1, 13) or ('1:30', '13:30')."""
        return self.at_twice(*times)

    def cron(self: Self, expression: str) -> Self:
        """Run when a five-field cron expression says, in Debian cron's dialect."""
        return self._recur(run_cron=expression)

    # -- when: constraints. Each narrows what there is. --

    def on(self: Self, *days: Weekdays) -> Self:
        """Run only on these days of the week: names, or 0-7 where 0 and 7 are Sunday."""
        return self._narrow_days("run_on", _one_or_several(days))

    def weekdays(self: Self) -> Self:
        """Run only from Monday to Friday."""
        return self.on("weekdays")

    def weekends(self: Self) -> Self:
        """Run only on Saturday and Sunday."""
        return self.on("weekends")

    def mondays(self: Self) -> Self:
        """Run only on Mondays."""
        return self.on("monday")

    def tuesdays(self: Self) -> Self:
        """Run only on Tuesdays."""
        return self.on("tuesday")

    def wednesdays(self: Self) -> Self:
        """Run only on Wednesdays."""
        return self.on("wednesday")

    def thursdays(self: Self) -> Self:
        """Run only on Thursdays."""
        return self.on("thursday")

    def fridays(self: Self) -> Self:
        """Run only on Fridays."""
        return self.on("friday")

    def saturdays(self: Self) -> Self:
        """Run only on Saturdays."""
        return self.on("saturday")

    def sundays(self: Self) -> Self:
        """Run only on Sundays."""
        return self.on("sunday")

    def on_days_of_month(self: Self, *days: Any) -> Self:
        """Run only on these days of the month: 1-31 or 'last'."""
        return self._narrow_days("run_on_days_of_month", _one_or_several(days))

    def last_day_of_month(self: Self) -> Self:
        """Run only on the last day of a month."""
        return self.on_days_of_month("last")

    def between(self: Self, start: str | int, end: str | int) -> Self:
        """Run only from `start` to `end`, both included; may pass midnight."""
        return self._declare(run_between=[*self._windows("run_between"), (start, end)])

    def not_between(self: Self, start: str | int, end: str | int) -> Self:
        """Do not run from `start` to `end`, both included; may pass midnight."""
        return self._declare(run_not_between=[*self._windows("run_not_between"), (start, end)])

    def when(self, condition: Callable[..., Any] | None = None) -> Any:
        """Run only if `condition` returns something true; asked, with injection, once the rule says due.

        Override it without parameters of its own (`def when(self) -> bool`) to write the condition into the class.
        """
        return True if condition is None else self._add_condition(condition, wanted=True)

    def skip(self: Self, condition: Callable[..., Any]) -> Self:
        """Do not run if `condition` returns something true; asked, with injection, once the rule says due."""
        return self._add_condition(condition, wanted=False)

    def in_environments(self: Self, *environments: str) -> Self:
        """Run only where `APP_ENV` is one of `environments`."""
        return self._declare(environments=environments)

    def in_timezone(self: Self, zone: str | tzinfo) -> Self:
        """Read all times on the clock of `zone`: an IANA name or a pendulum timezone."""
        return self._declare(timezone=zone)

    def named(self: Self, name: str) -> Self:
        """Let `--task` call it `name`, beside its container binding and its class name."""
        if not isinstance(name, str) or not name:
            raise InvalidSchedule(type(self).__name__, "name", name, "is no text", ("'hey'", "'nightly-backup'"))
        return self._declare(name=name)

    # -- what becomes of its output --

    if TYPE_CHECKING:
        output_to: Any
        append_output_to: Any
    else:

        def output_to(self: Self, path: str) -> Self:
            """Write what a run prints to the file `path`, relative to the app's folder, in place of the last run's.

            In a class it is an attribute: output_to = 'storage/logs/import.log'.
            """
            return self._keep_output("output_to", path)

        def append_output_to(self: Self, path: str) -> Self:
            """Add what a run prints to the file `path`, relative to the app's folder.

            In a class it is an attribute: append_output_to = 'storage/logs/import.log'.
            """
            return self._keep_output("append_output_to", path)

    # -- asking --

    def should_run(self, date: datetime | None = None) -> bool:
        """Tell whether the task is due in the minute of `date` (default: now; a naive one shows the task's clock)."""
        rule, zone = self.__dict__.get(SCHEDULE_STATE) or schedule_of(self)
        if rule is None:
            return False
        if self._date is not None:
            date = clock.naive(self._date)
        zone = zone or clock.default_zone()
        if date is None or date.tzinfo is None:
            date = clock.instant_of(date, zone)
        return bool(rule.matches(clock.moment_of(date, zone)))

    def next_run(self, after: datetime | None = None) -> pendulum.DateTime | None:
        """Return the first fire time strictly later than `after` (default: now), None where there is none."""
        rule, zone = self.__dict__.get(SCHEDULE_STATE) or schedule_of(self)
        if rule is None:
            return None
        zone = zone or clock.default_zone()
        if after is None or after.tzinfo is None:
            after = clock.instant_of(after, zone)
        found = rule.next_after(after, zone)
        return clock.as_pendulum(found, zone) if found else None

    def next_runs(self, count: int, after: datetime | None = None) -> list[pendulum.DateTime]:
        """Return the first `count` fire times strictly later than `after` (default: now), or all there are."""
        runs: list[pendulum.DateTime] = []
        while len(runs) < count and (found := self.next_run(runs[-1] if runs else after)):
            runs.append(found)
        return runs

    def previous_run(self, before: datetime | None = None) -> pendulum.DateTime | None:
        """Return the last fire time strictly earlier than `before` (default: now), None where there is none."""
        rule, zone = schedule_of(self)
        found = rule.previous_before(clock.instant_of(before, zone), zone) if rule else None
        return clock.as_pendulum(found, zone) if found else None

    def describe(self) -> str:
        """Return when the task runs, in words."""
        rule, zone = schedule_of(self)
        return f"{rule.describe()}, {clock.name_of(zone)}" if rule else "only on demand"

    # -- how the methods above keep what they are told --

    def __setattr__(self, name: str, value: object) -> None:
        """Forget what was read from the schedule's attributes when one of them is set."""
        object.__setattr__(self, name, value)
        if name in SCHEDULE_ATTRIBUTES:
            self.__dict__.pop(SCHEDULE_STATE, None)

    def _declare(self: Self, **attributes: object) -> Self:
        before = dict(self.__dict__)
        for name, value in attributes.items():
            setattr(self, name, value)
        try:
            schedule_of(self)
        except InvalidSchedule:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise
        return self

    def _recur(self: Self, **attributes: object) -> Self:
        own = self.__dict__
        stands_alone = own.get("run_at") is not None and not own.get("run_every") and not own.get("run_weekly")
        times = own["run_at"] if stands_alone and _takes_times(attributes.get("run_every")) else None
        return self._declare(**(dict.fromkeys(RECURRENCES, None) | {"run_at": times} | attributes))

    def _recurrence_kept_by_at(self, times: object) -> dict[str, object]:
        several = times if isinstance(times, (list, tuple)) else (times,)
        of_hours = all(str(time).strip().startswith(":") for time in several)
        kept: dict[str, object] = dict.fromkeys(RECURRENCES, None)
        if _takes_times(self.run_every, of_hours=of_hours):
            kept["run_every"] = self.run_every
        kept["run_weekly" if not of_hours else "run_every_hour"] = self.run_every_hour if of_hours else self.run_weekly
        return kept

    def _narrow_days(self: Self, attribute: str, days: object) -> Self:
        declared = getattr(self, attribute)
        return self._declare(**{attribute: days if is_undeclared(declared) else AllOf((declared, days))})

    def _windows(self, attribute: str) -> list[object]:
        declared = getattr(self, attribute)
        if is_undeclared(declared):
            return []
        windows = list(declared)
        return windows if all(isinstance(window, (list, tuple)) for window in windows) else [tuple(windows)]

    def _add_condition(self: Self, condition: Callable[..., Any], *, wanted: bool) -> Self:
        if not callable(condition):
            raise InvalidSchedule(
                type(self).__name__, "when" if wanted else "skip", condition, "is not callable", ("lambda: True",)
            )
        self.__dict__.setdefault("_conditions", []).append((condition, wanted))
        return self

    def _keep_output(self: Self, name: str, path: str) -> Self:
        policy_from(type(self).__name__, {name: path})
        setattr(self, f"_{name}", path)
        return self

    @property
    def conditions(self) -> tuple[tuple[Callable[..., Any], bool], ...]:
        """What `when` and `skip` added, each with the answer that lets the task run."""
        return tuple(self.__dict__.get("_conditions", ()))


def schedule_of(task: object) -> tuple[Rule | None, tzinfo]:
    """Return the rule and the zone of a task or of a task class, Masonite's own included; None is only on demand.

    They are read once and kept until an attribute is set again. Raises `InvalidSchedule`.
    """
    state: dict[str, Any] = {} if isinstance(task, type) else task.__dict__
    known = state.get(SCHEDULE_STATE)
    if known is None:
        known = state[SCHEDULE_STATE] = _read_schedule(task)
    rule, zone = known
    return rule, zone or clock.default_zone()


def declared_of(task: object) -> tuple[str, dict[str, object]]:
    """Return what a task or a task class is called in messages, and the attributes that say when it runs."""
    title = task.__name__ if isinstance(task, type) else type(task).__name__
    declared: dict[str, object] = {name: getattr(task, name, None) for name in ATTRIBUTES}
    default = getattr(task, "default_run_every", None)
    if _is_masonites_default(task):
        declared["run_every_minute"], default = False, "1 minute"
    if default and all(is_undeclared(declared[name]) for name in RECURRENCES):
        declared["run_every"] = default
    return title, declared


def _read_schedule(task: object) -> tuple[Rule | None, tzinfo | None]:
    title, declared = declared_of(task)
    zone = getattr(task, "timezone", None)
    try:
        return declared_rule(title, declared), None if is_undeclared(zone) else clock.zone_named(zone)
    except UnacceptableValue as error:
        raise InvalidSchedule(title, "timezone", zone, error.problem, error.examples) from None


def _one_or_several(values: tuple[Any, ...]) -> Any:
    """Return the one value there is, or all; what can be read only once is read."""
    if len(values) != 1:
        return values
    value = values[0]
    return tuple(value) if isinstance(value, Iterator) else value


def _is_masonites_default(task: object) -> bool:
    """Tell whether `run_every_minute` is only what Masonite's own CommandTask says of every command."""
    cls = task if isinstance(task, type) else type(task)
    home = next((base for base in cls.__mro__ if "run_every_minute" in vars(base)), None)
    own = isinstance(task, type) or "run_every_minute" not in vars(task)
    return own and home is not None and home.__module__ == "masonite.scheduling.CommandTask"


def _takes_times(value: object, *, of_hours: bool = False) -> bool:
    """Tell whether an interval takes times of day, or minutes past each hour."""
    try:
        _, unit = interval(value)
    except UnacceptableValue:
        return False
    return unit == "hour" if of_hours else unit not in {"second", "minute", "hour"}
