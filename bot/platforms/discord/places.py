"""Where scheduled posts go on Discord: what kind of channel it is, and what the bot lacks there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import discord

from bot.platforms.discord.permissions import FORUM, HISTORY, POLL, WRITING, WRITING_IN_THREADS, named
from bot.posting import Target

_THREADS = {
    discord.ChannelType.public_thread,
    discord.ChannelType.private_thread,
    discord.ChannelType.news_thread,
}
_FORUMS = {discord.ChannelType.forum, discord.ChannelType.media}
_WITH_THREADS = {discord.ChannelType.text, discord.ChannelType.news}
_VOICE = {discord.ChannelType.voice, discord.ChannelType.stage_voice}
_DIRECT = {discord.ChannelType.private, discord.ChannelType.group}

# What each permission is needed for.
_FOR = {
    "view_channel": "to see it",
    "connect": "to see its chat",
    "send_messages": "to post",
    "read_message_history": "to see, after a fault, whether it has posted already",
    "create_public_threads": "to open threads",
    "send_messages_in_threads": "to write in threads",
    "send_polls": "for polls",
}
ROLE_GONE = "The role to mention is gone. Choose another, or none, with /config mention."
TAG_GONE = "The tag for posts is gone. Choose another, or none, with /config tag."
NO_TAG = "{where} demands a tag, and has none that Kruzhok may use. Add one that is not only for moderators."
TAG_KEPT = (
    "The tag “{tag}” is only for moderators. Give Kruzhok the permission “Manage Threads” in {where}, or choose "
    "another tag with /config tag."
)
NO_POSTS = "{where} takes no posts. Choose a text channel, a forum or a thread with /config channel."
NO_MENTION = (
    "Kruzhok may not mention {role} in {where}. Let the role be mentioned by anyone, or give Kruzhok the permission “"
    + named("mention_everyone")
    + "”."
)


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of a forum's; those that are moderated are for those who manage threads."""

    number: int
    name: str
    is_moderated: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A channel or thread, from the cache or as REST tells it.

    Attributes:
        server: Its server's number; 0 in direct messages.
        parent: Of a thread, the number of its channel; its permissions are its channel's.
    """

    number: int
    type: discord.ChannelType
    name: str = ""
    server: int = 0
    parent: int = 0
    is_archived: bool = False
    is_locked: bool = False
    tags: tuple[Tag, ...] = ()
    demands_tag: bool = False

    @property
    def called(self) -> str:
        """How people call it."""
        return f"#{self.name}" if self.name else "this channel"

    @property
    def is_thread(self) -> bool:
        """Whether it is a thread, or a forum's post."""
        return self.type in _THREADS

    @property
    def is_forum(self) -> bool:
        """Whether every post in it is a thread of its own."""
        return self.type in _FORUMS

    @property
    def has_threads(self) -> bool:
        """Whether a thread can be opened on a message in it."""
        return self.type in _WITH_THREADS

    @property
    def takes_posts(self) -> bool:
        """Whether anything can be posted there."""
        return self.is_thread or self.type in _FORUMS | _WITH_THREADS | _VOICE | _DIRECT

    @classmethod
    def cached(cls, channel: Any) -> "Place":
        """Describe a channel of discord.py's; they have no common type that would know all of this."""
        guild = getattr(channel, "guild", None)
        flags = getattr(channel, "flags", None)
        return cls(
            number=channel.id,
            type=channel.type,
            name=getattr(channel, "name", None) or "",
            server=guild.id if guild else 0,
            parent=getattr(channel, "parent_id", None) or 0,
            is_archived=getattr(channel, "archived", False),
            is_locked=getattr(channel, "locked", False),
            tags=tuple(Tag(tag.id, tag.name, tag.moderated) for tag in getattr(channel, "available_tags", ())),
            demands_tag=bool(getattr(flags, "require_tag", False)),
        )

    @classmethod
    def told(cls, data: dict[str, Any]) -> "Place":
        """Describe a channel as REST tells it."""
        thread = data.get("thread_metadata") or {}
        tags = data.get("available_tags") or ()
        type_ = discord.ChannelType(data["type"])
        return cls(
            number=int(data["id"]),
            type=type_,
            name=data.get("name") or "",
            server=int(data.get("guild_id") or 0),
            parent=int(data.get("parent_id") or 0) if type_ in _THREADS else 0,
            is_archived=bool(thread.get("archived")),
            is_locked=bool(thread.get("locked")),
            tags=tuple(Tag(int(tag["id"]), tag["name"], bool(tag.get("moderated"))) for tag in tags),
            demands_tag=bool(int(data.get("flags") or 0) & discord.ChannelFlags.require_tag.flag),
        )


