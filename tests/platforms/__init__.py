"""Tests of what knows a chat service."""
