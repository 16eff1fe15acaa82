"""The craft commands: each parses, calls and prints, and imports what it needs when it is called."""

from scheduler.commands.ScheduleCacheCommand import ScheduleCacheCommand
from scheduler.commands.ScheduleClearCommand import ScheduleClearCommand
from scheduler.commands.ScheduleDoctorCommand import ScheduleDoctorCommand
from scheduler.commands.ScheduleExplainCommand import ScheduleExplainCommand
from scheduler.commands.ScheduleHistoryCommand import ScheduleHistoryCommand
from scheduler.commands.ScheduleInstallCommand import ScheduleInstallCommand
from scheduler.commands.ScheduleListCommand import ScheduleListCommand
from scheduler.commands.ScheduleMetricsCommand import ScheduleMetricsCommand
from scheduler.commands.SchedulePauseCommand import SchedulePauseCommand
from scheduler.commands.ScheduleResumeCommand import ScheduleResumeCommand
from scheduler.commands.ScheduleRunCommand import ScheduleRunCommand
from scheduler.commands.ScheduleSimulateCommand import ScheduleSimulateCommand
from scheduler.commands.ScheduleTableCommand import ScheduleTableCommand
from scheduler.commands.ScheduleTestCommand import ScheduleTestCommand
from scheduler.commands.ScheduleUnlockCommand import ScheduleUnlockCommand
from scheduler.commands.ScheduleWorkCommand import ScheduleWorkCommand
from scheduler.commands.TaskCommand import TaskCommand

COMMANDS = (
    ScheduleRunCommand,
    ScheduleListCommand,
    ScheduleWorkCommand,
    ScheduleInstallCommand,
    ScheduleTestCommand,
    ScheduleHistoryCommand,
    ScheduleDoctorCommand,
    ScheduleExplainCommand,
    ScheduleSimulateCommand,
    ScheduleMetricsCommand,
    SchedulePauseCommand,
    ScheduleResumeCommand,
    ScheduleUnlockCommand,
    ScheduleCacheCommand,
    ScheduleClearCommand,
    ScheduleTableCommand,
    TaskCommand,
)
