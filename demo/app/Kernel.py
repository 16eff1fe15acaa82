from masonite.configuration import Configuration, config


class Kernel:
    """What the app's console commands and its dashboard need; a web app has middleware, routes and views as well."""

    def __init__(self, app):
        self.application = app

    def register(self):
        self.register_configurations()
        self.register_locations()
        self.application.bind("resolver", config("database.db"))

    def register_configurations(self):
        self.application.bind("config.location", "config")
        configuration = Configuration(self.application)
        configuration.load()
        self.application.bind("config", configuration)
        self.application.bind("key", config("application.key"))

    def register_locations(self):
        self.application.bind("controllers.location", "app/controllers")
        self.application.bind("tasks.location", "app/tasks")
        self.application.bind("models.location", "app/models")
        self.application.bind("observers.location", "app/observers")
        self.application.bind("providers.location", "app/providers")
        self.application.bind("migrations.location", "databases/migrations")
        self.application.bind("seeds.location", "databases/seeds")
