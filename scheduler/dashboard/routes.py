"""The dashboard's one route, at a position where it costs other requests nothing and no other route hides it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from masonite.routes import HTTPRoute

METHODS: Final = ("get", "head", "post", "put", "patch", "delete", "options")
NAME: Final = "schedule"

Answer = Callable[[Any, Any], Any]


class DashboardRoute(HTTPRoute):  # type: ignore[misc] # Masonite has no types
    """Matches everything at and below a prefix, for any method: Masonite would answer other methods with 405."""

    def __init__(self, prefix: str, answer: Answer) -> None:
        super().__init__(prefix, request_method=list(METHODS), name=NAME)
        self._prefix = prefix
        self._below = f"{prefix}/"
        self._answer = answer

    def match(self, path: str, request_method: str, subdomain: Any = None) -> bool:
        """Return whether a request is for the dashboard."""
        del request_method
        return self.matches(path) and subdomain == self._domain

    def matches(self, path: str) -> bool:
        """Return whether a path is the dashboard's."""
        return path == self._prefix or path.startswith(self._below)

    def get_response(self, app: Any = None) -> Any:
        """Answer the request that the container holds."""
        return self._answer(app.make("request"), app.make("response"))


def mount(router: Any, prefix: str, answer: Answer) -> None:
    """Add the route: behind all others, or before the first that would take requests to the prefix."""
    route = DashboardRoute(prefix, answer)
    samples = (prefix, f"{prefix}/", f"{prefix}/task", f"{prefix}/runs/1")
    position = next(
        (at for at, other in enumerate(router.routes) if any(other.matches(sample) for sample in samples)),
        len(router.routes),
    )
    router.routes.insert(position, route)
