from scheduler.Task import Task


class SyncInventory(Task):
    name = "Sync inventory"
    run_every = "15 minutes"

    def handle(self):
        print("1,204 products are up to date")


class ResizePhotos(Task):
    name = "Resize photos"
    run_every = "5 minutes"
    run_between = ("6:00", "22:00")

    def handle(self):
        print("nothing new to resize")


class SendInvoices(Task):
    name = "Send invoices"
    run_at = "20:00"
    run_on = "weekdays"
    timezone = "Europe/Riga"

    def handle(self):
        print("17 invoices sent")


class SendNewsletter(Task):
    name = "Newsletter"
    run_at = "10:00"
    run_on = "tuesday"

    def handle(self):
        print("sent to 3,410 readers")


class RebuildSearch(Task):
    """Has no rule: it runs on demand, from the dashboard or with --force."""

    name = "Rebuild search"

    def handle(self):
        print("4,318 documents indexed")
