"""How long a forecast of a year of 1,000 mixed tasks takes, in each form that `schedule:simulate` has.

Each figure covers everything from parsed rules to the finished text or document.
"""

from datetime import datetime, timezone
from time import process_time
from zoneinfo import ZoneInfo

from measure import Target, best, figure
from samples import declarations

from scheduler import Task
from scheduler.diagnosis import fire_table
from scheduler.diagnosis.forecast import BusyMap, forecast_windows
from scheduler.Task import schedule_of
from scheduler.tasks.RegisteredTask import RegisteredTask

COUNT = 1000
ROUNDS = 3
WIDTH = 100
SECTION = "a year of 1,000 mixed tasks"
ZONE = ZoneInfo("Europe/Riga")
YEAR = (datetime(2027, 1, 1, tzinfo=timezone.utc), datetime(2028, 1, 1, tzinfo=timezone.utc))
COUNTED, MAPPED, LISTED, WRITTEN = "counted", "as a map of hours and days", "as a list", "as JSON"


def measured():
    tasks = _tasks()
    count = sum(entry.count for entry in _counted(tasks))
    views = {COUNTED: _count, MAPPED: _map, LISTED: _list, WRITTEN: _write}
    seconds = {who: [] for who in views}
    for _ in range(ROUNDS):
        for who, view in views.items():
            began = process_time()
            view(tasks)
            seconds[who].append(process_time() - began)
    note = f"{count:,} fire times"
    return [figure(SECTION, who, took, unit="s", per_second=1, note=note) for who, took in seconds.items()]


def targets(figures):
    return [Target(f"{SECTION}, {who}", best(figures, who, SECTION), 10, "s") for who in (COUNTED, MAPPED, LISTED, WRITTEN)]


def _tasks():
    declared = declarations(COUNT)
    classes = [type(f"Task{number}", (Task,), attributes) for number, attributes in enumerate(declared)]
    return [RegisteredTask(cls.__name__, cls, *schedule_of(cls)) for cls in classes]


def _counted(tasks):
    return fire_table.count_fire_times(forecast_windows(tasks, *YEAR, ZONE), tasks)


def _count(tasks):
    return fire_table.as_counts(_counted(tasks), ZONE, WIDTH)


def _map(tasks):
    return fire_table.as_map(BusyMap(forecast_windows(tasks, *YEAR, ZONE), ZONE), ZONE, WIDTH)


def _list(tasks):
    return sum(len(fire_table.as_lines(stretch, ZONE)) for stretch in forecast_windows(tasks, *YEAR, ZONE))


def _write(tasks):
    entries = [fire_table.entry_of(each, ZONE) for each in _counted(tasks)]
    return sum(map(len, fire_table.document(YEAR, ZONE, entries, forecast_windows(tasks, *YEAR, ZONE))))
