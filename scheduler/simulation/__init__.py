"""Every fire time in a window of time: tasks in, the minutes of the window that each names out."""

from scheduler.simulation.calendar import whole_minute
from scheduler.simulation.Heat import Heat
from scheduler.simulation.Stretch import Foreseen, Stretch, stretches

__all__ = ["Foreseen", "Heat", "Stretch", "stretches", "whole_minute"]
