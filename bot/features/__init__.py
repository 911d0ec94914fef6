"""What the bot does, each feature once: it takes a caller and arguments, and returns a reply."""
