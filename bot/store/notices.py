"""Remembers what moderators are to be told, until they were."""

from dataclasses import dataclass
from datetime import datetime

from bot.store.state import State, Transaction, milliseconds, moment


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that moderators are to know, as a sentence, and since when (UTC)."""

    number: int
    group: str
    text: str
    noticed_at: datetime


class Notices:
    """What moderators were not told yet."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def of(self, group: str) -> list[Notice]:
        """Return what the moderators of a group were not told yet, oldest first."""
        return await self._waiting("group_id = ?", group)

    async def after(self, platform: str, number: int) -> list[Notice]:
        """Return what moderators on a platform were not told yet, oldest first, of what came after a notice."""
        return await self._waiting("platform = ? AND number > ?", platform, number)

    async def _waiting(self, which: str, *values: object) -> list[Notice]:
        rows = await self._state.all(
            f"SELECT number, group_id, text, noticed_at FROM notice WHERE {which} AND told_at IS NULL"  # noqa: S608
            " ORDER BY number",
            *values,
        )
        return [Notice(number, group, text, moment(noticed_at)) for number, group, text, noticed_at in rows]

    async def told(self, numbers: list[int], now: datetime) -> None:
        """Remember that they know."""
        async with self._state.write() as transaction:
            await transaction.each(
                "UPDATE notice SET told_at = ? WHERE number = ?", [(milliseconds(now), number) for number in numbers]
            )

    async def forget_before(self, time: datetime) -> None:
        """Delete what was told before ``time``."""
        async with self._state.write() as transaction:
            await transaction.run("DELETE FROM notice WHERE told_at < ?", milliseconds(time))


async def notice(transaction: Transaction, platform: str, group: str, text: str, now: datetime) -> None:
    """Keep something for the moderators of a group, within the transaction that brings it about."""
    await transaction.run(
        "INSERT INTO notice (platform, group_id, text, noticed_at) VALUES (?, ?, ?, ?)",
        platform,
        group,
        text,
        milliseconds(now),
    )
