"""The service provider to list in `config/providers.py`."""

from scheduler.providers.ScheduleProvider import ScheduleProvider

__all__ = ["ScheduleProvider"]
