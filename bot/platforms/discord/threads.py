"""Opens a thread on a prompt, or in a forum a post: with the passage, the question and its follow-ups."""

import discord

from bot.characters import one_line
from bot.errors import Refused, UserError
from bot.platforms.discord import limits
from bot.platforms.discord.buttons import Pages, buttons
from bot.platforms.discord.interaction import Interaction, server
from bot.platforms.discord.permissions import FORUM, THREAD, require, require_in
from bot.platforms.discord.render import View, parts, view
from bot.platforms.discord.respond import Answer, answering, defer, in_time, send, show
from bot.reading import Prompt
from bot.reply import Question, Reply

NO_THREADS = "There are no threads here. In a text channel of a server there are."
NOT_A_MEMBER = (
    "Kruzhok is not a member of this server, and can only answer here. Whoever manages the server can invite it."
)
ALREADY = "This is a thread already: discuss it right here."
HAS_ONE = "There is a thread on this message already: go on there."
_HAS_A_THREAD = 160004  # Discord's code

Threaded = discord.TextChannel | discord.ForumChannel


def place_for_thread(interaction: Interaction) -> Threaded:
    """Return the channel in which a thread would be, where bot and member may open one.

    Raises:
        Refused: There can be none here, or a permission is missing.
    """
    channel = interaction.channel
    if interaction.guild_id is None:
        raise Refused(NO_THREADS)
    if server(interaction) is None:
        raise Refused(NOT_A_MEMBER)
    if isinstance(channel, discord.Thread):
        if not isinstance(channel.parent, discord.ForumChannel):
            raise Refused(ALREADY)
        require_in(channel.parent, interaction.user, bot=FORUM, asker=FORUM)
        return channel.parent
    if not isinstance(channel, discord.TextChannel):
        raise Refused(NO_THREADS)
    require(interaction, bot=THREAD, member=THREAD)
    return channel


async def discuss_message(interaction: Interaction, answer: Answer, message: discord.Message) -> None:
    """Open a thread on a message, with the prompt of a reply; in direct messages, which have no threads, just reply.

    Args:
        answer: The feature's reply, not yet awaited; it is asked only where a thread may be opened.
    """
    async with answering(interaction):
        try:
            if interaction.guild_id is not None:
                place_for_thread(interaction)
        except Refused:
            answer.close()
            raise
        reply = await in_time(interaction, answer, private=interaction.guild_id is not None)
        prompt = next((piece.prompt for piece in reply.pieces if isinstance(piece, Question)), None)
        if prompt is None or interaction.guild_id is None:
            await show(interaction, reply, private=interaction.guild_id is not None)
        else:
            await open_thread(interaction, prompt, message)


async def open_thread(interaction: Interaction, prompt: Prompt, message: discord.Message | None) -> None:
    """Open a thread on a prompt, and tell whoever asked where it is.

    Args:
        message: What the thread hangs on, if anything.

    Raises:
        UserError: It cannot be opened; says why.
    """
    place = place_for_thread(interaction)
    await defer(interaction, private=True)
    first, *others = await _openings(interaction, prompt)
    name = limits.fit(one_line(prompt.question), limits.THREAD_NAME)
    if isinstance(place, discord.ForumChannel):
        thread = (await place.create_thread(name=name, view=first, applied_tags=_tags(interaction, place))).thread
    else:
        thread = await _thread(place, name, message)
        await thread.send(view=first)
    for further in others:
        await thread.send(view=further)
    await send(interaction, view((f"The thread is open: {thread.mention}",)), private=True)


async def _thread(place: discord.TextChannel, name: str, message: discord.Message | None) -> discord.Thread:
    if message is None:
        kind = discord.ChannelType.news_thread if place.is_news() else discord.ChannelType.public_thread
        return await place.create_thread(name=name, type=kind)
    if place.get_thread(message.id):
        raise UserError(HAS_ONE)
    try:
        return await message.create_thread(name=name)
    except discord.HTTPException as error:
        if error.code == _HAS_A_THREAD:
            raise UserError(HAS_ONE) from error
        raise


async def _openings(interaction: Interaction, prompt: Prompt) -> list[View]:
    reply = Reply(f"{prompt.passage.section}. {prompt.passage.heading}", (Question(prompt),))
    made = await buttons(interaction, reply, Pages("", 1, 1, interaction.user.id), private=False, in_thread=True)
    divided = parts(reply, {})
    return [view(texts, made if number == len(divided) else ()) for number, texts in enumerate(divided, 1)]


def _tags(interaction: Interaction, forum: discord.ForumChannel) -> list[discord.ForumTag]:
    """Return the tags of the circle: those of the post it talks in; where a tag is required and there is none, one."""
    own = interaction.channel.applied_tags if isinstance(interaction.channel, discord.Thread) else []
    if own or not forum.flags.require_tag:
        return own[: limits.POST_TAGS]
    return [tag for tag in forum.available_tags if not tag.moderated][:1]
