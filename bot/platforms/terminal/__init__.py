"""The terminal: one answer, answers by the line for scripts, and a chat."""
