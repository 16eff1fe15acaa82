"""When something is due: immutable values without a clock, a container or I/O."""

from scheduler.rules.AnyOf import AnyOf
from scheduler.rules.cron import cron
from scheduler.rules.declaration import ATTRIBUTES, CONSTRAINTS, RECURRENCES, AllOf, declared_rule, is_undeclared
from scheduler.rules.every import Constraints, at, every
from scheduler.rules.Moment import Moment
from scheduler.rules.Rule import Recurrence, Rule

__all__ = [
    "ATTRIBUTES",
    "CONSTRAINTS",
    "RECURRENCES",
    "AllOf",
    "AnyOf",
    "Constraints",
    "Moment",
    "Recurrence",
    "Rule",
    "at",
    "cron",
    "declared_rule",
    "every",
    "is_undeclared",
]
