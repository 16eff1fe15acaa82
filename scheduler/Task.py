"""The class that users subclass: when it runs, and `handle()`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from scheduler import clock
from scheduler.config.call_site import call_site, is_app_starting
from scheduler.config.TaskOptions import METHODS, read_options
from scheduler.errors import InvalidSchedule
from scheduler.rules import ATTRIBUTES, RECURRENCES, Rule, Schedule, ZonedMinute, read_schedule, zones
from scheduler.rules.attributes import READERS
from scheduler.rules.declaration import at_times, declare, hourly, narrow, recur, yearly
from scheduler.rules.Frequencies import Frequencies

if TYPE_CHECKING:
    import pendulum

    from scheduler.runs.Run import Run

Self = TypeVar("Self", bound="Task")
Times = str | int | Iterable[str | int]
Weekdays = str | int | Iterable[str | int]

SCHEDULE_STATE = "_schedule"
"""The attribute in which an instance caches its schedule."""
METHODS_STATE = "_declared"
"""The attribute in which an instance stores a schedule that its methods built."""
PROBLEM_STATE = "_problem"
"""The attribute in which an instance stores an error, with its place, that must not stop the app's start."""


class Task(Frequencies):
    """One thing to do, and when.

    Subclass it, declare when it runs with the attributes below or with the methods of the same meaning (each returns
    the task), and do the work in `handle`. The container injects the annotated parameters of the constructor and of
    `handle`. A task that declares no recurrence runs only on demand. Every value is checked before the task first
    runs; an invalid one raises `InvalidSchedule`.
    """

    name: str | None = ""
    """A name for `--task`, in addition to its container binding and its class name."""

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

    run_once: Any = None
    """Once, at '2027-03-01 08:00', or at several such times."""

    run_on: Weekdays | bool | None = None
    """Only on these days of the week: names, 'mon-fri', or 0-7 (0 and 7 are Sunday). Alone: at 0:00."""

    run_on_days_of_month: int | str | Iterable[int | str] | None = None
    """Only on these days of the month: 1-31 or 'last'. Alone: at 0:00."""

    run_between: Iterable[Any] | None = None
    """Only from one time to another, both included; may pass midnight."""

    run_not_between: Iterable[Any] | None = None
    """Not from one time to another, both included; may pass midnight."""

    run_from: Any = None
    """Not before '2027-03-01' or '2027-03-01 08:00'."""

    run_until: Any = None
    """Not after '2027-03-31', that day included, or '2027-03-31 17:00'."""

    run_except: Any = None
    """Not on these dates: '2027-12-25', several, or a function of a date that returns whether to leave it out."""

    timezone: str | tzinfo | None = None
    """The task's clock: an IANA name or a pendulum timezone. Default: the setting TIMEZONE, else the server's zone."""

    environments: Iterable[str] = ()
    """Run only if `APP_ENV` is one of these; in every environment if empty."""

    run_in_maintenance: bool = False
    """Whether to run while the app is down for maintenance."""

    overlap: Any = ...
    """Whether it may start while it is still running. Default: False."""

    timeout: Any = ...
    """How long a run may last, such as '5 minutes', or None for no limit. Default: '24 hours'."""

    grace: Any = ...
    """How late a run may still start. Default: '5 minutes'."""

    catch_up: Any = ...
    """Which fire times missed by more than `grace` still run: 'none', the 'latest' or 'all'. Default: 'none'."""

    catch_up_limit: Any = ...
    """The most fire times that `catch_up = 'all'` runs. Default: 100."""

    retries: Any = ...
    """How often to retry a failed, timed-out or crashed run. Default: 0."""

    retry_delay: Any = ...
    """How long after a failure to try again, such as '1 minute', or one delay for each retry. Default: '0 seconds'."""

    retry_backoff: Any = ...
    """'exponential' doubles the delay with each retry, up to `retry_delay_limit` and shortened by up to a fifth."""

    retry_delay_limit: Any = ...
    """The longest delay of an exponential backoff. Default: '1 hour'."""

    jitter: Any = ...
    """Maximum random start delay, fixed per task and host. Default: '0 seconds'."""

    on_every_server: Any = ...
    """Whether every server that shares the store runs it, instead of one of them. Default: False."""

    run_when_paused: Any = ...
    """Whether it runs while all tasks are paused; it does not run if it is paused by name. Default: False."""

    executor: Any = ...
    """Where its runs are executed: 'local', or the name of an executor of `config/scheduler.py`. Default: 'local'."""

    notify_on_failure: Any = ...
    """Who is notified when it starts to fail and when it recovers: 'ops@example.com', '#ops', a webhook; or several."""

    notify_on_success: Any = ...
    """Who is notified of each success, with the output: recipients as in `notify_on_failure`. Default: nobody."""

    ping_url: Any = ...
    """A URL to call when a run succeeds; `/start` and `/fail` below it when one starts or fails. Default: None."""

    default_run_every: ClassVar[str | None] = None
    """The `run_every` of a task that declares no recurrence."""

    current_run: Run | None = None
    """The current run, inside `handle` and the hooks: its fire time, its attempt, whether it is late."""

    _date: datetime | None = None

    def handle(self) -> Any:
        """Do the work; parameters are injected by the container, and it may be `async def`."""
        raise NotImplementedError(f"{type(self).__name__} has no handle(): write what the task does there")

    def before(self) -> Any:
        """Prepare the run. An exception raised by a hook is reported but never changes the outcome."""

    def succeeded(self, run: Run) -> Any:
        """React to a run that succeeded."""

    def failed(self, run: Run) -> Any:
        """React to a run that raised, timed out or crashed."""

    def after(self) -> Any:
        """Clean up, whatever the outcome; called last."""

    # -- when: recurrences. Each replaces the recurrence there was. --

    def every(self: Self, interval: str | timedelta) -> Self:
        """Run every `interval`: '5 minutes', 'hour', '2 days', a duration of whole minutes."""
        return self._recur(run_every=interval)

    def at(self: Self, *times: Times) -> Self:
        """Run at '5:30', 17 (= 17:00) or several, on the days of the recurrence; ':15' with an hourly recurrence."""
        value = _one_or_several(times)
        return self._reschedule(lambda title: at_times(title, self._declared_so_far(), value))

    def daily_at(self: Self, *times: Times) -> Self:
        """Run every day at '5:30', 17 (= 17:00) or several."""
        return self._recur(run_every="1 day", run_at=_one_or_several(times))

    def at_twice(self: Self, *times: Any) -> Self:
        """Run at two times each day: (1, 13) or ('1:30', '13:30')."""
        return self._recur(twice_daily=_one_or_several(times))

    def hourly_at(self: Self, *minutes: int | str) -> Self:
        """Run every hour at these minutes: 15, or several."""
        return self._reschedule(lambda title: hourly(title, self._declared_so_far(recurrences=False), minutes))

    def weekly_on(self: Self, days: Weekdays, time: str | int | None = None) -> Self:
        """Run every week on these days, at 0:00 or at `time`, such as 'monday' and '8:00'."""
        return self._recur_on("1 week", "run_on", days, time)

    def monthly_on(self: Self, days: Any, time: str | int | None = None) -> Self:
        """Run every month on these days of the month, at 0:00 or at `time`, such as 15 and '8:00'."""
        return self._recur_on("1 month", "run_on_days_of_month", days, time)

    def twice_monthly(self: Self, first: int = 1, second: int = 16, time: str | int | None = None) -> Self:
        """Run on two days of every month, at 0:00 or at `time`."""
        return self.monthly_on((first, second), time)

    def quarterly_on(self: Self, days: Any, time: str | int | None = None) -> Self:
        """Run on these days of January, April, July and October, at 0:00 or at `time`."""
        return self._recur_on("1 quarter", "run_on_days_of_month", days, time)

    def yearly_on(self: Self, month: int | str, day: int | str, time: str | int = "0:00") -> Self:
        """Run every year on one day at `time`, such as 'march', 15 and '8:00'."""
        return self._reschedule(lambda title: yearly(title, self._declared_so_far(recurrences=False), month, day, time))

    def once(self: Self, *times: Any) -> Self:
        """Run once, at '2027-03-01 08:00', or at several such times."""
        return self._recur(run_once=_one_or_several(times))

    def cron(self: Self, expression: str) -> Self:
        """Run when a five-field cron expression says, in Debian cron's dialect."""
        return self._recur(run_cron=expression)

    # -- when: constraints. Each narrows what there is. --

    def on(self: Self, *days: Weekdays) -> Self:
        """Run only on these days of the week: names, 'mon-fri', or 0-7 where 0 and 7 are Sunday."""
        return self._narrow("run_on", _one_or_several(days))

    def on_days_of_month(self: Self, *days: Any) -> Self:
        """Run only on these days of the month: 1-31 or 'last'."""
        return self._narrow("run_on_days_of_month", _one_or_several(days))

    def between(self: Self, start: str | int, end: str | int) -> Self:
        """Run only from `start` to `end`, both included; may pass midnight."""
        return self._narrow("run_between", (start, end))

    def not_between(self: Self, start: str | int, end: str | int) -> Self:
        """Do not run from `start` to `end`, both included; may pass midnight."""
        return self._narrow("run_not_between", (start, end))

    def starting(self: Self, date: Any) -> Self:
        """Do not run before `date`: '2027-03-01' or '2027-03-01 08:00'."""
        return self._narrow("run_from", date)

    def until(self: Self, date: Any) -> Self:
        """Do not run after `date`: '2027-03-31', that day included, or '2027-03-31 17:00'."""
        return self._narrow("run_until", date)

    def except_on(self: Self, *days: Any) -> Self:
        """Do not run on these dates, or on days for which a function of the date returns something true."""
        return self._narrow("run_except", _one_or_several(days))

    def when(self: Self, condition: Callable[..., Any] | None = None) -> Any:
        """Run only if `condition` returns something true. It is called, with injection, when the task is due.

        Override it without parameters of its own (`def when(self) -> bool`) to write the condition into the class.
        """
        return True if condition is None else self._add_condition(condition, wanted=True)

    def skip(self: Self, condition: Callable[..., Any]) -> Self:
        """Do not run if `condition` returns something true. It is called, with injection, when the task is due."""
        return self._add_condition(condition, wanted=False)

    def in_environments(self: Self, *environments: str) -> Self:
        """Run only if `APP_ENV` is one of `environments`."""
        self.environments = environments
        return self

    def in_timezone(self: Self, zone: str | tzinfo) -> Self:
        """Read all times on the clock of `zone`: an IANA name or a pendulum timezone."""
        return self._reschedule(lambda title: declare(title, self._declared_so_far(), {"timezone": zone}))

    def on_executor(self: Self, name: str) -> Self:
        """Let the workers of the executor `name` of `config/scheduler.py` run it; 'local' is the claiming server."""
        return self._set_options(executor=name)

    def named(self: Self, name: str) -> Self:
        """Give the task a name for `--task`, in addition to its container binding and its class name."""
        if not isinstance(name, str) or not name.strip():
            examples = ("'hey'", "'nightly-backup'")
            return self._refuse(InvalidSchedule(type(self).__name__, "name", name, "is not a name", examples))
        self.name = name
        return self

    def retry(self: Self, times: int, *, delay: Any = None, backoff: Any = None, longest: Any = None) -> Self:
        """Retry a failed run up to `times` times, as `retry_delay`, `retry_backoff` and `retry_delay_limit` say."""
        values = {"retries": times, "retry_delay": delay, "retry_backoff": backoff, "retry_delay_limit": longest}
        return self._set_options(**{name: value for name, value in values.items() if value is not None})

    # -- output --

    if TYPE_CHECKING:
        output_to: Any
        append_output_to: Any
    else:

        def output_to(self: Self, path: str) -> Self:
            """Write what a run prints to the file `path`, relative to the app's folder, replacing the last run's.

            In a class it is an attribute: output_to = '.scheduler/import.log'.
            """
            return self._set_options(output_to=path)

        def append_output_to(self: Self, path: str) -> Self:
            """Append what a run prints to the file `path`, relative to the app's folder.

            In a class it is an attribute: append_output_to = '.scheduler/import.log'.
            """
            return self._set_options(append_output_to=path)

    # -- asking --

    def should_run(self, date: datetime | None = None) -> bool:
        """Return whether the task is due in the minute of `date` (default: now; naive: on the task's clock)."""
        schedule = self.__dict__.get(SCHEDULE_STATE) or declared_schedule(self)
        if schedule.rule is None:
            return False
        if self._date is not None:
            date = clock.naive(self._date)
        zone = schedule.zone or clock.default_zone()
        if date is None or date.tzinfo is None:
            date = clock.instant_of(date, zone)
        return bool(schedule.rule.matches(ZonedMinute.of(date, zone)))

    def next_run(self, after: datetime | None = None) -> pendulum.DateTime | None:
        """Return the first fire time strictly later than `after` (default: now), or None."""
        schedule = self.__dict__.get(SCHEDULE_STATE) or declared_schedule(self)
        if schedule.rule is None:
            return None
        zone = schedule.zone or clock.default_zone()
        found = schedule.rule.next_after(clock.instant_of(after, zone), zone)
        return clock.as_pendulum(found, zone) if found else None

    def next_runs(self, count: int, after: datetime | None = None) -> list[pendulum.DateTime]:
        """Return the first `count` fire times strictly later than `after` (default: now), or all there are."""
        runs: list[pendulum.DateTime] = []
        while len(runs) < count and (found := self.next_run(runs[-1] if runs else after)):
            runs.append(found)
        return runs

    def previous_run(self, before: datetime | None = None) -> pendulum.DateTime | None:
        """Return the last fire time strictly earlier than `before` (default: now), or None."""
        rule, zone = schedule_of(self)
        found = rule.previous_before(clock.instant_of(before, zone), zone) if rule else None
        return clock.as_pendulum(found, zone) if found else None

    def describe(self) -> str:
        """Return when the task runs, in words."""
        rule, zone = schedule_of(self)
        return f"{rule.describe()}, {zones.name_of(zone)}" if rule else "only on demand"

    @property
    def conditions(self) -> tuple[tuple[Callable[..., Any], bool], ...]:
        """Return the conditions that `when` and `skip` added, each with the result that lets the task run."""
        return tuple(self.__dict__.get("_conditions", ()))

    # -- keeping what the methods declare --

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute; one that declares when the task runs replaces the earlier declaration of a method."""
        if name in READERS and (declared := self.__dict__.get(METHODS_STATE)):
            self._keep(declare(type(self).__name__, declared, {name: value}))
        elif name in READERS:
            self.__dict__.pop(SCHEDULE_STATE, None)
        object.__setattr__(self, name, value)

    def _keep(self, schedule: Schedule) -> None:
        self.__dict__[METHODS_STATE] = self.__dict__[SCHEDULE_STATE] = schedule

    def _reschedule(self: Self, build: Callable[[str], Schedule]) -> Self:
        """Store the schedule that `build` returns for the task's title; if it raises, the task does not change."""
        try:
            self._keep(build(type(self).__name__))
        except InvalidSchedule as error:
            return self._refuse(error)
        return self

    def _refuse(self: Self, error: InvalidSchedule) -> Self:
        """Raise `error`; while the app starts, keep it for the schedule's commands, which report it."""
        if not is_app_starting():
            raise error
        self.__dict__.setdefault(PROBLEM_STATE, (error, call_site()))
        return self

    def _recur(self: Self, **declared: object) -> Self:
        return self._reschedule(lambda title: recur(title, self._declared_so_far(recurrences=False), declared))

    def _recur_on(self: Self, interval: str, attribute: str, days: object, time: object) -> Self:
        def build(title: str) -> Schedule:
            schedule = recur(title, self._declared_so_far(recurrences=False), {"run_every": interval})
            schedule = narrow(title, schedule, attribute, days)
            return schedule if time is None else at_times(title, schedule, time)

        return self._reschedule(build)

    def _narrow(self: Self, attribute: str, value: object) -> Self:
        return self._reschedule(lambda title: narrow(title, self._declared_so_far(), attribute, value))

    def _declared_so_far(self, *, recurrences: bool = True) -> Schedule:
        """Return what was declared; a call that replaces the recurrences ignores those of the class."""
        declared: Schedule | None = self.__dict__.get(METHODS_STATE)
        if declared is not None:
            return declared
        if recurrences:
            return declared_schedule(self)
        values = {name: value for name, value in attributes_of(self).items() if name not in RECURRENCES}
        own = self.__dict__
        if own.get("run_at") is not None and not own.get("run_every") and not own.get("run_weekly"):
            values["run_at"] = own["run_at"]
        return read_schedule(type(self).__name__, values)

    def _add_condition(self: Self, condition: object, *, wanted: bool) -> Self:
        if not callable(condition):
            name = "when" if wanted else "skip"
            error = InvalidSchedule(type(self).__name__, name, condition, "is not callable", ("lambda: True",))
            return self._refuse(error)
        self.__dict__["_conditions"] = (*self.conditions, (condition, wanted))
        return self

    def _set_options(self: Self, **values: object) -> Self:
        """Set options that have methods; those that are both attribute and method are stored with a leading `_`."""
        try:
            read_options(type(self).__name__, values)
        except InvalidSchedule as error:
            return self._refuse(error)
        for name, value in values.items():
            object.__setattr__(self, f"_{name}" if name in METHODS else name, value)
        return self


