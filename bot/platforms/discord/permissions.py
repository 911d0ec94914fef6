"""What the bot needs on Discord, feature by feature; who lacks what is told with the channel where it is lacking."""

import discord

from bot.errors import Refused
from bot.platforms.discord.interaction import Interaction

Names = tuple[str, ...]  # as discord.Permissions has them

WRITING: Names = ("view_channel", "send_messages")
WRITING_IN_THREADS: Names = ("view_channel", "send_messages_in_threads")
THREAD: Names = ("view_channel", "create_public_threads", "send_messages_in_threads")
FORUM: Names = ("view_channel", "send_messages", "send_messages_in_threads")
POLL: Names = ("send_polls",)
# Without it the messages of a channel are an empty list to us, not an error.
HISTORY: Names = ("read_message_history",)

# What the invitation asks for: exactly the permissions that features use.
ALL = discord.Permissions(**dict.fromkeys((*WRITING, *WRITING_IN_THREADS, *THREAD, *FORUM, *POLL, *HISTORY), True))

# Those that Discord's clients call otherwise than its documentation; in forums, some have names of their own.
_CALLED = {
    "send_polls": "Create Polls",
    "send_messages_in_threads": "Send Messages in Threads",
    "mention_everyone": "Mention @everyone, @here and All Roles",
}
_CALLED_IN_FORUMS = {"send_messages": "Create Posts", "send_messages_in_threads": "Send Messages in Posts"}


def named(permission: str, in_forum: bool = False) -> str:
    """Return what Discord's clients call a permission."""
    called = _CALLED_IN_FORUMS.get(permission) if in_forum else None
    return called or _CALLED.get(permission, permission.replace("_", " ").title())


def writing(interaction: Interaction) -> Names:
    """Return what it takes to post where an interaction is."""
    return WRITING_IN_THREADS if isinstance(interaction.channel, discord.Thread) else WRITING


def require(interaction: Interaction, *, bot: Names = (), member: Names = ()) -> None:
    """Make sure that the bot and the member have permissions where an interaction is; direct messages have none.

    Raises:
        Refused: One is missing; names it with its channel.
    """
    if interaction.guild_id is None:
        return
    where = called(interaction.channel)
    refuse_without(bot, interaction.app_permissions, "Kruzhok needs", where)
    refuse_without(member, interaction.permissions, "You need", where)


def require_in(
    channel: discord.abc.GuildChannel, member: discord.Member | discord.User, *, bot: Names, asker: Names
) -> None:
    """Make sure of permissions in a channel other than the one that an interaction is in.

    Raises:
        Refused: One is missing; names it with its channel.
    """
    refuse_without(bot, channel.permissions_for(channel.guild.me), "Kruzhok needs", called(channel))
    given = channel.permissions_for(member) if isinstance(member, discord.Member) else discord.Permissions.none()
    refuse_without(asker, given, "You need", called(channel))


def refuse_without(names: Names, given: discord.Permissions, who: str, where: str) -> None:
    """Refuse if any of these permissions is not given."""
    missing = [name for name in names if not getattr(given, name)]
    if missing:
        listed = ", ".join(f"“{named(name)}”" for name in missing)
        plural = "s" if len(missing) > 1 else ""
        raise Refused(f"{who} the permission{plural} {listed} in {where}. Whoever manages the server can give it.")


def called(channel: object) -> str:
    """Return how people call a channel."""
    name = getattr(channel, "name", None)
    return f"#{name}" if name else "this channel"
