"""Where claims, leases, runs and cursors are recorded, so that nothing runs twice and nothing is lost."""

from scheduler.stores.local import local_store, memory_store
from scheduler.stores.Store import Store
from scheduler.stores.values import Claim, HeardWorker, Lease, lease_token, slot_of

__all__ = [
    "Claim",
    "HeardWorker",
    "Lease",
    "Store",
    "lease_token",
    "local_store",
    "memory_store",
    "slot_of",
]
