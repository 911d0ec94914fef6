"""Keeps answers on Matrix until they are sent, and for a while which of our messages answers what."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.store.state import State, Transaction, milliseconds

# The type of the event that begins a poll, in the form that clients send.
POLL = "org.matrix.msc3381.poll.start"


@dataclass(frozen=True, slots=True)
class Message:
    """An event to be sent once.

    Attributes:
        key: The transaction's id: the server takes it once.
        group: Where it goes.
        command: The event that it answers.
        asked_in: The group in which that was asked.
        kind: The event's type.
        reactions: The command lines that reactions to it stand for, by the emoji.
    """

    key: str
    group: str
    command: str
    asked_in: str
    kind: str
    content: Mapping[str, Any]
    reactions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """A message of ours that was sent.

    Attributes:
        event: Matrix's id of it.
        group: Where it is.
        asked_in: The group in which it was asked for.
        thread: The event that its thread began with; empty outside threads.
    """

    event: str
    group: str
    asked_in: str
    thread: str
    reactions: Mapping[str, str]


class Outbox:
    """Answers to be sent, and those that were."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def answer(self, number: int, messages: Sequence[Message], now: datetime) -> None:
        """Keep the answer to a received event, which waits no longer: both or neither."""
        async with self._state.write() as transaction:
            for each in messages:
                await _keep(transaction, each, now)
            await transaction.run("DELETE FROM matrix_command WHERE number = ?", number)

    async def keep(self, message: Message, now: datetime) -> None:
        """Keep a message that nobody asked for."""
        async with self._state.write() as transaction:
            await _keep(transaction, message, now)

    async def next(self, group: str) -> Message | None:
        """Return what is to be sent next to a group."""
        rows = await self._state.all(
            "SELECT key, group_id, command, asked_in, kind, content, reactions FROM matrix_message"
            " WHERE group_id = ? ORDER BY number LIMIT 1",
            group,
        )
        if not rows:
            return None
        key, group_id, command, asked_in, kind, content, reactions = rows[0]
        return Message(key, group_id, command, asked_in, kind, json.loads(content), json.loads(reactions))

    async def groups(self) -> list[str]:
        """Return the groups to which something is to be sent."""
        return [row[0] for row in await self._state.all("SELECT DISTINCT group_id FROM matrix_message")]

    async def sent(self, message: Message, event: str, now: datetime) -> None:
        """Remember under which id a message was sent; it is no longer kept."""
        async with self._state.write() as transaction:
            await transaction.run("DELETE FROM matrix_message WHERE key = ?", message.key)
            await _remember(transaction, message, event, now)

    async def drop(self, message: Message, now: datetime) -> None:
        """Give a message up that the server never takes; what it answers is not answered again."""
        await self.sent(message, f"not sent: {message.key}", now)

    async def remember(self, message: Message, event: str, now: datetime) -> None:
        """Remember a message that was sent in another way, such as a scheduled post."""
        async with self._state.write() as transaction:
            await _remember(transaction, message, event, now)

    async def sent_as(self, event: str) -> Answer | None:
        """Return a message of ours by its id."""
        found = await self._answers("event = ?", event)
        return found[0] if found else None

    async def answers_to(self, command: str) -> list[Answer]:
        """Return what was answered to an event."""
        return await self._answers("command = ?", command)

    async def _answers(self, which: str, value: str) -> list[Answer]:
        rows = await self._state.all(
            f"SELECT event, group_id, asked_in, thread, reactions FROM matrix_answer WHERE {which}"  # noqa: S608
            " ORDER BY answered_at",
            value,
        )
        return [Answer(event, group, asked, thread, json.loads(lines)) for event, group, asked, thread, lines in rows]

    async def poll(self, post: str) -> str:
        """Return the poll that was started under a post; empty if there is none."""
        rows = await self._state.all("SELECT poll FROM matrix_poll WHERE post = ?", post)
        return str(rows[0][0]) if rows else ""

    async def asked(self, post: str, group: str, poll: str, now: datetime) -> None:
        """Remember the poll under a post."""
        async with self._state.write() as transaction:
            await _asked(transaction, post, group, poll, now)

    async def forget_before(self, answers: datetime, polls: datetime) -> None:
        """Delete what was answered, and which polls were started, before these times."""
        async with self._state.write() as transaction:
            await transaction.run("DELETE FROM matrix_answer WHERE answered_at < ?", milliseconds(answers))
            await transaction.run("DELETE FROM matrix_poll WHERE asked_at < ?", milliseconds(polls))


async def _keep(transaction: Transaction, message: Message, now: datetime) -> None:
    await transaction.run(
        "INSERT INTO matrix_message (key, group_id, command, asked_in, kind, content, reactions, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
        message.key,
        message.group,
        message.command,
        message.asked_in,
        message.kind,
        json.dumps(message.content),
        json.dumps(message.reactions),
        milliseconds(now),
    )


async def _asked(transaction: Transaction, post: str, group: str, poll: str, now: datetime) -> None:
    await transaction.run(
        "INSERT INTO matrix_poll (post, group_id, poll, asked_at) VALUES (?, ?, ?, ?) ON CONFLICT (post) DO NOTHING",
        post,
        group,
        poll,
        milliseconds(now),
    )


async def _remember(transaction: Transaction, message: Message, event: str, now: datetime) -> None:
    relation = message.content.get("m.relates_to") or {}
    if message.kind == POLL:
        post = relation.get("m.in_reply_to", {}).get("event_id", "")
        await _asked(transaction, post, message.group, event, now)
    await transaction.run(
        "INSERT INTO matrix_answer (event, group_id, command, asked_in, thread, reactions, answered_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event) DO NOTHING",
        event,
        message.group,
        message.command,
        message.asked_in,
        relation["event_id"] if relation.get("rel_type") == "m.thread" else "",
        json.dumps(message.reactions),
        milliseconds(now),
    )
