"""Migrations to publish into an app; no logic."""
