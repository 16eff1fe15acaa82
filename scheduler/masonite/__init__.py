"""The only place that knows Masonite, and Masonite 4 from 5."""
