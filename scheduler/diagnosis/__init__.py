"""Questions about the schedule, and the tables and texts that show the answers."""
