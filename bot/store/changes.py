"""Remembers which moderator changed what, for 90 days."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.store.state import State, Transaction, milliseconds, moment

KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Change:
    """One change: who, what, from what to what, and when (UTC). ``member`` is empty once they had it deleted."""

    scope: str
    member: str
    what: str
    old: str
    new: str
    changed_at: datetime


class Changes:
    """What was changed by moderators, newest first."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def of(self, scopes: tuple[str, ...], most: int) -> list[Change]:
        """Return the last changes of a group, its server's too."""
        marks = ", ".join("?" * len(scopes))
        rows = await self._state.all(
            f"SELECT scope, member, what, old, new, changed_at FROM change WHERE scope IN ({marks})"  # noqa: S608
            " ORDER BY number DESC LIMIT ?",
            *scopes,
            most,
        )
        return [_change(row) for row in rows]

    async def by(self, member: str) -> list[Change]:
        """Return what somebody changed, anywhere."""
        sql = "SELECT scope, member, what, old, new, changed_at FROM change WHERE member = ? ORDER BY number DESC"
        return [_change(row) for row in await self._state.all(sql, member)]

    async def forget_who(self, member: str) -> int:
        """Take somebody's number out of what they changed; returns how often it was there."""
        async with self._state.write() as transaction:
            return await transaction.run("UPDATE change SET member = '' WHERE member = ?", member)

    async def forget_before(self, time: datetime) -> None:
        """Delete changes older than ``time``."""
        async with self._state.write() as transaction:
            await transaction.run("DELETE FROM change WHERE changed_at < ?", milliseconds(time))


def _change(row: tuple[str, str, str, str, str, int]) -> Change:
    scope, member, what, old, new, changed_at = row
    return Change(scope, member, what, old, new, moment(changed_at))


async def record_change(
    transaction: Transaction, scope: str, member: str, what: str, old: str, new: str, now: datetime
) -> None:
    """Remember a change within the transaction that makes it."""
    await transaction.run(
        "INSERT INTO change (scope, member, what, old, new, changed_at) VALUES (?, ?, ?, ?, ?, ?)",
        scope,
        member,
        what,
        old,
        new,
        milliseconds(now),
    )
