"""The state of an app's cache, for commands that show it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from scheduler.cache.fingerprint import difference, fingerprint
from scheduler.cache.ScheduleCache import ScheduleCache, refusal, stale_reason
from scheduler.private_folder import NotPrivate
from scheduler.rules.ZonedMinute import UTC


class CacheState(NamedTuple):
    """Whether there is a cache: `name` is "none", "fresh", "stale" or "refused" (not safe to use, or not readable).

    `detail` is its end, or why it is not used, and `hint` how to fix that.
    """

    name: str
    detail: str = ""
    hint: str = ""

    def describe(self) -> str:
        """Return a sentence about it, without a full stop."""
        if self.name == "none":
            return "The schedule is not cached"
        if self.name == "fresh":
            return f"The schedule is cached {self.detail}"
        if self.name == "refused":
            return f"The schedule's cache is not used ({self.detail})"
        return f"The schedule's cache is stale ({self.detail})"


def state_of(folder: str) -> CacheState:
    """Return the state of the cache of the app in `folder`."""
    try:
        cache = ScheduleCache.read(folder)
    except FileNotFoundError:
        reason = stale_reason(folder)
        return CacheState("none") if reason is None else _stale(reason)
    except (NotPrivate, PermissionError) as error:
        what, hint = refusal(error)
        return CacheState("refused", what, f"{hint}, then run craft schedule:cache again")
    except (OSError, ValueError) as error:
        return _stale(getattr(error, "strerror", None) or str(error))
    now = fingerprint(folder, cache.files, cache.variables)
    if now != cache.fingerprint:
        return _stale(difference(cache.fingerprint, now))
    end = datetime.fromtimestamp((cache.start + cache.length) * 60, UTC)
    return CacheState("fresh", f"until {end:%Y-%m-%d}")


def _stale(reason: str) -> CacheState:
    return CacheState("stale", reason, "run craft schedule:cache again")
