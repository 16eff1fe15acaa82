from masonite.providers import FrameworkProvider, ORMProvider
from scheduler.providers import ScheduleProvider

from app.providers.TaskProvider import TaskProvider

PROVIDERS = [
    FrameworkProvider,
    ORMProvider,
    ScheduleProvider,  # in place of masonite.scheduling.providers.ScheduleProvider
    TaskProvider,
]