def needed(place: Place, target: Target) -> tuple[str, ...]:
    """Return the permissions that it takes to post there once, and to open the threads that are wanted."""
    writing: Sequence[str] = WRITING
    if place.is_thread:
        writing = WRITING_IN_THREADS
    elif place.is_forum:
        writing = FORUM
    elif place.type in _VOICE:
        writing = ("view_channel", "connect", "send_messages")
    elif place.has_threads and target.threads:
        writing = (*WRITING, "create_public_threads", "send_messages_in_threads")
    return (*writing, *HISTORY)


def permissions(guild: discord.Guild | None, place: Place) -> discord.Permissions | None:
    """Return what the bot may do there, as far as the cache knows the server."""
    channel = guild.get_channel(place.parent or place.number) if guild else None
    return channel.permissions_for(channel.guild.me) if channel else None


def lacking(place: Place, target: Target, given: discord.Permissions) -> list[str]:
    """Return which of the needed permissions are not given."""
    return without(needed(place, target), given)


def without(names: Sequence[str], given: discord.Permissions) -> list[str]:
    """Return which permissions are not given; where the channel cannot even be seen, that is what is to be mended."""
    missing = [name for name in names if not getattr(given, name)]
    return missing[:1] if "view_channel" in missing else missing


def wants(place: Place, names: Sequence[str]) -> str:
    """Say which permissions are wanted there."""
    listed = ", ".join(f"“{named(name, place.is_forum)}”" for name in names)
    return f"Kruzhok needs the permission{'s' if len(names) > 1 else ''} {listed} in {place.called}"


def obstacles(place: Place, target: Target, guild: discord.Guild) -> Iterator[str]:
    """Say, sentence by sentence, what keeps the bot from posting there once and on time."""
    if not place.takes_posts:
        yield NO_POSTS.format(where=place.called)
        return
    given = permissions(guild, place) or discord.Permissions.none()
    for name in lacking(place, target, given):
        yield f"{wants(place, [name])} {_FOR[name]}."
    if place.is_locked:
        yield f"{locked(place)}."
    if place.is_forum:
        yield from tag_obstacles(place, target, given)
    if target.role:
        yield from _mention_obstacles(place, target, guild, given)


def locked(place: Place) -> str:
    """Say that a thread is locked."""
    return f"The thread {place.called} is locked; unlock it, or choose another place with /config channel"


def tag_obstacles(place: Place, target: Target, given: discord.Permissions | None) -> Iterator[str]:
    """Say what is wrong with the tag of posts in a forum.

    Args:
        given: What the bot may do there, if that is known.
    """
    if target.tag:
        tag = next((each for each in place.tags if str(each.number) == target.tag), None)
        if tag is None:
            yield TAG_GONE
        elif tag.is_moderated and given is not None and not given.manage_threads:
            yield TAG_KEPT.format(tag=tag.name, where=place.called)
    elif place.demands_tag and not any(not tag.is_moderated for tag in place.tags):
        yield NO_TAG.format(where=place.called)


def _mention_obstacles(place: Place, target: Target, guild: discord.Guild, given: discord.Permissions) -> Iterator[str]:
    role = guild.get_role(int(target.role))
    if role is None:
        yield ROLE_GONE
    elif not can_mention(role, given):
        yield NO_MENTION.format(role=role_name(role), where=place.called)


def can_mention(role: discord.Role, given: discord.Permissions) -> bool:
    """Whether somebody with these permissions may mention a role."""
    return given.mention_everyone or (role.mentionable and not role.is_default())


def role_name(role: discord.Role) -> str:
    """Return how people call a role; that of everybody has the sign in its name."""
    return role.name if role.is_default() else f"@{role.name}"


def findings(place: Place, target: Target, guild: discord.Guild) -> Iterator[tuple[str, bool]]:
    """Give everything that is to be done there, and whether it can be."""
    given = permissions(guild, place) or discord.Permissions.none()
    for name in (*needed(place, target), *POLL):
        yield f"{named(name, place.is_forum)} in {place.called}, {_FOR[name]}", bool(getattr(given, name))
    if place.is_thread:
        yield f"{place.called} is not locked", not place.is_locked
    if place.is_forum and (target.tag or place.demands_tag):
        yield f"a tag in {place.called}", not list(tag_obstacles(place, target, given))
    if target.role:
        role = guild.get_role(int(target.role))
        name = role_name(role) if role else "a role that is gone"
        yield f"mention {name} in {place.called}", role is not None and can_mention(role, given)
