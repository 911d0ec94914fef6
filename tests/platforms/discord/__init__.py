"""Tests of the bot on a simulated Discord."""
