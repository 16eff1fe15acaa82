"""The samples: 1,000 cron expressions that all libraries understand, and declarations of every kind of rule."""

from random import Random
from zoneinfo import ZoneInfo

ZONES = [ZoneInfo(name) for name in ("UTC", "America/New_York", "Europe/Riga", "Asia/Kolkata", "Australia/Sydney")]


def cron_expressions(count):
    """Return different expressions, each with its zone.

    They use only syntax with the same meaning everywhere: no names, no `L` or `#`, no range of one (croniter takes 9-9
    for any hour), and never both day fields, which cron joins with "or" and three of the peers with "and".
    """
    random = Random(1)
    found = {}
    while len(found) < count:
        found[_expression(random)] = random.choice(ZONES)
    return list(found.items())


def _expression(random):
    minute, hour, day = random.randrange(60), random.randrange(23), random.randrange(1, 29)
    later = random.randrange(hour + 1, 24)
    return random.choice(
        [
            f"*/{random.choice([2, 3, 4, 5, 6, 10, 12, 15, 20, 30])} {hour}-{later} * * *",
            f"{minute} * * * {random.randrange(7)}",
            f"{minute} */{random.choice([2, 3, 4, 6, 8, 12])} * * *",
            f"{minute} {hour} * * *",
            f"{minute} {hour} * * 1-5",
            f"{minute} {hour} * * {random.randrange(7)}",
            f"{minute},{(minute + 30) % 60} {hour}-{later} * * 1-5",
            f"{minute} {hour} {day} * *",
            f"{minute} {hour} 1,15 * *",
            f"{minute} {hour} {day} {random.randrange(1, 13)} *",
            f"{minute} {hour} 1 */3 *",
        ]
    )


def declarations(count, accept=lambda attributes: True):
    """Return the declarations of `count` tasks, no two equal: each kind of rule, half with constraints, in five zones."""
    random = Random(2)
    found = {}
    while len(found) < count:
        attributes = _recurrence(random) | _constraint(random) | {"timezone": random.choice(ZONES).key}
        if accept(attributes):
            found[repr(attributes)] = attributes
    return list(found.values())


def _recurrence(random):
    minute, hour = random.randrange(60), random.randrange(24)
    time, another = f"{hour}:{minute:02}", f"{(hour + 9) % 24}:{minute:02}"
    return random.choice(
        [
            {"run_every": f"{random.choice([1, 5, 7, 10, 15, 30, 45, 90])} minutes"},
            {"run_every": f"{random.choice([1, 2, 5, 6, 36])} hours"},
            {"run_every": f"{random.choice([1, 2, 6])} hours", "run_at": f":{minute:02}"},
            {"run_every": f"{random.choice([1, 2, 3, 10])} days", "run_at": time},
            {"run_every": f"{random.choice([1, 2, 3])} weeks", "run_at": time},
            {"run_every": f"{random.choice([1, 2, 5])} months", "run_at": time},
            {"run_every": "1 year"},
            {"run_at": [time, another]},
            {"twice_daily": (time, another)},
            {"run_cron": _expression(random)},
            {"run_cron": f"{minute} {hour} * * {random.choice(['mon-fri', '5#2', '5L', 'sun'])}"},
            {"run_cron": f"{minute} {hour} {random.choice(['L', 'LW', '15W', '*/2'])} * *"},
        ]
    )


def _constraint(random):
    return random.choice(
        [{}, {}, {}, {"run_on": "weekdays"}, {"run_between": ("8:00", "17:30")}, {"run_not_between": ("22:00", "6:00")}]
    )
