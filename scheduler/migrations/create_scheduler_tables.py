"""The tables of the scheduler's "database" store, with those for executors."""

from masoniteorm.migrations import Migration

from scheduler.stores.schema import create_statements, drop_statements


class CreateSchedulerTables(Migration):
    def up(self):
        """Run the migrations."""
        prefix = self.schema.get_connection_information()["prefix"] or ""
        for statement in create_statements(self.schema.connection_class.name, prefix):
            self.schema.new_connection().query(statement, ())

    def down(self):
        """Revert the migrations."""
        prefix = self.schema.get_connection_information()["prefix"] or ""
        for statement in drop_statements(prefix):
            self.schema.new_connection().query(statement, ())
