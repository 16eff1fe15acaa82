"""The dashboard: pages inside the app that show what the schedule does and why, and who may see them."""
