"""Remembers the prompts that groups wrote, and those that they set aside."""

from dataclasses import dataclass
from datetime import datetime

from bot.store.changes import record_change
from bot.store.state import State, milliseconds

# The id of a group's own prompt begins so; those of readings are words, which have no sign before them.
OWN = "+"


@dataclass(frozen=True, slots=True)
class OwnPrompt:
    """A prompt that moderators wrote; ``place`` names the sentences that it starts from, as ``7.2-3``."""

    number: int
    reading: str
    question: str
    place: str

    @property
    def id(self) -> str:
        """What it is called beside the reading's prompts."""
        return f"{OWN}{self.number}"


class OwnPrompts:
    """Prompts of groups."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def of(self, group: str, reading: str | None = None) -> list[OwnPrompt]:
        """Return a group's prompts for a reading, or for all."""
        rows = await self._state.all(
            "SELECT number, reading, question, place FROM own_prompt WHERE group_id = ? ORDER BY number", group
        )
        return [OwnPrompt(*row) for row in rows if reading in (None, row[1])]

    async def add(
        self, group: str, reading: str, question: str, place: str, member: str, now: datetime, most: int
    ) -> OwnPrompt | None:
        """Add a prompt; returns None, and adds nothing, if the group has ``most`` of them."""
        async with self._state.write() as transaction:
            rows = await transaction.all("SELECT number FROM own_prompt WHERE group_id = ?", group)
            if len(rows) >= most:
                return None
            number = max((row[0] for row in rows), default=0) + 1
            await transaction.run(
                "INSERT INTO own_prompt (group_id, number, reading, question, place, added_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                group,
                number,
                reading,
                question,
                place,
                milliseconds(now),
            )
            await record_change(transaction, group, member, f"prompt {OWN}{number}", "", question, now)
        return OwnPrompt(number, reading, question, place)

    async def set_aside(self, group: str, reading: str) -> set[str]:
        """Return the ids of the prompts that a group does not want."""
        rows = await self._state.all(
            "SELECT prompt FROM prompt_set_aside WHERE group_id = ? AND reading = ?", group, reading
        )
        return {row[0] for row in rows}

    async def want(self, group: str, reading: str, prompt: str, wanted: bool, member: str, now: datetime) -> bool:
        """Set a prompt aside, or take it back; returns whether that changed anything."""
        add = (
            "INSERT INTO prompt_set_aside (group_id, reading, prompt) VALUES (?, ?, ?)"
            " ON CONFLICT (group_id, reading, prompt) DO NOTHING"
        )
        remove = "DELETE FROM prompt_set_aside WHERE group_id = ? AND reading = ? AND prompt = ?"
        async with self._state.write() as transaction:
            changed = await transaction.run(remove if wanted else add, group, reading, prompt)
            if changed:
                old, new = ("set aside", "given") if wanted else ("given", "set aside")
                await record_change(transaction, group, member, f"prompt {prompt}", old, new, now)
        return bool(changed)
