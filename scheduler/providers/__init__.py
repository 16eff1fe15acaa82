"""The service providers to list in `config/providers.py`."""

from scheduler.providers.ScheduleDashboardProvider import ScheduleDashboardProvider
from scheduler.providers.ScheduleProvider import ScheduleProvider

__all__ = ["ScheduleDashboardProvider", "ScheduleProvider"]
