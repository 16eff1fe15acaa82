"""Letting cron, systemd or Windows run the scheduler: the text of their configuration, and writing it."""
