from masoniteorm.connections import ConnectionResolver

DATABASES = {"default": "sqlite", "sqlite": {"driver": "sqlite", "database": "database.sqlite3", "prefix": ""}}
DB = ConnectionResolver().set_connection_details(DATABASES)
