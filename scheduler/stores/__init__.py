"""Where claims, leases, runs and cursors are kept, so that nothing runs twice and nothing is lost."""

from scheduler.stores.DatabaseStore import DatabaseStore
from scheduler.stores.local import local_store, memory_store
from scheduler.stores.Store import Claim, Lease, Store, lease_token, slot_of

__all__ = ["Claim", "DatabaseStore", "Lease", "Store", "lease_token", "local_store", "memory_store", "slot_of"]
