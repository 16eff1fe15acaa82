import os

from celery import Celery
from scheduler.executors.celery import register

celery = Celery("app", broker=os.environ.get("BROKER"))
celery.conf.worker_prefetch_multiplier = 1
register(celery)
