"""Remembers what is posted when: the schedules of groups."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from bot.store.changes import record_change
from bot.store.state import State, Transaction, milliseconds, moment

# A local time is kept as text that sorts as the times do.
LOCAL = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A recurring post of a group.

    Attributes:
        id: Of chance, and unlike every other that ever was.
        server: What the group belongs to; empty where there is none.
        number: How the group calls it.
        what: What is posted, as it is typed.
        rule: When, as it is typed.
        zone: The IANA name of its time zone.
        start: The local date from which the rule counts.
        handled: The local time up to which every occurrence is posted or passed over; None before the first.
        next_at: When the next occurrence is due (UTC); None if there is none, and while paused or removed.
        paused: Why it rests; empty while it runs.
        removed_at: Since when it is removed (UTC), if it is.
    """

    id: str
    group: str
    server: str
    number: int
    what: str
    rule: str
    zone: str
    start: date
    handled: datetime | None
    next_at: datetime | None
    paused: str = ""
    removed_at: datetime | None = None

    @property
    def platform(self) -> str:
        """The chat service of its group."""
        return self.group.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Move:
    """A schedule that is due at another time from now on: what it was, and what it becomes.

    Attributes:
        moved: The keys of planned occurrences that are due at other times too, each with its time.
    """

    schedule: Schedule
    next_at: datetime | None
    handled: datetime | None
    zone: str
    moved: tuple[tuple[str, datetime], ...] = ()


_COLUMNS = "id, group_id, server, number, what, rule, zone, start, handled, next_at, paused, removed_at"
_ALL = f"SELECT {_COLUMNS} FROM schedule"  # noqa: S608 - names of columns
assert len(_COLUMNS.split(",")) == len(fields(Schedule))  # noqa: S101 - they are read by place