def schedule_of(task: object) -> tuple[Rule | None, tzinfo]:
    """Return the rule and the zone of a task or of a task class, Masonite's own included; None is only on demand.

    Raises `InvalidSchedule`.
    """
    schedule = declared_schedule(task)
    return schedule.rule, schedule.zone or clock.default_zone()


def declared_schedule(task: object) -> Schedule:
    """Return what a task or a task class declares; cached until an attribute is set.

    Raises `InvalidSchedule`.
    """
    state: dict[str, Any] = {} if isinstance(task, type) else task.__dict__
    if PROBLEM_STATE in state:
        raise state[PROBLEM_STATE][0]
    known: Schedule | None = state.get(SCHEDULE_STATE)
    if known is None:
        title = task.__name__ if isinstance(task, type) else type(task).__name__
        known = state[SCHEDULE_STATE] = read_schedule(title, attributes_of(task))
    return known


def attributes_of(task: object) -> dict[str, object]:
    """Return the attributes of a task or a task class that declare when it runs."""
    declared: dict[str, object] = {name: getattr(task, name, None) for name in ATTRIBUTES}
    if _is_masonites_default(task):
        declared |= {"run_every_minute": False, "default_run_every": "1 minute"}
    return declared


def _one_or_several(values: tuple[Any, ...]) -> Any:
    """Return a single value as it is, several as a tuple, and an iterator, which can be read only once, as a tuple."""
    if len(values) != 1:
        return values
    value = values[0]
    return tuple(value) if isinstance(value, Iterator) else value


def _is_masonites_default(task: object) -> bool:
    """Return whether `run_every_minute` is only the default of Masonite's own CommandTask."""
    cls = task if isinstance(task, type) else type(task)
    home = next((base for base in cls.__mro__ if "run_every_minute" in vars(base)), None)
    own = isinstance(task, type) or "run_every_minute" not in vars(task)
    return own and home is not None and home.__module__ == "masonite.scheduling.CommandTask"
