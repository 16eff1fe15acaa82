"""How long it takes to decide which of 1,000 rules are due.

Each figure is the mean of twelve minutes of a Monday, spread over the day and over the hour; each library reads the
clock once for each zone. The targets are an earlier figure of cronsim, and its figure in the same run.
"""

from datetime import datetime, timedelta, timezone

from measure import Target, best, compared, race
from peers import PEERS
from samples import ZONES, cron_expressions, declarations

from scheduler import Task
from scheduler.execution.due import judge
from scheduler.Task import schedule_of
from scheduler.tasks.RegisteredTask import RegisteredTask

COUNT = 1000
MIXED = "judging 1,000 mixed rules"
CRON = "judging 1,000 cron expressions"
SHOULD_RUN, TICK = "ours: task.should_run(now)", "ours: the tick (due.judge)"
MIDNIGHT = datetime(2026, 6, 1, tzinfo=timezone.utc)
MINUTES = [MIDNIGHT + timedelta(hours=2, minutes=7) * number for number in range(12)]


def measured():
    expressions = cron_expressions(COUNT)
    mixed = _tasks(declarations(COUNT))
    same = _tasks([{"run_cron": expression, "timezone": zone.key} for expression, zone in expressions])
    contenders = {TICK: _tick(same), SHOULD_RUN: _asking(same)}
    contenders |= {peer.name: _judging(peer, expressions) for peer in PEERS}
    notes = compared({who: [len(due) for due in run()] for who, run in contenders.items()}, "cronsim")
    in_ms = {"calls": len(MINUTES), "unit": "ms", "per_second": 1e3}
    figures = race(MIXED, {TICK: _tick(mixed), SHOULD_RUN: _asking(mixed)}, **in_ms)
    return figures + race(CRON, contenders, notes=notes, **in_ms)


def targets(figures):
    cronsim = best(figures, "cronsim", CRON)
    return [
        Target("should_run of 1,000 mixed rules", best(figures, SHOULD_RUN, MIXED), 1.0, "ms"),
        Target("should_run of 1,000 cron expressions", best(figures, SHOULD_RUN, CRON), 1.0, "ms"),
        Target("the tick's judging of 1,000 mixed rules", best(figures, TICK, MIXED), 0.5, "ms"),
        Target("the tick's judging of 1,000 cron expressions / cronsim", best(figures, TICK, CRON) / cronsim, 1.0, "x"),
    ]


def _tasks(declared):
    return [type(f"Task{number}", (Task,), attributes)() for number, attributes in enumerate(declared)]


def _asking(tasks):
    return lambda: [[task for task in tasks if task.should_run(now)] for now in MINUTES]


def _tick(tasks):
    """Decide as a tick does a minute after the last one: no task has fire times to catch up."""
    registered = [RegisteredTask(type(task).__name__, task, *schedule_of(task)) for task in tasks]
    return lambda: [judge(registered, now, {})[0] for now in MINUTES]


def _judging(peer, expressions):
    """Decide as a tick built on the other library would, with the same record of each task as ours."""
    parsed = [(peer.parse(expression, zone), zone) for expression, zone in expressions]
    registered = [RegisteredTask(peer.name, None, cron, zone) for cron, zone in parsed]
    judge = peer.judge

    def due(now):
        clocks = {zone: now.astimezone(zone) for zone in ZONES}
        return [task for task in registered if judge(task.rule, clocks[task.zone])]

    return lambda: [due(now) for now in MINUTES]
