"""Tests of rules, their words, and the times at which they come."""
