"""Letting cron, systemd or Windows call the scheduler: what is written there, and the writing of it."""
