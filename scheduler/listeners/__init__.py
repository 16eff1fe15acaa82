"""Who is notified of a tick and of its runs, and the wording of a run."""

from scheduler.listeners.ConsoleListener import ConsoleListener
from scheduler.listeners.EventListener import EventListener
from scheduler.listeners.JsonLinesListener import JsonLinesListener
from scheduler.listeners.JsonListener import JsonListener
from scheduler.listeners.Listener import Listener
from scheduler.listeners.LogListener import LogListener
from scheduler.listeners.NotificationListener import NotificationListener
from scheduler.listeners.PingListener import PingListener
from scheduler.listeners.RunListener import Delivery, RunListener

__all__ = [
    "ConsoleListener",
    "Delivery",
    "EventListener",
    "JsonLinesListener",
    "JsonListener",
    "Listener",
    "LogListener",
    "NotificationListener",
    "PingListener",
    "RunListener",
]
