from masonite.providers import FrameworkProvider, ORMProvider, RouteProvider
from scheduler.providers import ScheduleDashboardProvider, ScheduleProvider

from app.providers.TaskProvider import TaskProvider

PROVIDERS = [
    FrameworkProvider,
    RouteProvider,
    ORMProvider,
    ScheduleProvider,  # instead of masonite.scheduling.providers.ScheduleProvider
    ScheduleDashboardProvider,  # the pages at /schedule
    TaskProvider,
]
