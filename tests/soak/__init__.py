"""Minutes of ordinary and extraordinary use, by the clock."""
