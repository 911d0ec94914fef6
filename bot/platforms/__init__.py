"""Everything that knows a chat service."""
