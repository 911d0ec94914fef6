"""What is planned and what became of it, over all groups: for whoever runs the bot."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.store.state import State, milliseconds, moment


@dataclass(frozen=True, slots=True)
class Figures:
    """How it stands with deliveries (times in UTC).

    Attributes:
        running, paused: How many schedules.
        untold: What moderators were not told yet.
        late: How many planned posts should have been made by now.
        last_post: When something was posted last.
        newest: The latest time that anything was written with; None if nothing was.
        other_data: How many schedules were computed by other time-zone data.
    """

    running: int
    paused: int
    untold: int
    late: int
    last_post: datetime | None
    newest: datetime | None
    other_data: int


class Overview:
    """All groups together."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def figures(self, tzdata: str, late_before: datetime) -> Figures:
        """Count.

        Args:
            tzdata: The version of the time-zone data by which times are computed now.
            late_before: What was to be tried before this, and is not posted, is late.
        """
        running, paused, other_data, computed_at = await self._one(
            "SELECT coalesce(sum(paused = ''), 0), coalesce(sum(paused <> ''), 0),"
            " coalesce(sum(tzdata <> ? AND paused = ''), 0), max(computed_at) FROM schedule WHERE removed_at IS NULL",
            tzdata,
        )
        before = milliseconds(late_before)
        (late,) = await self._one(
            "SELECT (SELECT count(*) FROM occurrence WHERE due_at < ?)"
            " + (SELECT count(*) FROM schedule WHERE next_at < ?)",
            before,
            before,
        )
        (untold,) = await self._one("SELECT count(*) FROM notice WHERE told_at IS NULL")
        posted, written = await self._one(
            "SELECT (SELECT max(posted_at) FROM occurrence),"
            " (SELECT max(at) FROM (SELECT max(noticed_at) AS at FROM notice"
            " UNION ALL SELECT max(changed_at) FROM change UNION ALL SELECT max(given_at) FROM given))"
        )
        times = [at for at in (computed_at, posted, written) if at is not None]
        return Figures(
            running=running,
            paused=paused,
            untold=untold,
            late=late,
            last_post=None if posted is None else moment(posted),
            newest=moment(max(times)) if times else None,
            other_data=other_data,
        )

    async def paused(self, most: int) -> list[tuple[str, int, str]]:
        """Return paused schedules, latest first: the group, the number and why."""
        rows = await self._state.all(
            "SELECT group_id, number, paused FROM schedule WHERE paused <> '' AND removed_at IS NULL"
            " ORDER BY paused_at DESC LIMIT ?",
            most,
        )
        return [(group, number, why) for group, number, why in rows]

    async def soonest(self, most: int) -> list[tuple[str, int]]:
        """Return the schedules that are due soonest, or of which something that was moved is: group and number."""
        rows = await self._state.all(
            "SELECT s.group_id, s.number, min(coalesce(o.due_at, s.next_at), coalesce(s.next_at, o.due_at)) AS at"
            " FROM schedule s LEFT JOIN (SELECT schedule, min(due_at) AS due_at FROM occurrence"
            " WHERE state = 'waiting' GROUP BY schedule) o ON o.schedule = s.id"
            " WHERE s.removed_at IS NULL AND coalesce(s.next_at, o.due_at) IS NOT NULL ORDER BY at LIMIT ?",
            most,
        )
        return [(group, number) for group, number, _ in rows]

    async def groups(self, platform: str, most: int) -> list[str]:
        """Return groups on a platform that have schedules, those that are due soonest first."""
        rows = await self._state.all(
            "SELECT group_id FROM schedule WHERE platform = ? AND removed_at IS NULL GROUP BY group_id"
            " ORDER BY min(coalesce(next_at, 9e15)) LIMIT ?",
            platform,
            most,
        )
        return [row[0] for row in rows]

    async def _one(self, sql: str, *values: object) -> tuple[Any, ...]:
        return tuple((await self._state.all(sql, *values))[0])
