"""Remembers which groups there are, and forgets those that are gone."""

from collections.abc import Iterable
from datetime import datetime

from bot.store.chosen import Chosen
from bot.store.state import State, milliseconds

# Every table about groups, with the column that names the group.
OF_GROUPS = {
    "given": "group_id",
    "setting": "scope",
    "change": "scope",
    "own_prompt": "group_id",
    "prompt_set_aside": "group_id",
    "schedule": "group_id",
    "occurrence": "group_id",
    "notice": "group_id",
    "known_group": "group_id",
    "matrix_command": "group_id",
    "matrix_message": "group_id",
    "matrix_answer": "group_id",
    "matrix_poll": "group_id",
}


class Groups:
    """The groups that something is kept about."""

    def __init__(self, state: State, chosen: Chosen) -> None:
        self._state = state
        self._chosen = chosen

    async def seen(self, group: str, server: str) -> None:
        """Remember to which server a group belongs."""
        rows = await self._state.all("SELECT server, left_at FROM known_group WHERE group_id = ?", group)
        if rows and tuple(rows[0]) == (server, None):
            return
        async with self._state.write() as transaction:
            await transaction.run(
                "INSERT INTO known_group (group_id, server, left_at) VALUES (?, ?, NULL)"
                " ON CONFLICT (group_id) DO UPDATE SET server = excluded.server, left_at = NULL",
                group,
                server,
            )

    async def servers(self, platform: str) -> set[str]:
        """Return the servers of a platform that have known groups."""
        rows = await self._state.all(
            "SELECT DISTINCT server FROM known_group WHERE server LIKE ?", f"{platform}:server:%"
        )
        return {row[0] for row in rows}

    async def left(self, servers: Iterable[str], now: datetime) -> None:
        """Remember that Kruzhok is gone from servers; what was remembered so before stays."""
        async with self._state.write() as transaction:
            await transaction.each(
                "UPDATE known_group SET left_at = ? WHERE server = ? AND left_at IS NULL",
                [(milliseconds(now), server) for server in servers],
            )

    async def gone(self, group: str, now: datetime) -> None:
        """Remember that a group is gone, or Kruzhok from it."""
        async with self._state.write() as transaction:
            sql = "UPDATE known_group SET left_at = ? WHERE group_id = ? AND left_at IS NULL"
            await transaction.run(sql, milliseconds(now), group)

    async def known(self, platform: str) -> set[str]:
        """Return the known groups of a platform."""
        rows = await self._state.all("SELECT group_id FROM known_group WHERE group_id LIKE ?", f"{platform}:%")
        return {row[0] for row in rows}

    async def back(self, group: str) -> None:
        """Remember that Kruzhok is in a group again, if it was gone from it."""
        sql = "SELECT 1 FROM known_group WHERE group_id = ? AND left_at IS NOT NULL"
        if await self._state.all(sql, group):
            async with self._state.write() as transaction:
                await transaction.run("UPDATE known_group SET left_at = NULL WHERE group_id = ?", group)

    async def joined(self, servers: Iterable[str]) -> None:
        """Remember that Kruzhok is in servers (again)."""
        async with self._state.write() as transaction:
            await transaction.each(
                "UPDATE known_group SET left_at = NULL WHERE server = ? AND left_at IS NOT NULL",
                [(server,) for server in servers],
            )

    async def moved(self, old: str, new: str) -> int:
        """Let everything that is kept about a group be another's, which has taken its place; returns how many rows.

        What the other has decided for itself stays; numbers that both have given are counted on.
        """
        moved = 0
        async with self._state.write() as transaction:
            for table in ("schedule", "own_prompt"):
                given = f"SELECT max(number) FROM {table} WHERE group_id = ?"  # noqa: S608
                if not (await transaction.all(given, new))[0][0]:
                    continue
                # One row after the other gets its new number, which no other may have at that time.
                beyond = f"(SELECT max(number) FROM {table} WHERE group_id IN (?, ?))"  # noqa: S608
                sql = f"UPDATE {table} SET number = number + {beyond} WHERE group_id = ?"  # noqa: S608
                await transaction.run(sql, old, new, old)
            for table, column in OF_GROUPS.items():
                sql = f"UPDATE OR IGNORE {table} SET {column} = ? WHERE {column} = ?"  # noqa: S608
                moved += await transaction.run(sql, new, old)
                await transaction.run(f"DELETE FROM {table} WHERE {column} = ?", old)  # noqa: S608
        self._chosen.forget_known()
        return moved

    async def forget_left_before(self, time: datetime) -> int:
        """Delete all that is kept about groups that were left before ``time``; returns how many groups."""
        rows = await self._state.all("SELECT group_id, server FROM known_group WHERE left_at < ?", milliseconds(time))
        for group, _ in rows:
            await self.forget(group)
        for server in {server for _, server in rows if server}:
            if not await self._state.all("SELECT 1 FROM known_group WHERE server = ? LIMIT 1", server):
                await self.forget(server)
        return len(rows)

    async def forget(self, scope: str) -> int:
        """Delete all that is kept about a group, or of a server's own; returns how many rows."""
        deleted = 0
        async with self._state.write() as transaction:
            for table, column in OF_GROUPS.items():
                deleted += await transaction.run(f"DELETE FROM {table} WHERE {column} = ?", scope)  # noqa: S608
        self._chosen.forget_known()
        return deleted

    async def everything(self, scope: str) -> dict[str, list[dict[str, object]]]:
        """Return all that is kept about a group or a server, by table, each row by column; times in milliseconds."""
        found: dict[str, list[dict[str, object]]] = {}
        for table, column in OF_GROUPS.items():
            rows = await self._state.rows(f"SELECT * FROM {table} WHERE {column} = ?", scope)  # noqa: S608
            if rows:
                found[table] = rows
        return found
