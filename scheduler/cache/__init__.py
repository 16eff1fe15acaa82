"""The idle path: a tick without due tasks, decided from a cached schedule without booting the app."""
