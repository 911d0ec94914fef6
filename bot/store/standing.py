"""How the outbox and the state database are, for whoever watches over the bot."""

import asyncio
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.store.state import State, milliseconds, moment

# Whoever writes holds the database for milliseconds.
_WRITE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Due:
    """How many posts are due, and how many of them have been for a while."""

    due: int
    late: int


class Standing:
    """Looks at the state database from outside."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def due(self, now: datetime, late_after: timedelta) -> Due:
        """Count what is due at a time (UTC), and what was planned for so long before it."""
        at, before = milliseconds(now), milliseconds(now - late_after)
        ((taken, taken_late, coming, coming_late),) = await self._state.all(
            "SELECT (SELECT count(*) FROM occurrence WHERE due_at IS NOT NULL AND planned_at <= ?),"
            " (SELECT count(*) FROM occurrence WHERE due_at IS NOT NULL AND planned_at <= ?),"
            " (SELECT count(*) FROM schedule WHERE next_at <= ?), (SELECT count(*) FROM schedule WHERE next_at <= ?)",
            *(at, before, at, before),
        )
        return Due(taken + coming, taken_late + coming_late)

    async def latest_post(self) -> datetime | None:
        """Return when a post was last made (UTC). Reads the whole history."""
        ((latest,),) = await self._state.all("SELECT max(posted_at) FROM occurrence")
        return None if latest is None else moment(latest)

    async def why_not_writable(self) -> str:
        """Write to the database, changing nothing; returns why that cannot be done, or nothing if it can."""
        try:
            async with asyncio.timeout(_WRITE_SECONDS), self._state.write() as transaction:
                ((version,),) = await transaction.all("PRAGMA user_version")
                await transaction.all(f"PRAGMA user_version = {int(version)}")
        except TimeoutError:
            return "somebody else holds it"
        except sqlite3.Error as error:
            return str(error)
        return ""
