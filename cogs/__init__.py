"""What Discord shows: one file per feature, one line per command; the thinking is in bot/features."""
