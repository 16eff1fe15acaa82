"""What users need to test their own schedules: no waiting, no patching.

from scheduler.testing import assert_due, assert_runs, run_due
"""

from scheduler.stores import memory_store
from scheduler.testing.kit import assert_due, assert_not_due, assert_runs, frozen, run_due

__all__ = ["assert_due", "assert_not_due", "assert_runs", "frozen", "memory_store", "run_due"]
