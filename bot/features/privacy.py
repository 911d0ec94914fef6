"""Shows, gives out and deletes what is stored about people and groups."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.caller import Caller
from bot.errors import Refused, UserError
from bot.reply import Bullets, Code, Prose, Reply
from bot.store.changes import Change, Changes
from bot.store.groups import Groups

_NOTHING_ABOUT_YOU = (
    "Nothing is stored about you: no name, no number, no message. "
    "A button with a long command keeps that command for a year, without who typed it."
)
_ABOUT_YOU = (
    "Your number stands beside {changes} that you made to settings, schedules and prompts, for 90 days; nothing else "
    "is stored about you. To take it out: /privacy delete"
)
_ON_MATRIX = (
    "In encrypted rooms the numbers and public keys of your devices are kept beside, as long as Kruzhok shares such a "
    "room with you: without them nothing could be encrypted for you."
)
# What is stored about groups, by table: how it is called, why, and for how long.
ABOUT_GROUPS = {
    "given": ("quotes, prompts and sections given", "so that nothing comes twice"),
    "setting": ("settings", "what moderators chose"),
    "change": ("changes of settings and schedules, with who made them", "kept for 90 days"),
    "own_prompt": ("prompts of your own", "what moderators wrote"),
    "prompt_set_aside": ("prompts set aside", "so that they are not given"),
    "schedule": ("schedules", "what is posted when; a removed one is kept for a week"),
    "occurrence": ("planned and past posts", "so that each is made once; kept for 400 days"),
    "notice": ("notices for moderators", "what went wrong; kept until 90 days after they read it"),
    "matrix_command": ("questions not answered yet", "to answer them; kept for a week at most"),
    "matrix_message": ("answers on their way", "until the server has them"),
    "matrix_answer": ("numbers of answers", "so that none comes twice and reactions are understood; kept for 30 days"),
    "matrix_poll": ("numbers of polls", "to count their votes for the history; kept for 400 days"),
    "known_group": ("its number and its server's", "to forget all of this 30 days after Kruzhok was removed"),
}


class Privacy:
    """What is stored, and how to be rid of it."""

    def __init__(self, groups: Groups, changes: Changes) -> None:
        self._groups = groups
        self._changes = changes

    async def show(self, caller: Caller) -> Reply:
        """Show what is stored about you and, for moderators, about this group."""
        changed = await self._changes.by(caller.user)
        about_you = (
            _ABOUT_YOU.format(changes=_counted(len(changed), "change", "changes")) if changed else _NOTHING_ABOUT_YOU
        )
        said = (Prose(about_you), *((Prose(_ON_MATRIX),) if caller.platform == "matrix" else ()))
        if not caller.is_moderator:
            return Reply("What is stored", said, private=True)
        stored = await self._groups.everything(caller.group)
        items = tuple(
            f"{ABOUT_GROUPS[name][0]}: {len(rows)} ({ABOUT_GROUPS[name][1]})" for name, rows in stored.items()
        )
        about_group = Bullets(items or ("Nothing.",), "About this group")
        rest = Prose(
            "No message, no member list and no answer is ever stored. To delete all of it: /privacy delete group"
        )
        return Reply("What is stored", (*said, about_group, rest), private=True)

    async def export(self, caller: Caller) -> Reply:
        """Give out what is stored about you and, for moderators, about this group, as JSON."""
        changed = await self._changes.by(caller.user)
        stored: dict[str, object] = {"about_you": _told(changed)}
        if caller.is_moderator:
            everything = await self._groups.everything(caller.group)
            stored["about_this_group"] = {
                name: [_readable(row, caller) for row in rows] for name, rows in everything.items()
            }
        return Reply("What is stored", (Code(json.dumps(stored, indent=1), "json"),), private=True)

    async def delete(self, caller: Caller, what: str = "me") -> Reply:
        """Delete what is stored about you or, for moderators, about this group.

        Args:
            what: me, or group.
        """
        wanted = what.strip().casefold()
        if wanted not in ("me", "group"):
            raise UserError(f"Nothing is deleted. Say me or group, not “{what.strip()[:40]}”.")
        if wanted == "me":
            return await self._delete_me(caller)
        if not caller.is_moderator:
            raise Refused("Only moderators may delete what is stored about this group. Ask one of them.")
        number = await self._groups.forget(caller.group)
        text = (
            f"Deleted {_counted(number, 'entry', 'entries')} about this group: its settings, schedules and history are "
            "gone, and quotes and prompts begin again from the first."
        )
        return Reply("Deleted", (Prose(text),), private=True)

    async def _delete_me(self, caller: Caller) -> Reply:
        number = await self._changes.forget_who(caller.user)
        if number:
            changes = _counted(number, "change", "changes")
            said = f"Your number is taken out of {changes} that you made. What you changed stays as it is."
            return Reply("Deleted", (Prose(said),), private=True)
        hint = "To delete what is stored about this group: /privacy delete group"
        pieces = (Prose(_NOTHING_ABOUT_YOU), *((Prose(hint),) if caller.is_moderator else ()))
        return Reply("Nothing to delete", pieces, private=True)


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _told(changes: Sequence[Change]) -> list[dict[str, str]]:
    return [
        {
            "where": each.scope,
            "what": each.what,
            "old": each.old,
            "new": each.new,
            "changed_at": each.changed_at.isoformat(timespec="seconds"),
        }
        for each in changes
    ]


def _readable(row: dict[str, object], caller: Caller) -> dict[str, object]:
    """Return a row with its times written out; other members' numbers are theirs, and left out."""
    shown = {
        name: _utc(value) if name.endswith("_at") and isinstance(value, int) else value for name, value in row.items()
    }
    if shown.get("member") not in (None, "", caller.user):
        shown["member"] = "another moderator"
    return shown


def _utc(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
