"""Who is told what happens: all wording lives here."""

from scheduler.listeners.ConsoleListener import ConsoleListener
from scheduler.listeners.JsonListener import JsonListener
from scheduler.listeners.Listener import Listener

__all__ = ["ConsoleListener", "JsonListener", "Listener"]
