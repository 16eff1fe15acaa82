from masonite.auth import Sign
from masonite.configuration import Configuration, config
from masonite.environment import LoadEnvironment
from masonite.storage import StorageCapsule
from masoniteorm.query import QueryBuilder

LOCATIONS = {
    "controllers.location": "app/controllers",
    "events.location": "app/events",
    "jobs.location": "app/jobs",
    "listeners.location": "app/listeners",
    "mailables.location": "app/mailables",
    "migrations.location": "databases/migrations",
    "models.location": "app/models",
    "notifications.location": "app/notifications",
    "observers.location": "app/observers",
    "policies.location": "app/policies",
    "providers.location": "app/providers",
    "resources.location": "resources",
    "seeds.location": "databases/seeds",
    "tasks.location": "app/tasks",
    "validation.location": "app/validation",
    "views.location": "templates",
}


class Kernel:
    """The least a Masonite 4 app binds before its providers can register."""

    def __init__(self, app):
        self.application = app

    def register(self):
        LoadEnvironment()
        self.application.bind("config.location", "config")
        configuration = Configuration(self.application)
        configuration.load()
        self.application.bind("config", configuration)
        self.application.bind("key", config("application.key"))
        self.application.bind("sign", Sign(config("application.key")))
        for name, folder in LOCATIONS.items():
            self.application.bind(name, folder)
        self.application.bind("routes.location", "routes/web")
        self.application.make("router").add([])
        self.application.bind("builder", QueryBuilder(connection_details=config("database.databases")))
        self.application.bind("resolver", config("database.db"))
        self.application.bind("storage_capsule", StorageCapsule())
