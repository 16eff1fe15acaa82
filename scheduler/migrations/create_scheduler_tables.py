"""The tables of the scheduler's "database" store."""

from masoniteorm.migrations import Migration

from scheduler.stores.schema import create_statements, drop_statements


class CreateSchedulerTables(Migration):
    def up(self):
        """Run the migrations."""
        for statement in create_statements(self.schema.connection_class.name):
            self.schema.new_connection().query(statement, ())

    def down(self):
        """Revert the migrations."""
        for statement in drop_statements():
            self.schema.new_connection().query(statement, ())
