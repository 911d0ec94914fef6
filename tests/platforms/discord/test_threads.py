"""A thread on a prompt: with the passage and its follow-ups, where bot and member may open one."""

from typing import Any

import discord
import pytest
import simcord

from bot.errors import UserError
from bot.platforms.discord import limits
from bot.platforms.discord.presses import NO_POLL
from bot.platforms.discord.threads import ALREADY, HAS_ONE, NO_THREADS
from tests.platforms.discord.circle import ALLOWED, Circle, answer, buttons, text

# Permissions as Discord's clients call them.
CALLED = {
    "create_public_threads": "Create Public Threads",
    "send_messages_in_threads": "Send Messages in Threads",
}


async def prompt(circle: Circle, **options: Any) -> simcord.ResponseMessage:
    """Ask for a prompt that has positions."""
    return await circle.ask("discuss", about="Cheka", kind="interpretive", **options)


async def test_a_thread_opens_on_the_prompt_with_passage_and_follow_ups(circle: Circle) -> None:
    message = await prompt(circle)
    told = await circle.press(message, "Start a thread")
    (thread,) = circle.threads()
    assert told.ephemeral
    assert f"<#{thread.id}>" in text(told)
    assert thread.id == message.id, "it hangs on the prompt"
    assert limits.length(thread.name or "") <= limits.THREAD_NAME
    (opening,) = thread.history()
    assert "> " in text(opening)
    assert "**Follow-ups**" in text(opening)
    assert "Start a thread" not in buttons(opening)
    assert "Poll" in buttons(opening)


async def test_a_private_prompt_opens_a_thread_of_its_own(circle: Circle) -> None:
    await circle.press(await prompt(circle, private=True), "Start a thread")
    (thread,) = circle.threads()
    assert thread.history()


async def test_a_prompt_has_one_thread(circle: Circle) -> None:
    message = await prompt(circle)
    await circle.press(message, "Start a thread")
    told = await circle.press(message, "Start a thread", by=circle.boris)
    assert told.ephemeral
    assert text(told) == HAS_ONE
    assert len(circle.threads()) == 1


async def test_a_thread_that_only_discord_knows_is_no_bug(circle: Circle) -> None:
    circle.env.inject_error("POST", "/channels/*/messages/*/threads", status=400, code=160004)
    assert text(await circle.press(await prompt(circle), "Start a thread")) == HAS_ONE


async def test_there_is_no_thread_in_a_thread(circle: Circle) -> None:
    await circle.press(await prompt(circle), "Start a thread")
    (thread,) = circle.threads()
    message = answer(await circle.anna.slash(thread, "discuss"))
    assert text(await circle.press(message, "Start a thread")) == ALREADY


async def test_a_thread_belongs_to_the_circle_of_its_channel(circle: Circle) -> None:
    await circle.press(await prompt(circle), "Start a thread")
    (thread,) = circle.threads()
    await circle.anna.slash(thread, "discuss")
    assert "sections given: 2" in text(await circle.ask("privacy show", by=circle.clara))


async def test_there_is_no_thread_in_a_direct_message(circle: Circle) -> None:
    message = answer(await circle.anna.user.slash("discuss"))
    assert "Start a thread" not in buttons(message)


async def test_a_voice_channel_has_no_threads(circle: Circle) -> None:
    voice = circle.guild.create_voice_channel("lounge")
    message = answer(await circle.anna.slash(voice, "discuss"))
    assert text(await circle.press(message, "Start a thread")) == NO_THREADS


@pytest.mark.parametrize("name", CALLED)
@pytest.mark.parametrize("whose", ["bot", "member"])
async def test_a_missing_permission_is_named_with_its_channel(circle: Circle, name: str, whose: str) -> None:
    target = circle.bot.user if whose == "bot" else circle.anna
    assert target is not None
    denied = discord.PermissionOverwrite(**{name: False})
    circle.channel = circle.guild.create_text_channel(
        "quiet", overwrites={circle.guild.default_role: ALLOWED, target: denied}
    )
    told = await circle.press(await prompt(circle), "Start a thread")
    assert told.ephemeral
    assert f"“{CALLED[name]}” in #quiet" in text(told)
    assert text(told).startswith("Kruzhok needs" if whose == "bot" else "You need")
    assert not circle.threads()


