"""Remembers what moderators chose for their groups and servers."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.store.changes import record_change
from bot.store.schedules import Move, Schedules
from bot.store.state import State


class Chosen:
    """Values of settings by scope, which is a group or a server; what was not chosen is not there."""

    def __init__(self, state: State, schedules: Schedules) -> None:
        self._state = state
        self._schedules = schedules

    async def of(self, scopes: tuple[str, ...]) -> dict[str, dict[str, str]]:
        """Return what was chosen, by scope and then by the setting's name."""
        marks = ", ".join("?" * len(scopes))
        rows = await self._state.all(
            f"SELECT scope, name, value FROM setting WHERE scope IN ({marks})",  # noqa: S608
            *scopes,
        )
        found: dict[str, dict[str, str]] = {scope: {} for scope in scopes}
        for scope, name, value in rows:
            found[scope][name] = value
        return found

    async def choose(
        self, scope: str, values: Mapping[str, str | None], moves: Iterable[Move], member: str, now: datetime
    ) -> None:
        """Set values, or with None go back to what holds otherwise; all of them, or none. What changes is logged.

        Args:
            moves: Schedules that are due at other times because of it.
        """
        async with self._state.write() as transaction:
            rows = await transaction.all("SELECT name, value FROM setting WHERE scope = ?", scope)
            before = dict(rows)
            for name, value in values.items():
                if before.get(name) == value:
                    continue
                if value is None:
                    await transaction.run("DELETE FROM setting WHERE scope = ? AND name = ?", scope, name)
                else:
                    await transaction.run(
                        "INSERT INTO setting (scope, name, value) VALUES (?, ?, ?)"
                        " ON CONFLICT (scope, name) DO UPDATE SET value = excluded.value",
                        scope,
                        name,
                        value,
                    )
                await record_change(transaction, scope, member, name, before.get(name, ""), value or "", now)
            for move in moves:
                await self._schedules.set_next(transaction, move, now)
