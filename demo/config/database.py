from masonite.environment import env
from masoniteorm.connections import ConnectionResolver

DATABASES = {
    "default": env("DB_CONNECTION", "sqlite"),
    "sqlite": {
        "driver": "sqlite",
        "database": env("SQLITE_DB_DATABASE", "database.sqlite3"),
        "prefix": "",
    },
}

DB = ConnectionResolver().set_connection_details(DATABASES)
