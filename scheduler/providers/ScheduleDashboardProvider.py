"""Adds the dashboard to an app that lists this provider."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from masonite.providers import Provider

from scheduler.masonite.MasoniteApp import MasoniteApp

if TYPE_CHECKING:
    from scheduler.config.DashboardSettings import DashboardSettings
    from scheduler.dashboard.DashboardController import DashboardController

PREFIX: Final = "/schedule"
"""The default settings, so that a starting process need not import them."""


class ScheduleDashboardProvider(Provider):
    """Adds `/schedule` to the app's routes; what it needs is imported and made when it is first asked for."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def register(self) -> None:
        """Add the route."""
        from scheduler.dashboard.routes import mount  # noqa: PLC0415 - only apps with a dashboard

        self._app = MasoniteApp(self.application)
        prefix = self._settings.prefix if self._app.setting("dashboard") else PREFIX
        mount(self.application.make("router"), prefix, self._answer)

    @cached_property
    def _settings(self) -> DashboardSettings:
        """Return the settings; invalid ones must not keep the app from starting, so the pages report them."""
        from scheduler.config.DashboardSettings import DashboardSettings  # noqa: PLC0415 - only if it has settings
        from scheduler.errors import UnacceptableValue  # noqa: PLC0415 - only if it has settings

        try:
            return DashboardSettings.read(self._app.setting("dashboard") or {})
        except UnacceptableValue:
            return DashboardSettings()

    def boot(self) -> None:
        """Do nothing for each request."""

    def _answer(self, request: Any, response: Any) -> Any:
        return self._controller.answer(request, response)

    @cached_property
    def _controller(self) -> DashboardController:
        from scheduler.dashboard.Dashboard import Dashboard  # noqa: PLC0415 - only once a page is asked for
        from scheduler.dashboard.DashboardController import DashboardController  # noqa: PLC0415 - only once a page is asked for
        from scheduler.masonite.builtin import proxy_of  # noqa: PLC0415 - only once a page is asked for

        dashboard = Dashboard(lambda: proxy_of(self.application).scheduler, self._app)
        return DashboardController(self.application, dashboard, self._settings, self._app.environment)
