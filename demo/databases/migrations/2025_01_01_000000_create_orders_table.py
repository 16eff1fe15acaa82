from masoniteorm.migrations import Migration


class CreateOrdersTable(Migration):
    def up(self):
        with self.schema.create("orders") as table:
            table.increments("id")
            table.string("number").unique()
            table.string("customer")
            table.integer("cents")
            table.timestamps()

    def down(self):
        self.schema.drop("orders")
