"""How long it takes to find the next fire time, in New York, from 24 moments of a year (two on days clocks change).

Expressions are parsed before, except in the one row that says so: cronsim can only iterate, so the figure compared with
the targets is that of an iteration that is set back. celery and huey cannot compute the next fire time.
"""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from cronsim import CronSim
from measure import Target, best, compared, race
from peers import APScheduler, Croniter, Cronsim

from scheduler import Task
from scheduler.rules import cron

ZONE = ZoneInfo("America/New_York")
COMMON = ("0 9 * * 1-5", "*/15 * * * *", "0 0 1 * *")
SPARSE = ("0 0 29 2 *",)
RULE, TASK = "ours: rule.next_after", "ours: task.next_run"
FIRST = datetime(2026, 1, 5, 12, 7, tzinfo=timezone.utc)
STARTS = [(FIRST + timedelta(days=15, hours=7, minutes=11) * number).astimezone(ZONE) for number in range(22)] + [
    datetime(2026, 3, 8, 1, 50, tzinfo=ZONE),
    datetime(2026, 11, 1, 1, 50, tzinfo=ZONE),
]


def measured():
    figures = []
    for expression in COMMON + SPARSE:
        contenders = _contenders(expression)
        answers = {who: [found and found.timestamp() for found in run()] for who, run in contenders.items()}
        notes = compared(answers, "cronsim")
        figures += race(f"next of {expression}", contenders, calls=len(STARTS), notes=notes)
    return figures


def targets(figures):
    found = []
    for expression in COMMON + SPARSE:
        section = f"next of {expression}"
        cronsim = best(figures, "cronsim", section)
        for who in (RULE, TASK):
            what = f"next fire time of {expression}, {who.removeprefix('ours: ')} / cronsim"
            found.append(Target(what, best(figures, who, section) / cronsim, 0.5, "x"))
    return found


def _contenders(expression):
    rule, task = cron(expression), Task().cron(expression).in_timezone(ZONE)
    contenders = {
        RULE: lambda: [rule.next_after(start, ZONE) for start in STARTS],
        TASK: lambda: [task.next_run(start) for start in STARTS],
    }
    contenders |= {peer.name: _following(peer, expression) for peer in (Cronsim, APScheduler, Croniter)}
    return contenders | {"cronsim, parsing each time": lambda: [next(CronSim(expression, start)) for start in STARTS]}


def _following(peer, expression):
    parsed, following = peer.parse(expression, ZONE), peer.following
    return lambda: [following(parsed, start) for start in STARTS]
