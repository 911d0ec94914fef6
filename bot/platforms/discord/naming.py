"""Finds the channel, role or tag that a moderator names, and says what people call them."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import discord

from bot.caller import Caller
from bot.errors import Refused, UserError
from bot.platforms.discord.permissions import named
from bot.platforms.discord.places import Place, can_mention, role_name
from bot.posting import Kind, Named

_NUMBER = re.compile(r"(?:<(?:#|@&)(\d{15,20})>|(\d{15,20}))\Z")
_MOST_LISTED, _SHOWN = 10, 60
ONLY_IN_SERVERS = "This can be chosen in a server only."
NOT_A_MEMBER = "You are no member of this server, as far as Discord says."
NO_FORUM = "Tags are for forums, and posts do not go to one. Choose one with /config channel first."
NO_EVERYONE = (
    "@everyone is no role that can be chosen here. Choose a role that only those have who are meant; Server Settings, "
    "Roles makes one."
)
MENTIONS_EVERYONE = f"Only those may choose @everyone who have the permission “{named('mention_everyone')}” here."

_Item = TypeVar("_Item")


def guild_of(client: discord.Client, server: str) -> discord.Guild | None:
    """Return the server that a scope names, if the cache has it."""
    number = server.rpartition(":")[2]
    return client.get_guild(int(number)) if number.isdecimal() else None


async def chosen_channel(guild: discord.Guild, caller: Caller, text: str) -> Named:
    """Return the channel or thread that a moderator means, and may see and write in.

    Raises:
        UserError: There is none, or more than one; Refused if they may not use it.
    """
    channels: list[discord.abc.GuildChannel | discord.Thread] = [*guild.channels, *guild.threads]
    usable = [each for each in channels if Place.cached(each).takes_posts]
    channel = await _fetched_thread(guild, text) or one(usable, text, "#", "channel", lambda each: each.name)
    member = await _member(guild, caller)
    holder = channel.parent if isinstance(channel, discord.Thread) else channel
    given = holder.permissions_for(member) if holder else discord.Permissions.none()
    writes = given.send_messages_in_threads if isinstance(channel, discord.Thread) else given.send_messages
    is_hidden = isinstance(channel, discord.Thread) and channel.is_private() and not given.manage_threads
    if not given.view_channel or is_hidden:
        # Whoever may not see it learns no more than that it cannot be chosen.
        raise Refused(f"You may choose only channels that you can see, and “{_short(text)}” is none of them.")
    if not writes:
        raise Refused(f"You may choose only channels that you can write in, and #{channel.name} is none of them.")
    return Named(str(channel.id), f"#{channel.name}")


async def _fetched_thread(guild: discord.Guild, text: str) -> discord.Thread | None:
    """Return a thread that is archived, and therefore not in the cache, by its number."""
    number = _number(text)
    if number is None or guild.get_channel_or_thread(number) is not None:
        return None
    try:
        channel = await guild.fetch_channel(number)
    except (discord.NotFound, discord.Forbidden, discord.InvalidData):
        return None
    return channel if isinstance(channel, discord.Thread) else None


async def _member(guild: discord.Guild, caller: Caller) -> discord.Member:
    """Return a moderator with their roles; no list of members is kept, so Discord is asked."""
    try:
        return await guild.fetch_member(int(caller.user.rpartition(":")[2]))
    except discord.NotFound:
        raise Refused(NOT_A_MEMBER) from None


def chosen_role(guild: discord.Guild, text: str) -> Named:
    """Return any role but that of everybody.

    Raises:
        UserError: There is none, or more than one.
    """
    role = _role(guild, text)
    if role.is_default():
        raise UserError(NO_EVERYONE)
    return Named(str(role.id), role_name(role))


async def chosen_mention(guild: discord.Guild, caller: Caller, text: str) -> Named:
    """Return a role that a moderator may mention in their circle's channel.

    Raises:
        UserError: There is none, or more than one; Refused if they may not mention it.
    """
    role = _role(guild, text)
    member = await _member(guild, caller)
    number = caller.group.rpartition(":")[2]
    channel = guild.get_channel(int(number)) if number.isdecimal() else None
    given = channel.permissions_for(member) if channel else member.guild_permissions
    if can_mention(role, given):
        return Named(str(role.id), role_name(role))
    if role.is_default():
        raise Refused(MENTIONS_EVERYONE)
    raise Refused(
        f"You may not mention {role_name(role)} here. Choose a role that anyone may mention, or get the permission "
        f"“{named('mention_everyone')}”."
    )


def _role(guild: discord.Guild, text: str) -> discord.Role:
    return one(guild.roles, text, "@", "role", lambda each: each.name.removeprefix("@"))


def chosen_tag(guild: discord.Guild, text: str, channel: str) -> Named:
    """Return a tag of a forum's.

    Raises:
        UserError: There is none, or it is no forum.
    """
    forum = guild.get_channel(int(channel)) if channel.isdecimal() else None
    if not isinstance(forum, discord.ForumChannel):
        raise UserError(NO_FORUM)
    tag = one(forum.available_tags, text, "", "tag", lambda each: each.name)
    if tag.moderated and not forum.permissions_for(guild.me).manage_threads:
        raise UserError(
            f"The tag “{tag.name}” is only for moderators. Give Kruzhok the permission “Manage Threads” in "
            f"#{forum.name}, or choose another tag."
        )
    return Named(str(tag.id), tag.name)


def one(items: Iterable[_Item], text: str, sign: str, kind: str, name_of: Callable[[_Item], str]) -> _Item:
    """Return the one that a text means, by its number, its mention or its name.

    Args:
        sign: What people write before its name.

    Raises:
        UserError: There is none, or more than one of that name.
    """
    listed: Sequence[Any] = list(items)
    number = _number(text)
    by_number = [each for each in listed if each.id == number]
    wanted = text.strip().removeprefix(sign).strip()
    exactly = [each for each in listed if name_of(each) == wanted]
    folded = [each for each in listed if name_of(each).casefold() == wanted.casefold()]
    found = by_number or exactly or folded
    if len(found) == 1:
        return found[0]  # type: ignore[no-any-return]  # discord.py's classes with an id have no common type
    if not found:
        raise UserError(f"There is no {kind} “{_short(text)}” here. Write its name, its number, or {_how(kind)}.")
    numbers = ", ".join(str(each.id) for each in found[:_MOST_LISTED])
    raise UserError(f"There are {len(found)} {kind}s called “{_short(wanted)}”. Write the number of one: {numbers}.")


def _how(kind: str) -> str:
    return "choose one of the forum's" if kind == "tag" else "mention it"


def _number(text: str) -> int | None:
    found = _NUMBER.match(text.strip())
    return int(found[1] or found[2]) if found else None


def _short(text: str) -> str:
    return " ".join(text.split())[:_SHOWN]


def called(client: discord.Client, kind: Kind, number: str, server: str) -> str:
    """Return what people call something now, by its number; also if it is gone."""
    guild = guild_of(client, server)
    wanted = int(number) if number.isdecimal() else 0
    match kind:
        case "channel":
            channel = guild.get_channel_or_thread(wanted) if guild else client.get_channel(wanted)
            name = getattr(channel, "name", None)
            return f"#{name}" if name else ("a direct message" if channel else "a channel that is gone")
        case "role" | "mention":
            role = guild.get_role(wanted) if guild else None
            return role_name(role) if role else "a role that is gone"
        case "tag":
            tags = (tag for forum in (guild.forums if guild else ()) for tag in forum.available_tags)
            return next((tag.name for tag in tags if tag.id == wanted), "a tag that is gone")
