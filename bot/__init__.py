"""Kruzhok: a discussion bot for reading groups."""

__version__ = "0.1.0"
