"""Shows, gives out and deletes what is stored about people and groups."""

import json
from datetime import UTC, datetime

from bot.caller import Caller
from bot.errors import Refused
from bot.reply import Bullets, Code, Prose, Reply
from bot.store.given import Given

_NOTHING_ABOUT_YOU = (
    "Nothing is stored about you: no name, no number, no message. "
    "A button with a long command keeps that command for a year, without who typed it."
)


class Privacy:
    """What is stored, and how to be rid of it."""

    def __init__(self, given: Given) -> None:
        self._given = given

    async def show(self, caller: Caller) -> Reply:
        """Show what is stored about you and, for moderators, about this group."""
        rows = await self._given.count(caller.group)
        items = tuple(f"{kind}s given of {reading}: {number}" for reading, kind, number in rows)
        about_group = Bullets(items or ("Nothing.",), "About this group, so that nothing comes twice")
        shown = (about_group,) if caller.is_moderator else ()
        return Reply("What is stored", (Prose(_NOTHING_ABOUT_YOU), *shown), private=True)

    async def export(self, caller: Caller) -> Reply:
        """Give out what is stored about you and, for moderators, about this group, as JSON."""
        stored: dict[str, object] = {"about_you": []}
        if caller.is_moderator:
            stored["about_this_group"] = [
                {"reading": reading, "kind": kind, "item": item, "given_at": _utc(given_at)}
                for reading, kind, item, given_at in await self._given.everything(caller.group)
            ]
        return Reply("What is stored", (Code(json.dumps(stored, indent=1), "json"),), private=True)

    async def delete(self, caller: Caller, what: str = "me") -> Reply:
        """Delete what is stored about you or, for moderators, about this group.

        Args:
            what: me, or group.
        """
        if what.strip().casefold() != "group":
            hint = (
                (Prose("To delete what is stored about this group: /privacy delete group"),)
                if caller.is_moderator
                else ()
            )
            return Reply("Nothing to delete", (Prose(_NOTHING_ABOUT_YOU), *hint), private=True)
        if not caller.is_moderator:
            raise Refused("Only moderators may delete what is stored about this group. Ask one of them.")
        number = await self._given.forget(caller.group)
        text = f"Deleted {number} entries about this group. Quotes and prompts begin again from the first."
        return Reply("Deleted", (Prose(text),), private=True)


def _utc(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
