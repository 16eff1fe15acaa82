from masonite.providers import Provider
from scheduler.tasks import CommandTask


class TaskProvider(Provider):
    """Tasks that need no class of their own. Those in app/tasks are found without being named."""

    def __init__(self, application):
        self.application = application

    def register(self):
        # Here and not in boot(): Masonite boots providers for web requests only.
        self.application.make("scheduler").add(
            CommandTask("python -m gzip --best database.sqlite3").daily_at("3:00").named("backup"),
            CommandTask("find storage -path 'storage/imported/*' -mtime +90 -delete")
            .mondays()
            .at("8:30")
            .in_timezone("Europe/Riga")
            .named("prune"),
        )

    def boot(self):
        pass
