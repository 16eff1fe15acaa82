from scheduler.Task import Task

from app.models.Order import Order


class ReportSales(Task):
    """Every hour of a working day, in the shop's time zone."""

    run_every = "1 hour"
    run_on = ("monday", "tuesday", "wednesday", "thursday", "friday")
    run_between = ("8:00", "18:00")
    timezone = "Europe/Riga"

    def handle(self):
        orders = Order.all()
        print(f"{len(orders)} orders, {sum(order.cents for order in orders) / 100:.2f} in all")
