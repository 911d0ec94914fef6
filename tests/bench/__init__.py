"""Measures speed and size, side by side with the plainest way to do the same; run by ``./kruzhok bench``."""
