"""The scheduler's settings, with their defaults."""

# The time zone of tasks that name none. None is the server's own.
TIMEZONE = None

# Where claims, leases and the history of runs are kept:
#   "local"     an SQLite file of this app on this server; there is nothing to set up
#   "database"  a connection of config/database.py, which several servers may share: run `craft schedule:table` and
#               `craft migrate` once
#   "memory"    nothing outlives the process: for tests
STORE = "local"

# The file of the "local" store, relative to the app's folder. Only its owner can read it: it holds what tasks print.
PATH = "storage/framework/scheduler.sqlite3"

# The connection of the "database" store. None is the default one of config/database.py.
CONNECTION = None

# How many tasks run at once, each in a process of its own.
WORKERS = 8

# How long a task stays locked after its host was last heard of. A process that dies on this host is noticed at once.
LEASE = "60 seconds"

# How long running tasks have to end when the scheduler is told to stop, before they are ended.
STOP_GRACE = "30 seconds"

# How long a task that is being ended has to clean up, before it is killed.
KILL_GRACE = "10 seconds"

# For how many days the history of runs is kept.
KEEP_DAYS = 30

# The channel of config/logging.py (Masonite 5) that is told of each run, such as "daily". None is no channel. Python's
# own logging is always told, by the logger "scheduler".
LOG_CHANNEL = None

# What follows holds for tasks that do not say it themselves, in an attribute of the same name.

# Whether a task may be started while it still runs.
OVERLAP = False

# How long a run may last. Write "none" for no limit.
TIMEOUT = "24 hours"

# How late a run may still start, after a tick that came late or not at all.
GRACE = "5 minutes"

# What becomes of fire times that were missed for longer: "none" is run, the "latest", or "all".
CATCH_UP = "none"

# How many missed fire times of one task "all" runs at most.
CATCH_UP_LIMIT = 100

# How many times a run that failed, timed out or crashed is tried again, and how long after its end.
RETRIES = 0
RETRY_DELAY = "0 seconds"

# Up to how much later a task starts, so that not everything starts at once; the same for a task each time.
JITTER = "0 seconds"

# Whether every server that shares the store runs the task, and not just one of them.
ON_EVERY_SERVER = False

# Who is told when a task begins to fail, and when it has recovered: mail addresses, channels of Slack ("#ops", with the
# token of config/notification.py) or its webhooks ("https://hooks.slack.com/services/...").
NOTIFY_ON_FAILURE = ()
