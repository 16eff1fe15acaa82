"""When something is due: immutable values without a clock, a container or I/O."""

from scheduler.rules.attributes import ATTRIBUTES, CONSTRAINTS, RECURRENCES
from scheduler.rules.cron import cron
from scheduler.rules.declaration import declared_rule, read_schedule
from scheduler.rules.every import Constraints, at, every
from scheduler.rules.readers import is_undeclared
from scheduler.rules.Rule import Recurrence, Rule
from scheduler.rules.Schedule import Schedule
from scheduler.rules.UnionRule import UnionRule
from scheduler.rules.ZonedMinute import ZonedMinute

__all__ = [
    "ATTRIBUTES",
    "CONSTRAINTS",
    "RECURRENCES",
    "Constraints",
    "Recurrence",
    "Rule",
    "Schedule",
    "UnionRule",
    "ZonedMinute",
    "at",
    "cron",
    "declared_rule",
    "every",
    "is_undeclared",
    "read_schedule",
]
