import pendulum
from scheduler.Task import Task

from app.models.Order import Order


class CleanOldOrders(Task):
    run_every = "1 minute"
    keep_days = 30

    def handle(self):
        oldest = pendulum.now("UTC").subtract(days=self.keep_days).to_datetime_string()
        count = Order.where("created_at", "<", oldest).count()
        Order.where("created_at", "<", oldest).delete()
        print(f"{count} orders older than {self.keep_days} days deleted")