class Schedules:
    """The schedules of groups.

    Args:
        tzdata: The version of the time-zone data by which times are computed now.
    """

    def __init__(self, state: State, tzdata: str) -> None:
        self._state = state
        self._tzdata = tzdata

    async def of(self, group: str) -> list[Schedule]:
        """Return a group's schedules by their numbers, without those that are removed."""
        rows = await self._state.all(f"{_ALL} WHERE group_id = ? AND removed_at IS NULL ORDER BY number", group)
        return [_schedule(row) for row in rows]

    async def within(self, scope: str) -> list[Schedule]:
        """Return the schedules of a group or of all groups of a server, without those that are removed."""
        rows = await self._state.all(f"{_ALL} WHERE (group_id = ? OR server = ?) AND removed_at IS NULL", scope, scope)
        return [_schedule(row) for row in rows]

    async def numbered(self, group: str, number: int) -> Schedule | None:
        """Return a schedule of a group, also one that is removed but kept."""
        rows = await self._state.all(f"{_ALL} WHERE group_id = ? AND number = ?", group, number)
        return _schedule(rows[0]) if rows else None

    async def identified(self, ids: Sequence[str]) -> dict[str, Schedule]:
        """Return schedules by their ids."""
        marks = ", ".join("?" * len(ids))
        rows = await self._state.all(f"{_ALL} WHERE id IN ({marks})", *ids) if ids else []
        return {row[0]: _schedule(row) for row in rows}

    async def add(self, schedule: Schedule, member: str, now: datetime, most: int) -> Schedule | None:
        """Add a schedule under the group's next number; returns None, and adds nothing, if it has ``most``."""
        async with self._state.write() as transaction:
            rows = await transaction.all("SELECT number, removed_at FROM schedule WHERE group_id = ?", schedule.group)
            if sum(removed_at is None for _, removed_at in rows) >= most:
                return None
            number = max((row[0] for row in rows), default=0) + 1
            await transaction.run(
                f"INSERT INTO schedule ({_COLUMNS}, platform, tzdata, computed_at, created_at)"  # noqa: S608
                f" VALUES ({', '.join('?' * (len(fields(Schedule)) + 4))})",
                schedule.id,
                schedule.group,
                schedule.server,
                number,
                schedule.what,
                schedule.rule,
                schedule.zone,
                schedule.start.isoformat(),
                _local(schedule.handled),
                _at(schedule.next_at),
                schedule.paused,
                None,
                schedule.platform,
                self._tzdata,
                milliseconds(now),
                milliseconds(now),
            )
            told = f"{schedule.what} {schedule.rule}"
            await record_change(transaction, schedule.group, member, f"schedule {number}", "", told, now)
        return await self.numbered(schedule.group, number)

    async def move(self, moves: Iterable[Move], now: datetime) -> None:
        """Set when schedules are next due."""
        async with self._state.write() as transaction:
            for move in moves:
                await self.set_next(transaction, move, now)

    async def set_next(self, transaction: Transaction, move: Move, now: datetime) -> bool:
        """Set when a schedule is next due, within a transaction; returns False if it is not as it was read."""
        schedule = move.schedule
        changed = await transaction.run(
            "UPDATE schedule SET next_at = ?, zone = ?, handled = ?, tzdata = ?, computed_at = ?"
            " WHERE id = ? AND handled = ? AND zone = ? AND coalesce(next_at, -1) = ?",
            _at(move.next_at),
            move.zone,
            _local(move.handled),
            self._tzdata,
            milliseconds(now),
            schedule.id,
            _local(schedule.handled),
            schedule.zone,
            -1 if schedule.next_at is None else milliseconds(schedule.next_at),
        )
        if changed and move.moved:
            await transaction.each(
                "UPDATE occurrence SET planned_at = ?, due_at = ? WHERE key = ? AND state = 'waiting' AND attempts = 0",
                [(milliseconds(at), milliseconds(at), key) for key, at in move.moved],
            )
        return bool(changed)

    async def pause(self, schedule: Schedule, why: str, member: str, now: datetime) -> None:
        """Let a schedule rest."""
        async with self._state.write() as transaction:
            await pause(transaction, schedule, why, now)
            await _log(transaction, schedule, member, "running", f"paused: {why}", now)

    async def resume(self, move: Move, member: str, now: datetime) -> None:
        """Let a schedule go on that is paused or removed."""
        schedule = move.schedule
        async with self._state.write() as transaction:
            await transaction.run(
                "UPDATE schedule SET paused = '', paused_at = NULL, removed_at = NULL, next_at = ?, handled = ?,"
                " zone = ?, tzdata = ?, computed_at = ? WHERE id = ?",
                _at(move.next_at),
                _local(move.handled),
                move.zone,
                self._tzdata,
                milliseconds(now),
                schedule.id,
            )
            await transaction.run(
                "UPDATE occurrence SET due_at = planned_at WHERE schedule = ? AND state = 'waiting' AND attempts = 0"
                " AND due_at IS NULL AND planned_at > ?",
                schedule.id,
                milliseconds(now),
            )
            await transaction.run(
                "UPDATE occurrence SET state = 'skipped', note = 'the schedule was removed'"
                " WHERE schedule = ? AND state = 'waiting' AND due_at IS NULL",
                schedule.id,
            )
            await _log(transaction, schedule, member, "removed" if schedule.removed_at else "paused", "running", now)

    async def remove(self, schedule: Schedule, member: str, now: datetime) -> None:
        """Remove a schedule; it can be resumed, with what was moved of it, until it is forgotten."""
        async with self._state.write() as transaction:
            await transaction.run(
                "UPDATE schedule SET next_at = NULL, removed_at = ? WHERE id = ?", milliseconds(now), schedule.id
            )
            await transaction.run(
                "UPDATE occurrence SET due_at = NULL WHERE schedule = ? AND state = 'waiting' AND attempts = 0",
                schedule.id,
            )
            await _log(transaction, schedule, member, f"{schedule.what} {schedule.rule}", "removed", now)

    async def forget_removed_before(self, time: datetime) -> None:
        """Delete schedules that were removed before ``time``; what they posted stays in the history."""
        async with self._state.write() as transaction:
            await transaction.run("DELETE FROM schedule WHERE removed_at < ?", milliseconds(time))

    async def due(self, platform: str, now: datetime, most: int) -> list[Schedule]:
        """Return schedules with an occurrence that is due, in planned order."""
        rows = await self._state.all(
            f"{_ALL} WHERE platform = ? AND next_at <= ? ORDER BY next_at LIMIT ?", platform, milliseconds(now), most
        )
        return [_schedule(row) for row in rows]

    async def number_due(self, platform: str, now: datetime) -> int:
        """Return how many schedules are due."""
        rows = await self._state.all(
            "SELECT count(*) FROM schedule WHERE platform = ? AND next_at <= ?", platform, milliseconds(now)
        )
        return int(rows[0][0])

    async def next_due(self, platform: str) -> datetime | None:
        """Return when the next occurrence of any schedule on a platform is due (UTC)."""
        rows = await self._state.all(
            "SELECT next_at FROM schedule WHERE platform = ? AND next_at IS NOT NULL ORDER BY next_at LIMIT 1", platform
        )
        return moment(rows[0][0]) if rows else None

    async def outdated(self, platform: str, now: datetime) -> list[Schedule]:
        """Return schedules whose next time was computed by other time-zone data, or by a clock that was ahead."""
        rows = await self._state.all(
            f"{_ALL} WHERE platform = ? AND (tzdata <> ? OR computed_at > ?) AND removed_at IS NULL AND paused = ''",
            platform,
            self._tzdata,
            milliseconds(now),
        )
        return [_schedule(row) for row in rows]


async def pause(transaction: Transaction, schedule: Schedule, why: str, now: datetime) -> None:
    """Let a schedule rest, within a transaction that does more."""
    await transaction.run(
        "UPDATE schedule SET paused = ?, paused_at = ?, next_at = NULL WHERE id = ?",
        why,
        milliseconds(now),
        schedule.id,
    )


async def _log(transaction: Transaction, schedule: Schedule, member: str, old: str, new: str, now: datetime) -> None:
    await record_change(transaction, schedule.group, member, f"schedule {schedule.number}", old, new, now)


def _schedule(row: Sequence[Any]) -> Schedule:
    id_, group, server, number, what, rule, zone, start, handled, next_at, paused, removed_at = row
    return Schedule(
        id=id_,
        group=group,
        server=server,
        number=number,
        what=what,
        rule=rule,
        zone=zone,
        start=date.fromisoformat(start),
        handled=datetime.fromisoformat(handled) if handled else None,
        next_at=None if next_at is None else moment(next_at),
        paused=paused,
        removed_at=None if removed_at is None else moment(removed_at),
    )


def _local(time: datetime | None) -> str:
    return "" if time is None else time.strftime(LOCAL)


def _at(time: datetime | None) -> int | None:
    return None if time is None else milliseconds(time)
