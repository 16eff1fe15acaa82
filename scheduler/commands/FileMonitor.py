"""The file monitor of `craft schedule:work --reload`."""

from __future__ import annotations

from hupper.polling import PollingFileMonitor, get_mtime


class FileMonitor(PollingFileMonitor):
    """Look at the files once a second.

    hupper's monitor on top of watchdog can deadlock: it takes its own lock and watchdog's in both orders.
    """

    def add_path(self, path: str) -> None:
        """Watch a file from this moment on: a change before the next look counts too."""
        self.mtimes.setdefault(path, get_mtime(path))
        super().add_path(path)
