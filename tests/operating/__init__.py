"""Tests of what the operator does beside running the bot."""
