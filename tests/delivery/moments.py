"""When things happen in a trial, and how long they may take."""

from datetime import UTC, datetime

BEGIN = datetime(2026, 5, 1, 0, 30, tzinfo=UTC)
FIRST_DAY = datetime(2026, 5, 1, 8, tzinfo=UTC)
HOUR, DAY = 3600.0, 86400.0
LEASE = 95.0  # a little longer than it is

# Real seconds; far more than anything takes, also where the disk is busy with something else: only what hangs fails.
PATIENCE = 180.0
