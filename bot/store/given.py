"""Remembers what each group was given."""

from collections.abc import Sequence
from datetime import datetime

from bot.store.state import State, Transaction, milliseconds


class Given:
    """What groups were given of a reading, by kind (``quote``, ``prompt``)."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def had(self, group: str, reading: str, kind: str) -> dict[str, int]:
        """Return what a group had, each with when (milliseconds since 1970), oldest first."""
        rows = await self._state.all(
            "SELECT item, given_at FROM given WHERE group_id = ? AND reading = ? AND kind = ? ORDER BY given_at, item",
            group,
            reading,
            kind,
        )
        return dict(rows)

    async def give_first(
        self, group: str, reading: str, kind: str, choices: Sequence[str], now: datetime
    ) -> tuple[str, bool]:
        """Record and return the first of ``choices`` that the group has not had.

        Where it had them all, they are forgotten and the first is given again; the second value says so. Two who ask at
        the same time get two different ones.
        """
        async with self._state.write() as transaction:
            return await give_first(transaction, group, reading, kind, choices, now)

    async def count(self, group: str) -> list[tuple[str, str, int]]:
        """Return (reading, kind, how many) of what is remembered about a group."""
        rows = await self._state.all(
            "SELECT reading, kind, count(*) FROM given WHERE group_id = ? GROUP BY reading, kind ORDER BY 1, 2", group
        )
        return [(reading, kind, number) for reading, kind, number in rows]

    async def everything(self, group: str) -> list[tuple[str, str, str, int]]:
        """Return (reading, kind, item, given at in milliseconds) of all that is remembered about a group."""
        rows = await self._state.all(
            "SELECT reading, kind, item, given_at FROM given WHERE group_id = ? ORDER BY given_at, item", group
        )
        return [(reading, kind, item, given_at) for reading, kind, item, given_at in rows]

    async def forget(self, group: str) -> int:
        """Delete all that is remembered about a group; returns how many rows."""
        async with self._state.write() as transaction:
            return await transaction.run("DELETE FROM given WHERE group_id = ?", group)


async def look_first(
    transaction: Transaction, group: str, reading: str, kind: str, choices: Sequence[str], now: datetime
) -> tuple[str, bool]:
    """Return what :func:`give_first` would give now, and record nothing."""
    rows = await transaction.all(
        "SELECT item FROM given WHERE group_id = ? AND reading = ? AND kind = ?", group, reading, kind
    )
    had = {row[0] for row in rows}
    item = next((choice for choice in choices if choice not in had), None)
    return (choices[0], True) if item is None else (item, False)


async def give_first(
    transaction: Transaction, group: str, reading: str, kind: str, choices: Sequence[str], now: datetime
) -> tuple[str, bool]:
    """Do what :meth:`Given.give_first` does, within a transaction that does more."""
    item, again = await look_first(transaction, group, reading, kind, choices, now)
    if again:
        await transaction.each(
            "DELETE FROM given WHERE group_id = ? AND reading = ? AND kind = ? AND item = ?",
            [(group, reading, kind, choice) for choice in choices],
        )
    await transaction.run(
        "INSERT INTO given (group_id, reading, kind, item, given_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (group_id, reading, kind, item) DO UPDATE SET given_at = excluded.given_at",
        group,
        reading,
        kind,
        item,
        milliseconds(now),
    )
    return item, again
