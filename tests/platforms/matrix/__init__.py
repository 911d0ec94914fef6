"""Matrix, against a real homeserver and real clients."""
