"""The scheduler's settings, with their defaults."""

# The time zone of tasks that do not set theirs. None is the server's own.
TIMEZONE = None

# Where claims, leases and the history of runs are kept:
#   "local"     an SQLite file of this app on this server; nothing to set up
#   "database"  a connection of config/database.py, which several servers may share: run `craft schedule:table` and
#               `craft migrate` once
#   "memory"    everything is lost when the process ends: for tests
STORE = "local"

# The folder of all files that the scheduler writes, relative to the app's: the "local" store, the log of cron's line,
# copies of the crontab. Only its owner can read it: it holds the tasks' output. It must not be below storage/, which
# Masonite serves to the web.
FOLDER = ".scheduler"

# The file of the "local" store, if it is not to be in FOLDER.
PATH = None

# The connection of the "database" store. None is the default connection of config/database.py.
CONNECTION = None

# How many tasks run at once, each in its own process.
WORKERS = 8

# How long a lease lasts without a heartbeat. If a run's lease cannot be renewed for that long, the run is ended; other
# servers may take over its task KILL_GRACE later. A process that dies on this server is noticed at once.
LEASE = "60 seconds"

# How long running tasks may continue after the scheduler is stopped, before they are terminated.
STOP_GRACE = "30 seconds"

# How long a terminated task may clean up before it is killed.
KILL_GRACE = "10 seconds"

# How many days the history of runs is kept.
KEEP_DAYS = 30

# The channel of config/logging.py (Masonite 5) that logs each run, such as "daily". None is no channel. Python's own
# logger "scheduler" always logs runs.
LOG_CHANNEL = None

# Executors by name, for runs that another machine executes (see docs/executors.md). Each has a driver:
#   "celery"    the workers of a Celery app:  {"driver": "celery", "app": "app.celery.celery", "queue": "reports"}
#   "queue"     `craft queue:work`:           {"driver": "queue", "connection": "amqp", "queue": "scheduler"}
#   "custom"    a function that is given the id of a run:  {"driver": "custom", "submit": "app.jobs.submit"}
# "local", which needs no entry, is the server that claims the run. All others need a store that the servers share.
EXECUTORS: dict[str, dict[str, str]] = {}

# The dashboard, if ScheduleDashboardProvider is listed: its "prefix" ("/schedule"), the route "middleware" that its
# requests pass through (["web"]) and its "title" ("Schedule").
DASHBOARD: dict[str, object] = {}

# The settings below are the defaults of the task attributes with the same names.

# Whether a task may start while it is still running.
OVERLAP = False

# How long a run may last. "none" is no limit.
TIMEOUT = "24 hours"

# How late a run may still start if a tick is late or does not happen.
GRACE = "5 minutes"

# Which fire times missed by more than GRACE still run: "none", the "latest" or "all".
CATCH_UP = "none"

# How many missed fire times of one task CATCH_UP = "all" runs at most.
CATCH_UP_LIMIT = 100

# How often to retry a run that failed, timed out or crashed, and how long after its end: one delay, or one for each
# retry, such as ("1 minute", "5 minutes", "30 minutes").
RETRIES = 0
RETRY_DELAY = "0 seconds"

# "exponential" doubles the delay with each retry, up to RETRY_DELAY_LIMIT, and shortens it by up to a fifth.
RETRY_BACKOFF = "none"
RETRY_DELAY_LIMIT = "1 hour"

# The maximum random start delay, so that not all tasks start at once. It is fixed per task and host.
JITTER = "0 seconds"

# Whether every server that shares the store runs the task, instead of one of them.
ON_EVERY_SERVER = False

# Where runs are executed: "local" is the server that claims them, other names are those of EXECUTORS.
EXECUTOR = "local"

# Who is notified when a task starts to fail and when it recovers: mail addresses, Slack channels ("#ops", with the
# token of config/notification.py), Slack webhooks, other webhooks, which get JSON, or notification classes of the app.
NOTIFY_ON_FAILURE = ()

# Who is notified of each success, with the output of the run.
NOTIFY_ON_SUCCESS = ()
