from datetime import datetime
from pathlib import Path

from masonite.utils.location import base_path
from scheduler.Task import Task

from app.models.Order import Order
from app.order_file import BadOrderFile, read_orders
from config.database import DB


class ImportOrders(Task):
    run_every = "1 minute"

    def handle(self):
        for file in sorted(Path(base_path("storage/inbox")).glob("*.xml")):
            try:
                count = self.import_file(file)
            except BadOrderFile as error:
                print(f"{file.name}: rejected, {error}")
                self.move(file, "rejected")
            else:
                print(f"{file.name}: {count} new orders")
                self.move(file, "imported")

    def import_file(self, file):
        """All of a file's orders or none; those known are passed over, so a file met again adds nothing twice."""
        with DB.transaction():
            new = [Order.create(row) for row in read_orders(file) if not Order.where("number", row["number"]).count()]
        return len(new)

    def move(self, file, folder):
        """Out of the inbox, when the rows are safe. The time in its name keeps it from replacing an older file."""
        target = Path(base_path("storage"), folder, f"{datetime.now():%Y%m%d-%H%M%S}-{file.name}")
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
