from masonite.environment import env

# The demo has no users and so no middleware that would find out who they are. Whoever works at this machine may see the
# dashboard; an app that is deployed defines the gates `view-schedule` and `manage-schedule` instead.
DASHBOARD = {"middleware": [], "title": "Demo shop"}

# `make demo-workers` sets BROKER: the workers of a Celery app import the orders then. They need a store that is shared.
STORE = "database" if env("BROKER") else "local"
EXECUTORS = {"imports": {"driver": "celery", "app": "app.celery.celery", "queue": "demo-imports"}} if env("BROKER") else {}
