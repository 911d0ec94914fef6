"""Faults of delivery: the bot as a process that is killed, stopped and lied to, against a chat service in another."""
