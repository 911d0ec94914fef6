"""Remembers which commands an application has on Discord."""

import json
from collections.abc import Mapping

from bot.store.state import State


class Published:
    """The commands that were published, by application."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def ids(self, application: str, hash_: str) -> dict[str, int] | None:
        """Return the ids of the commands by name, if it was these that were published last."""
        rows = await self._state.all(
            "SELECT ids FROM published_commands WHERE application = ? AND hash = ?", application, hash_
        )
        return {str(name): int(number) for name, number in json.loads(rows[0][0]).items()} if rows else None

    async def record(self, application: str, hash_: str, ids: Mapping[str, int]) -> None:
        """Remember what was published."""
        async with self._state.write() as transaction:
            await transaction.run(
                "INSERT INTO published_commands (application, hash, ids) VALUES (?, ?, ?)"
                " ON CONFLICT (application) DO UPDATE SET hash = excluded.hash, ids = excluded.ids",
                application,
                hash_,
                json.dumps(dict(ids)),
            )
