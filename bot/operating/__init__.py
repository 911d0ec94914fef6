"""What the operator does beside running the bot: backups, checks, the first set-up."""
