"""Keeps what members asked on Matrix until it is answered, and how far the server's stream has been read."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.store.state import State, milliseconds, moment

WAITING, BEGUN, UNREADABLE, TOLD = "waiting", "begun", "unreadable", "told"
# What cannot be read is not collected without end.
MOST_UNREADABLE = 200


@dataclass(frozen=True, slots=True)
class Received:
    """An event that may ask for something.

    Attributes:
        group: Where it was said.
        event: Matrix's id of it.
        source: The event as the server delivered it.
        session: Of what cannot be read, the session whose key is missing.
    """

    group: str
    event: str
    source: Mapping[str, Any]
    session: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A received event in its place.

    Attributes:
        was_begun: Whether an earlier process began to answer it, and was stopped.
        received_at: When (UTC).
    """

    number: int
    received: Received
    was_begun: bool
    received_at: datetime


class Inbox:
    """Events that wait to be answered, in their order."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def token(self, account: str) -> str:
        """Return how far an account has read; empty before the first time."""
        rows = await self._state.all("SELECT token FROM matrix_stream WHERE account = ?", account)
        return str(rows[0][0]) if rows else ""

    async def take_in(self, account: str, token: str, received: Sequence[Received], now: datetime) -> None:
        """Keep events, and that the stream was read up to a token: all of it or nothing.

        What is there already, or was answered, is passed over.
        """
        async with self._state.write() as transaction:
            for each in received:
                state = UNREADABLE if each.session else WAITING
                if each.session:
                    rows = await transaction.all(
                        "SELECT count(*) FROM matrix_command WHERE group_id = ? AND state IN (?, ?)",
                        each.group,
                        UNREADABLE,
                        TOLD,
                    )
                    if rows[0][0] >= MOST_UNREADABLE:
                        continue
                await transaction.run(
                    "INSERT INTO matrix_command (group_id, event, source, state, session, received_at)"
                    " SELECT ?, ?, ?, ?, ?, ?"
                    " WHERE NOT EXISTS (SELECT 1 FROM matrix_answer WHERE command = ?)"
                    " AND NOT EXISTS (SELECT 1 FROM matrix_message WHERE command = ?)"
                    " ON CONFLICT (event) DO NOTHING",
                    each.group,
                    each.event,
                    json.dumps(each.source),
                    state,
                    each.session,
                    milliseconds(now),
                    each.event,
                    each.event,
                )
            await transaction.run(
                "INSERT INTO matrix_stream (account, token) VALUES (?, ?)"
                " ON CONFLICT (account) DO UPDATE SET token = excluded.token",
                account,
                token,
            )

    async def groups(self) -> list[str]:
        """Return the groups in which something waits to be answered."""
        rows = await self._state.all(
            "SELECT DISTINCT group_id FROM matrix_command WHERE state IN (?, ?)", WAITING, BEGUN
        )
        return [row[0] for row in rows]

    async def next(self, group: str) -> Waiting | None:
        """Return what is to be answered next in a group."""
        rows = await self._state.all(
            "SELECT number, group_id, event, source, session, state, received_at FROM matrix_command"
            " WHERE group_id = ? AND state IN (?, ?) ORDER BY number LIMIT 1",
            group,
            WAITING,
            BEGUN,
        )
        return _waiting(rows[0]) if rows else None

    async def begin(self, number: int) -> None:
        """Remember that something is being done that must not be done twice."""
        await self._set((number,), BEGUN)

    async def cannot_read(self, number: int, session: str) -> None:
        """Put aside what cannot be read before its session's key is here."""
        async with self._state.write() as transaction:
            await transaction.run(
                "UPDATE matrix_command SET state = ?, session = ? WHERE number = ?", UNREADABLE, session, number
            )

    async def unreadable(self, *, also_told: bool = False) -> list[Waiting]:
        """Return what could not be read.

        Args:
            also_told: Also that of which members were told that it cannot be read.
        """
        rows = await self._state.all(
            "SELECT number, group_id, event, source, session, state, received_at FROM matrix_command"
            " WHERE state IN (?, ?) ORDER BY number",
            UNREADABLE,
            TOLD if also_told else UNREADABLE,
        )
        return [_waiting(row) for row in rows]

    async def was_told(self, group: str, session: str) -> bool:
        """Whether members were told already that a session of a group cannot be read."""
        rows = await self._state.all(
            "SELECT 1 FROM matrix_command WHERE group_id = ? AND session = ? AND state = ? LIMIT 1",
            group,
            session,
            TOLD,
        )
        return bool(rows)

    async def tell(self, numbers: Iterable[int]) -> None:
        """Remember that members were told; if the key comes yet, it is answered."""
        await self._set(numbers, TOLD)

    async def can_be_read(self, sessions: Iterable[tuple[str, str]]) -> list[str]:
        """Let what waited for the keys of sessions, each given as (group, session), be answered; returns the groups."""
        groups = []
        async with self._state.write() as transaction:
            for group, session in sessions:
                number = await transaction.run(
                    "UPDATE matrix_command SET state = ? WHERE group_id = ? AND session = ? AND state IN (?, ?)",
                    WAITING,
                    group,
                    session,
                    UNREADABLE,
                    TOLD,
                )
                groups += [group] * bool(number)
        return groups

    async def drop(self, number: int) -> None:
        """Forget an event that asks for nothing."""
        async with self._state.write() as transaction:
            await transaction.run("DELETE FROM matrix_command WHERE number = ?", number)

    async def drop_event(self, event: str) -> None:
        """Forget an event that was taken back."""
        async with self._state.write() as transaction:
            await transaction.run("DELETE FROM matrix_command WHERE event = ?", event)

    async def forget_before(self, time: datetime) -> None:
        """Delete what could not be answered since a time."""
        async with self._state.write() as transaction:
            await transaction.run("DELETE FROM matrix_command WHERE received_at < ?", milliseconds(time))

    async def _set(self, numbers: Iterable[int], state: str) -> None:
        async with self._state.write() as transaction:
            await transaction.each(
                "UPDATE matrix_command SET state = ? WHERE number = ?", [(state, number) for number in numbers]
            )


def _waiting(row: Sequence[Any]) -> Waiting:
    number, group, event, source, session, state, received_at = row
    received = Received(group, event, json.loads(source), session)
    return Waiting(number, received, state == BEGUN, moment(received_at))
