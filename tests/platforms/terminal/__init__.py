"""Tests of the terminal, through its own door."""
