"""Executors, with real brokers and real workers."""
