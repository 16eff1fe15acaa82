"""One interface to the other libraries: `parse` an expression, `judge` a minute, return the `following` fire time.

`judge` takes the minute as a datetime on the clock of the expression's zone. If a library cannot answer that, the call
that its own scheduler makes is used.
"""

from datetime import datetime, timedelta
from functools import cache
from importlib.metadata import version

import celery.schedules
import huey
from apscheduler.triggers.cron import CronTrigger
from celery import Celery
from croniter import croniter
from cronsim import CronSim

MINUTE = timedelta(minutes=1)
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class Cronsim:
    """It iterates and judges nothing; the fields it has parsed are asked, as its own iteration asks them."""

    name = "cronsim"

    @staticmethod
    def parse(expression, zone):
        return CronSim(expression, datetime(2026, 1, 1, tzinfo=zone))

    @staticmethod
    def judge(cron, local):
        return (
            local.minute in cron.minutes
            and local.hour in cron.hours
            and local.month in cron.months
            and cron.match_day(local)
        )

    @staticmethod
    def following(cron, start):
        """Set the iteration back; it uses a clock without a zone where it corrects daylight saving itself."""
        cron.dt = start.replace(tzinfo=None) if cron.fixup_tz else start
        return next(cron)


class Croniter:
    """`croniter.match` takes the expression itself and parses it at each call, as it is documented."""

    name = "croniter"

    @staticmethod
    def parse(expression, zone):
        return croniter(expression, datetime(2026, 1, 1, tzinfo=zone))

    @staticmethod
    def judge(cron, local):
        return croniter.match(" ".join(cron.expressions), local)

    @staticmethod
    def following(cron, start):
        return cron.get_next(datetime, start_time=start)


class APScheduler:
    """Its scheduler asks for the next fire time, which counts the minute it starts from."""

    name = "APScheduler"

    @staticmethod
    def parse(expression, zone):
        *fields, weekdays = expression.split()
        named = "".join(WEEKDAYS[int(sign)] if sign.isdigit() else sign for sign in weekdays)  # its own 0 is Monday
        return CronTrigger.from_crontab(" ".join([*fields, named]), timezone=zone)

    @staticmethod
    def judge(trigger, local):
        return trigger.get_next_fire_time(None, local) == local

    @staticmethod
    def following(trigger, start):
        return trigger.get_next_fire_time(None, start + MINUTE)


class CeleryCrontab:
    """Its beat asks `is_due` with the time of the last run, here a minute ago, and the clock of an app."""

    name = "celery"
    now = None

    @classmethod
    def parse(cls, expression, zone):
        minute, hour, day, month, weekday = expression.split()
        return celery.schedules.crontab(
            minute, hour, weekday, day, month, nowfun=lambda: cls.now, app=_celery_app(zone.key)
        )

    @classmethod
    def judge(cls, crontab, local):
        cls.now = local
        return crontab.is_due(local - MINUTE).is_due


@cache
def _celery_app(zone):
    return Celery(set_as_current=False, config_source={"timezone": zone, "enable_utc": True})


class Huey:
    """`crontab` returns a function that judges a minute, and nothing else."""

    name = "huey"

    @staticmethod
    def parse(expression, zone):
        return huey.crontab(*expression.split(), strict=True)

    @staticmethod
    def judge(validate, local):
        return validate(local)


PEERS = [Cronsim, Huey, APScheduler, CeleryCrontab, Croniter]


def versions():
    packages = ("cronsim", "huey", "apscheduler", "celery", "croniter", "masonite-framework")
    return {name: version(name) for name in packages}
