"""All fire times of tasks in a period of time."""

from scheduler.diagnosis.forecast.BusyMap import BusyMap
from scheduler.diagnosis.forecast.calendar import whole_minute
from scheduler.diagnosis.forecast.ForecastWindow import ForecastWindow, TaskForecast, forecast_windows

__all__ = ["BusyMap", "ForecastWindow", "TaskForecast", "forecast_windows", "whole_minute"]
