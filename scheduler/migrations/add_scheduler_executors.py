"""Add what executors need to the tables of the scheduler's "database" store."""

from masoniteorm.migrations import Migration

from scheduler.stores.schema import COLUMN_QUERIES, prefixed, upgrade_statements


class AddSchedulerExecutors(Migration):
    def up(self):
        """Run the migrations."""
        driver = self.schema.connection_class.name
        prefix = self.schema.get_connection_information()["prefix"] or ""
        query = prefixed(COLUMN_QUERIES[driver], prefix)
        columns = [row["name"] for row in self.schema.new_connection().query(query, ())]
        for statement in upgrade_statements(driver, columns, prefix):
            self.schema.new_connection().query(statement, ())

    def down(self):
        """Keep the tables: earlier versions ignore what was added."""