async def forum(circle: Circle) -> tuple[simcord.ChannelHandle, discord.Thread]:
    """Make a forum with tags and a post of the circle's."""
    handle = circle.guild.create_forum_channel("forum")
    channel = circle.bot.get_channel(handle.id)
    assert isinstance(channel, discord.ForumChannel)
    tags = [
        discord.ForumTag(name="news", moderated=True),
        discord.ForumTag(name="serge"),
        discord.ForumTag(name="else"),
    ]
    await channel.edit(available_tags=tags)
    await circle.env.settle()
    channel = circle.bot.get_channel(handle.id)
    assert isinstance(channel, discord.ForumChannel)
    own = [tag for tag in channel.available_tags if tag.name == "serge"]
    post = await channel.create_thread(name="Circle", content="Welcome.", applied_tags=own)
    await circle.env.settle()
    return handle, post.thread


async def test_in_a_forum_it_is_a_post_with_the_tags_of_the_circle(circle: Circle) -> None:
    handle, _ = await forum(circle)
    (post,) = handle.threads
    message = answer(await circle.anna.slash(post, "discuss", about="Cheka", kind="interpretive"))
    told = await circle.press(message, "Start a thread")
    opened = next(each for each in handle.threads if each.id != post.id)
    assert f"<#{opened.id}>" in text(told)
    thread = circle.bot.get_channel(opened.id)
    assert isinstance(thread, discord.Thread)
    assert [tag.name for tag in thread.applied_tags] == ["serge"]
    assert "Follow-ups" in text(opened.history()[0])


async def test_where_a_forum_demands_a_tag_and_the_circle_has_none_there_is_one(circle: Circle) -> None:
    handle, thread = await forum(circle)
    await thread.edit(applied_tags=[])
    await circle.env.settle()
    (post,) = handle.threads
    channel = circle.bot.get_channel(handle.id)
    assert isinstance(channel, discord.ForumChannel)
    channel._flags = discord.ChannelFlags(require_tag=True).value
    message = answer(await circle.anna.slash(post, "discuss", about="Cheka", kind="interpretive"))
    await circle.press(message, "Start a thread")
    opened = circle.bot.get_channel(next(each.id for each in handle.threads if each.id != post.id))
    assert isinstance(opened, discord.Thread)
    assert [tag.name for tag in opened.applied_tags] == ["serge"], "the first that members may use"


async def test_a_poll_asks_for_the_positions_in_a_message_of_its_own(circle: Circle) -> None:
    message = await prompt(circle)
    asked = await circle.press(message, "Poll", by=circle.boris)
    poll = asked.message.poll
    assert poll is not None
    assert not asked.ephemeral
    assert poll.question in text(message)
    assert len(poll.answers) == 2
    assert all(each.text in text(message) for each in poll.answers)
    assert all(limits.length(each.text) <= limits.POLL_ANSWER for each in poll.answers)


async def test_a_prompt_without_positions_has_no_poll(circle: Circle) -> None:
    message = await circle.ask("discuss", kind="factual")
    assert "Poll" not in buttons(message)


async def test_a_poll_needs_its_permission(circle: Circle) -> None:
    circle.channel = circle.guild.create_text_channel(
        "quiet", overwrites={circle.guild.default_role: discord.PermissionOverwrite(send_polls=False)}
    )
    told = await circle.press(await prompt(circle), "Poll")
    assert told.ephemeral
    assert "“Create Polls” in #quiet" in text(told)


async def test_an_announcement_channel_has_threads_of_its_own_kind(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    circle.channel = circle.guild.create_news_channel("news")
    await circle.press(await prompt(circle), "Start a thread")
    assert len(circle.threads()) == 1

    # Discord's simulation does not know such threads without a message.
    wanted: list[discord.ChannelType] = []

    async def create_thread(self: discord.TextChannel, *, name: str, type: discord.ChannelType) -> None:
        wanted.append(type)
        raise UserError(name)

    monkeypatch.setattr(discord.TextChannel, "create_thread", create_thread)
    await circle.press(await prompt(circle, private=True), "Start a thread")
    assert wanted == [discord.ChannelType.news_thread]


async def test_positions_that_have_changed_since_are_no_bug(circle: Circle, monkeypatch: pytest.MonkeyPatch) -> None:
    message = await prompt(circle)
    monkeypatch.setattr("bot.platforms.discord.presses.is_poll", lambda question, positions: False)
    told = await circle.press(message, "Poll")
    assert told.ephemeral
    assert text(told) == NO_POLL.replace("/discuss", f"</discuss:{circle.bot.mentions['discuss']}>")
