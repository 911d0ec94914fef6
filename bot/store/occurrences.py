"""Planned times of schedules: taken into the outbox, decided about, looked up, forgotten."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.store.changes import record_change
from bot.store.notices import notice
from bot.store.occurrence import BY_HAND, MISSED, POSTED, SELECT, WAITING, Occurrence, Planned, from_row, insert
from bot.store.schedules import Move, Schedule, Schedules, pause
from bot.store.state import State, milliseconds, moment


class Occurrences:
    """Planned times of all groups; :class:`bot.store.claims.Claims` takes those that are due from there."""

    def __init__(self, state: State, schedules: Schedules) -> None:
        self._state = state
        self._schedules = schedules

    async def plan(self, plans: Iterable[Planned], now: datetime) -> None:
        """Take occurrences into the outbox, and move their schedules on; those that somebody else moved are left."""
        async with self._state.write() as transaction:
            for planned in plans:
                schedule = planned.move.schedule
                if not await self._schedules.set_next(transaction, planned.move, now):
                    continue
                for occurrence in planned.occurrences:
                    await insert(transaction, occurrence)
                    if occurrence.state == WAITING:  # a clock that was ahead may have taken it for missed
                        await transaction.run(
                            "UPDATE occurrence SET state = ?, due_at = planned_at, note = ''"
                            " WHERE key = ? AND state = ?",
                            WAITING,
                            occurrence.key,
                            MISSED,
                        )
                if planned.told:
                    await notice(transaction, schedule.platform, schedule.group, planned.told, now)

    async def decide(self, move: Move, occurrence: Occurrence, told: str, member: str, now: datetime) -> bool:
        """Keep what a moderator decided about one occurrence, in place of an earlier decision.

        Returns False, and keeps nothing, if somebody has begun to post it.

        Args:
            told: What was decided, for the log.
        """
        async with self._state.write() as transaction:
            begun = await transaction.all(
                "SELECT 1 FROM occurrence WHERE key = ? AND (attempts > 0 OR posted_at IS NOT NULL)", occurrence.key
            )
            if begun or not await self._schedules.set_next(transaction, move, now):
                return False
            await transaction.run("DELETE FROM occurrence WHERE key = ?", occurrence.key)
            await insert(transaction, occurrence)
            what = f"schedule {move.schedule.number}, {occurrence.local.replace('T', ' ')}"
            await record_change(transaction, occurrence.group, member, what, "", told, now)
        return True

    async def run_by_hand(self, occurrence: Occurrence, schedule: Schedule, rule: str, member: str) -> None:
        """Put an occurrence that no rule planned into the outbox.

        Args:
            rule: What the schedule's rule is from now on: a counted one leaves one time less.
        """
        async with self._state.write() as transaction:
            await insert(transaction, occurrence)
            await transaction.run("UPDATE schedule SET rule = ? WHERE id = ?", rule, schedule.id)
            what, now = f"schedule {schedule.number}", occurrence.planned_at
            await record_change(transaction, schedule.group, member, what, "", "run by hand", now)

    async def set_aside(self, schedule: Schedule, why: str, told: str, now: datetime) -> None:
        """Let a schedule rest of which nothing can be planned, and tell the moderators."""
        async with self._state.write() as transaction:
            await pause(transaction, schedule, why, now)
            await notice(transaction, schedule.platform, schedule.group, told, now)

    async def is_superseded(self, occurrence: Occurrence, now: datetime) -> bool:
        """Whether a later occurrence that was planned for the same schedule is due as well; none run by hand counts."""
        if occurrence.by_hand:
            return False
        rows = await self._state.all(
            "SELECT 1 FROM occurrence WHERE schedule = ? AND planned_at > ? AND planned_at <= ?"
            " AND state IN (?, ?) AND local NOT LIKE ? LIMIT 1",
            occurrence.schedule,
            milliseconds(occurrence.planned_at),
            milliseconds(now),
            WAITING,
            POSTED,
            f"{BY_HAND}%",
        )
        return bool(rows)

    async def to_come(self, schedules: Sequence[str]) -> dict[str, set[str]]:
        """Return the local times about which something was decided beyond what is handled, by the schedules' ids."""
        found: dict[str, set[str]] = {schedule: set() for schedule in schedules}
        marks = ", ".join("?" * len(schedules))
        rows = await self._state.all(
            "SELECT occurrence.schedule, occurrence.local FROM occurrence JOIN schedule"  # noqa: S608 - marks
            f" ON schedule.id = occurrence.schedule WHERE schedule.id IN ({marks})"
            " AND occurrence.local > schedule.handled AND occurrence.state <> ?",
            *schedules,
            MISSED,
        )
        for schedule, local in rows:
            found[schedule].add(local)
        return found

    async def decided(self, schedule: str) -> dict[str, Occurrence]:
        """Return the occurrences of a schedule about which something is known, by their local times."""
        rows = await self._state.all(f"{SELECT} WHERE schedule = ?", schedule)
        return {each.local: each for each in map(from_row, rows)}

    async def keyed(self, key: str) -> Occurrence | None:
        """Return an occurrence by its key."""
        rows = await self._state.all(f"{SELECT} WHERE key = ?", key)
        return from_row(rows[0]) if rows else None

    async def history(self, group: str, most: int) -> list[Occurrence]:
        """Return what was posted, skipped, missed or given up in a group, newest first."""
        rows = await self._state.all(
            f"{SELECT} WHERE group_id = ? AND state <> ? ORDER BY planned_at DESC, key LIMIT ?", group, WAITING, most
        )
        return [from_row(row) for row in rows]

    async def failing(self, group: str) -> list[Occurrence]:
        """Return what is tried again in a group."""
        rows = await self._state.all(
            f"{SELECT} WHERE group_id = ? AND state = ? AND attempts > 0 AND note <> '' ORDER BY planned_at",
            group,
            WAITING,
        )
        return [from_row(row) for row in rows]

    async def next_due(self, platform: str) -> datetime | None:
        """Return when the next thing in the outbox is due (UTC)."""
        rows = await self._state.all(
            "SELECT due_at FROM occurrence WHERE platform = ? AND due_at IS NOT NULL ORDER BY due_at LIMIT 1", platform
        )
        return moment(rows[0][0]) if rows else None

    async def number_due(self, platform: str, now: datetime) -> int:
        """Return how many posts are due."""
        rows = await self._state.all(
            "SELECT count(*) FROM occurrence WHERE platform = ? AND due_at <= ?", platform, milliseconds(now)
        )
        return int(rows[0][0])

    async def put_right(self, platform: str, now: datetime, soonest: datetime) -> None:
        """Undo what a clock that was ahead did: leases and tries without end, and misses of what is still to come.

        Args:
            soonest: No lease and no retry of this program lasts beyond this.
        """
        async with self._state.write() as transaction:
            await transaction.run(
                "UPDATE occurrence SET due_at = CASE WHEN planned_at > ? THEN planned_at ELSE ? END"
                " WHERE platform = ? AND due_at > ? AND due_at > planned_at AND attempts > 0",
                milliseconds(now),
                milliseconds(now),
                platform,
                milliseconds(soonest),
            )
            await transaction.run(
                "UPDATE occurrence SET first_try_at = ? WHERE platform = ? AND due_at IS NOT NULL AND first_try_at > ?",
                milliseconds(now),
                platform,
                milliseconds(now),
            )
            await transaction.run(
                "DELETE FROM occurrence WHERE platform = ? AND state = ? AND planned_at > ?",
                platform,
                MISSED,
                milliseconds(now),
            )

    async def forget_before(self, time: datetime) -> None:
        """Delete what was done with before ``time``."""
        async with self._state.write() as transaction:
            await transaction.run("DELETE FROM occurrence WHERE planned_at < ? AND due_at IS NULL", milliseconds(time))
