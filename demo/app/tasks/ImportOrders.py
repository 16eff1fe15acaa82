from datetime import datetime
from pathlib import Path

from masonite.environment import env
from masonite.utils.location import base_path
from scheduler.Task import Task

from app.models.Order import Order
from app.order_file import BadOrderFile, read_orders
from config.database import DB


class ImportOrders(Task):
    run_every = "1 minute"
    executor = "imports" if env("BROKER") else "local"  # an app of yours would say: executor = "imports"

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
        """Import all orders of a file or none; skip known ones, so importing a file again adds nothing twice."""
        with DB.transaction():
            new = [Order.create(row) for row in read_orders(file) if not Order.where("number", row["number"]).count()]
        return len(new)

    def move(self, file, folder):
        """Move a file out of the inbox. The time in its new name keeps it from replacing an older file."""
        target = Path(base_path("storage"), folder, f"{datetime.now():%Y%m%d-%H%M%S}-{file.name}")
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
