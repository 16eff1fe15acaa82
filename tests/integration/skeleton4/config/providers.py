from masonite.providers import (
    AuthenticationProvider,
    CacheProvider,
    EventProvider,
    FrameworkProvider,
    MailProvider,
    ORMProvider,
    QueueProvider,
    RouteProvider,
    ViewProvider,
)
from masonite.scheduling.providers import ScheduleProvider

from app.providers.AppProvider import AppProvider

PROVIDERS = [
    FrameworkProvider,
    RouteProvider,
    ViewProvider,
    MailProvider,
    CacheProvider,
    QueueProvider,
    ScheduleProvider,
    EventProvider,
    AuthenticationProvider,
    ORMProvider,
    AppProvider,
]
