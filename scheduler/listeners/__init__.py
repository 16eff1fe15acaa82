"""Who is told what happens: all wording lives here."""

from scheduler.listeners.ConsoleListener import ConsoleListener
from scheduler.listeners.EventListener import EventListener
from scheduler.listeners.JsonListener import JsonListener
from scheduler.listeners.Listener import Listener
from scheduler.listeners.LogListener import LogListener
from scheduler.listeners.NotificationListener import NotificationListener
from scheduler.listeners.PingListener import PingListener
from scheduler.listeners.RunListener import RunListener, Telling

__all__ = [
    "ConsoleListener",
    "EventListener",
    "JsonListener",
    "Listener",
    "LogListener",
    "NotificationListener",
    "PingListener",
    "RunListener",
    "Telling",
]
