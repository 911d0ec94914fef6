"""Everything that knows the state database."""
