"""Delivery to Discord: posts land once where they should, and each refusal says what moderators can do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest
import simcord

from bot.caller import Caller
from bot.errors import DeliveryFailed, Refused, UserError
from bot.platforms.discord import limits
from bot.platforms.discord.delivery import DiscordPlatform
from bot.platforms.discord.refusals import (
    ARCHIVED,
    AUTO_MODERATION,
    GONE,
    MISTAKE,
    NO_DIRECT_MESSAGES,
    NO_TOKEN,
    REMOVED,
    TOO_MANY_THREADS,
)
from bot.platforms.discord.rest import BUSY, UNWELL
from bot.posting import Post, Receipt, Target
from bot.reading import Prompt
from bot.reply import Action, Prose, Question, Reply
from tests.platforms.discord.circle import Circle, buttons, text
from tests.platforms.discord.test_render import quotation

KEY = "kQ9_-aZ01234"
HOSTILE = "@everyone @here <@1> <@&2> [masked](https://x.org) https://x.org # big"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def post(words: str = "Words.", subject: str = "Why?") -> Post:
    asked = Prompt("id", "Why?", "evaluative", "core", 20, quotation(words), ("And then?",), ("Yes", "No"))
    return Post(Reply("1. Heading", (Question(asked),), actions=(Action("Another", "quote Cheka"),)), subject)


def platform(circle: Circle) -> DiscordPlatform:
    return DiscordPlatform(circle.bot)


def about(subject: str) -> Post:
    """Return a post whose thread is called like that."""
    return Post(Reply(""), subject)


def target(circle: Circle, channel: Any = None, **more: Any) -> Target:
    """Return the circle's channel, or another, as the place for posts."""
    where = (channel or circle.channel).id
    return Target(f"discord:{circle.channel.id}", f"discord:server:{circle.guild.id}", str(where), **more)


def sent(circle: Circle, method: str, ending: str) -> list[Any]:
    """Return the bodies of the requests that the bot sent."""
    return [each.json for each in circle.env.http_requests if each.method == method and each.path.endswith(ending)]


async def denied(circle: Circle, channel: Any, *names: str) -> None:
    """Take permissions from the bot in a channel."""
    assert circle.bot.user is not None
    deny = discord.Permissions(**dict.fromkeys(names, True)).value
    overwrite = simcord.backend.models.Overwrite(circle.bot.user.id, simcord.enums.OverwriteType.MEMBER, 0, deny)
    circle.env.backend.set_overwrite(channel.id, overwrite)
    await circle.env.settle()


async def refusal(work: Any) -> DeliveryFailed:
    """Return how a delivery failed; nothing else may come of it."""
    with pytest.raises(DeliveryFailed) as raised:
        await work
    assert not str(raised.value).endswith(".")
    return raised.value


async def forum(circle: Circle, *tags: discord.ForumTag, demands: bool = False) -> discord.ForumChannel:
    handle = circle.guild.create_forum_channel("forum")
    channel = circle.bot.get_channel(handle.id)
    assert isinstance(channel, discord.ForumChannel)
    await channel.edit(available_tags=tags)
    await circle.env.settle()
    found = circle.bot.get_channel(handle.id)
    assert isinstance(found, discord.ForumChannel)
    # Discord's simulation does not know the flag.
    found._flags = discord.ChannelFlags(require_tag=demands).value
    return found


# Posting.


async def test_a_post_is_a_plain_message_with_buttons_that_work(circle: Circle) -> None:
    receipt = await platform(circle).post(target(circle), post(), KEY)
    (message,) = circle.posted()
    assert message.content.startswith("**1. Heading**\n> Words.")
    assert not message.flags.components_v2
    assert receipt == Receipt(
        str(circle.channel.id),
        str(message.id),
        f"https://discord.com/channels/{circle.guild.id}/{circle.channel.id}/{message.id}",
    )
    assert buttons(message)["Another"] == f"k1={KEY}:quote Cheka"
    await circle.restart()
    assert "Cheka" in text(await circle.press(message, "Another"))


async def test_a_post_carries_its_key_as_a_nonce_that_is_enforced(circle: Circle) -> None:
    await platform(circle).post(target(circle), post(), KEY)
    (body,) = sent(circle, "POST", f"/channels/{circle.channel.id}/messages")
    assert (body["nonce"], body["enforce_nonce"]) == (KEY, True)


async def test_exactly_one_role_is_mentioned_and_hostile_words_mention_nobody(circle: Circle) -> None:
    role = circle.guild.create_role("readers", mentionable=True)
    circle.guild.create_role("others", mentionable=True)
    words = f"{HOSTILE} {circle.anna.user.mention} {circle.guild.roles['others'].mention}"
    await platform(circle).post(target(circle, role=str(role.id)), post(words), KEY)
    stored = next(iter(circle.env.backend.messages[circle.channel.id].values()))
    assert (stored.ping_role_ids, stored.ping_user_ids, stored.mention_everyone) == ([role.id], [], False)
    assert stored.content.startswith(f"<@&{role.id}> **")
    assert "https\\://x.org" in stored.content
    assert "\\[masked\\]" in stored.content
    await platform(circle).post(target(circle), post(words), "other")
    stored = list(circle.env.backend.messages[circle.channel.id].values())[1]
    assert (stored.ping_role_ids, stored.ping_user_ids, stored.mention_everyone) == ([], [], False)


async def test_a_long_line_of_a_button_works_after_a_restart(circle: Circle) -> None:
    line = "quote " + "Cheka terror and the secret hearings of the political police instead of public tribunals " * 2
    long = Post(Reply("Title", (Prose("Words."),), actions=(Action("Another", line),)))
    await platform(circle).post(target(circle), long, KEY)
    (message,) = circle.posted()
    assert buttons(message)["Another"].startswith(f"k1={KEY}#")
    await circle.restart()
    assert "¶" in text(await circle.press(message, "Another"))
    assert await platform(circle).find(target(circle), KEY, LONG_AGO)


async def test_all_of_a_shortened_prompt_is_shown_to_the_one_who_presses(circle: Circle) -> None:
    prompt = (await circle.app.library.study("price-serge")).prompts[0]
    long = replace(prompt, passage=quotation("A sentence of many. " * 200))
    shortened = Post(Reply("Title", (Question(long),)), "Why?")
    asked = replace(shortened, reply=Reply("Title", (Question(_of_reading(long)),)))
    await platform(circle).post(target(circle), asked, KEY)
    (message,) = circle.posted()
    told = await circle.press(message, "All of it", by=circle.boris)
    assert told.ephemeral
    assert prompt.question in text(told).replace("\\", "")
    assert all(each in text(told).replace("\\", "") for each in prompt.follow_ups)


def _of_reading(prompt: Prompt) -> Prompt:
    address = replace(prompt.passage.address, reading="price-serge")
    return replace(prompt, passage=replace(prompt.passage, address=address))


@pytest.mark.parametrize("kind", ["voice", "stage", "news"])
async def test_posts_go_to_every_kind_of_channel_with_a_chat(circle: Circle, kind: str) -> None:
    channel = getattr(circle.guild, f"create_{kind}_channel")("lounge")
    here = target(circle, channel)
    receipt = await platform(circle).post(here, post(), KEY)
    assert len(channel.history()) == 1
    assert await platform(circle).find(here, KEY, LONG_AGO) == receipt
    thread = await platform(circle).open_thread(here, receipt, about("Why?"))
    assert thread == (receipt.message if kind == "news" else "")
    assert await platform(circle).missing(here) == []


async def test_posts_go_to_a_direct_message(circle: Circle) -> None:
    channel = circle.anna.user.dm_channel
    here = Target(f"discord:{channel.id}", "", str(channel.id))
    receipt = await platform(circle).post(here, post(), KEY)
    assert receipt.link == f"https://discord.com/channels/@me/{channel.id}/{receipt.message}"
    (message,) = channel.history()
    assert "Start a thread" not in buttons(message)
    assert await platform(circle).find(here, KEY, LONG_AGO) == receipt
    assert await platform(circle).open_thread(here, receipt, about("Why?")) == ""
    assert await platform(circle).missing(here) == []
    assert await platform(circle).report(here) == [("post here", True)]


async def test_a_category_takes_no_posts(circle: Circle) -> None:
    here = target(circle, circle.guild.create_category("texts"))
    error = await refusal(platform(circle).post(here, post(), KEY))
    assert error.is_certain
    assert str(error) == "#texts takes no posts. Choose a text channel, a forum or a thread with /config channel"
    assert await platform(circle).missing(here) == [f"{error}."]


# Threads.


async def test_the_thread_of_a_post_is_opened_once(circle: Circle) -> None:
    here = target(circle)
    receipt = await platform(circle).post(here, post(), KEY)
    thread = await platform(circle).open_thread(here, receipt, about("Why\nso? " * 40))
    (opened,) = circle.threads()
    assert thread == str(opened.id) == receipt.message
    assert limits.length(opened.name or "") <= limits.THREAD_NAME
    assert (opened.name or "").startswith("Why so? Why so?")
    circle.env.inject_error("POST", "/channels/*/messages/*/threads", status=400, code=160004)
    assert await platform(circle).open_thread(here, receipt, about("Why?")) == thread
    requests = len(circle.env.http_requests)
    assert await platform(circle).open_thread(here, replace(receipt, thread=thread), about("Why?")) == thread
    assert await platform(circle).open_thread(here, receipt, about("")) == ""
    assert len(circle.env.http_requests) == requests


async def test_a_post_that_was_deleted_gets_no_thread(circle: Circle) -> None:
    receipt = await platform(circle).post(target(circle), post(), KEY)
    circle.env.backend.delete_message(circle.channel.id, int(receipt.message))
    assert await platform(circle).open_thread(target(circle), receipt, about("Why?")) == ""


async def made_thread(circle: Circle) -> simcord.ChannelHandle:
    receipt = await platform(circle).post(target(circle), post(), "first")
    await platform(circle).open_thread(target(circle), receipt, about("Meeting"))
    (thread,) = circle.threads()
    return thread


async def test_in_a_thread_posts_get_no_further_thread(circle: Circle) -> None:
    here = target(circle, await made_thread(circle))
    receipt = await platform(circle).post(here, post(), KEY)
    assert await platform(circle).open_thread(here, receipt, about("Why?")) == here.channel
    assert await platform(circle).find(here, KEY, LONG_AGO) == receipt
    assert await platform(circle).missing(here) == []


async def test_an_archived_thread_is_opened_again(circle: Circle) -> None:
    thread = await made_thread(circle)
    circle.env.backend.edit_channel(thread.id, {}, thread_metadata={"archived": True})
    await circle.env.settle()
    here = target(circle, thread)
    assert await platform(circle).missing(here) == []
    assert (await platform(circle).post(here, post(), KEY)).message
    assert sent(circle, "PATCH", f"/channels/{thread.id}") == [{"archived": False}]
    assert not circle.env.backend.get_channel(thread.id).thread_metadata.archived  # type: ignore[union-attr]


@pytest.mark.parametrize("archived", [True, False])
async def test_a_locked_thread_is_said(circle: Circle, archived: bool) -> None:
    thread = await made_thread(circle)
    circle.env.backend.edit_channel(thread.id, {}, thread_metadata={"locked": True, "archived": archived})
    await circle.env.settle()
    error = await refusal(platform(circle).post(target(circle, thread), post(), KEY))
    assert error.is_certain
    assert str(error) == ("The thread #Meeting is locked; unlock it, or choose another place with /config channel")
    assert await platform(circle).missing(target(circle, thread)) == [f"{error}."]
    assert len(thread.history()) == 0


# Forums.


async def test_in_a_forum_a_post_has_its_subject_for_a_name_and_its_tag(circle: Circle) -> None:
    channel = await forum(circle, discord.ForumTag(name="news"), discord.ForumTag(name="serge"))
    here = target(circle, channel, tag=str(channel.available_tags[1].id))
    receipt = await platform(circle).post(here, post(subject="Why so?"), KEY)
    opened = circle.bot.get_channel(int(receipt.channel))
    assert isinstance(opened, discord.Thread)
    assert (opened.name, [tag.name for tag in opened.applied_tags]) == ("Why so?", ["serge"])
    assert receipt.thread == receipt.channel
    assert receipt.link.endswith(f"/{circle.guild.id}/{opened.id}/{receipt.message}")
    assert await platform(circle).open_thread(here, receipt, about("Why?")) == receipt.thread
    (body,) = sent(circle, "POST", f"/channels/{channel.id}/threads")[-1:]
    assert "nonce" not in body["message"]
    untitled = await platform(circle).post(here, post(subject=""), "other")
    named = circle.bot.get_channel(int(untitled.channel))
    assert isinstance(named, discord.Thread)
    assert named.name == "1. Heading"


async def test_where_a_tag_is_demanded_and_none_chosen_the_first_that_anyone_may_use_is_taken(circle: Circle) -> None:
    channel = await forum(
        circle, discord.ForumTag(name="rules", moderated=True), discord.ForumTag(name="serge"), demands=True
    )
    receipt = await platform(circle).post(target(circle, channel), post(), KEY)
    opened = circle.bot.get_channel(int(receipt.channel))
    assert isinstance(opened, discord.Thread)
    assert [tag.name for tag in opened.applied_tags] == ["serge"]


async def test_what_is_wrong_with_a_tag_is_said(circle: Circle) -> None:
    channel = await forum(circle, discord.ForumTag(name="rules", moderated=True), demands=True)
    here = target(circle, channel)
    error = await refusal(platform(circle).post(here, post(), KEY))
    assert error.is_certain
    assert str(error) == (
        "#forum demands a tag, and has none that Kruzhok may use. Add one that is not only for moderators"
    )
    assert await platform(circle).missing(here) == [f"{error}."]
    gone = replace(here, tag="123456789012345678")
    error = await refusal(platform(circle).post(gone, post(), KEY))
    assert str(error) == "The tag for posts is gone. Choose another, or none, with /config tag"
    await denied(circle, channel, "manage_threads")
    kept = replace(here, tag=str(channel.available_tags[0].id))
    channel = circle.bot.get_channel(channel.id)  # type: ignore[assignment]
    channel._flags = discord.ChannelFlags(require_tag=True).value
    error = await refusal(platform(circle).post(kept, post(), KEY))
    assert "“rules” is only for moderators" in str(error)
    assert "“Manage Threads” in #forum" in str(error)
    assert await platform(circle).missing(kept) == [f"{error}."]
    assert (f"a tag in {'#forum'}", False) in await platform(circle).report(kept)
    assert not sent(circle, "POST", "/threads")


async def test_a_forum_post_is_found_again_also_when_it_was_archived(circle: Circle) -> None:
    channel = await forum(circle)
    here = target(circle, channel)
    receipts = [await platform(circle).post(here, post(), f"key-{number}") for number in range(3)]
    circle.env.backend.edit_channel(int(receipts[1].channel), {}, thread_metadata={"archived": True})
    circle.env.backend.delete_message(int(receipts[2].channel), int(receipts[2].message))
    await circle.restart()
    assert await platform(circle).find(here, "key-0", LONG_AGO) == receipts[0]
    assert await platform(circle).find(here, "key-1", LONG_AGO) == receipts[1]
    assert await platform(circle).find(here, "key-2", LONG_AGO) is None
    assert await platform(circle).find(here, "key", LONG_AGO) is None
    assert await platform(circle).find(here, "key-0", circle.env.now() + timedelta(hours=1)) is None


# Looking.


async def test_a_post_is_found_by_its_key_after_a_restart_and_nothing_else_is(circle: Circle) -> None:
    here = target(circle)
    before = circle.env.now()
    receipt = await platform(circle).post(here, post(), KEY)
    await platform(circle).post(here, post(), f"{KEY}x")
    await circle.restart()
    assert await platform(circle).find(here, KEY, before) == receipt
    assert await platform(circle).find(here, KEY[:-1], before) is None
    assert await platform(circle).find(here, KEY, circle.env.now() + timedelta(hours=1)) is None


@pytest.mark.parametrize("name", ["read_message_history", "view_channel"])
async def test_looking_is_refused_where_messages_cannot_be_read(circle: Circle, name: str) -> None:
    await platform(circle).post(target(circle), post(), KEY)
    await denied(circle, circle.channel, name)
    error = await refusal(platform(circle).find(target(circle), KEY, LONG_AGO))
    assert not error.is_certain
    called = {"read_message_history": "Read Message History", "view_channel": "View Channel"}[name]
    assert str(error) == (f"Kruzhok needs the permission “{called}” in #circle; whoever manages the server can give it")


# Refusals.

PERMISSIONS = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "read_message_history": "Read Message History",
    "create_public_threads": "Create Public Threads",
    "send_messages_in_threads": "Send Messages in Threads",
}


@pytest.mark.parametrize("name", PERMISSIONS)
async def test_a_missing_permission_is_named_with_its_channel(circle: Circle, name: str) -> None:
    assert await platform(circle).missing(target(circle)) == []
    await denied(circle, circle.channel, name)
    (said,) = await platform(circle).missing(target(circle))
    assert said.startswith(f"Kruzhok needs the permission “{PERMISSIONS[name]}” in #circle to ")
    found = dict(await platform(circle).report(target(circle)))
    assert next(called for called, can in found.items() if not can).startswith(f"{PERMISSIONS[name]} in #circle, ")
    assert await platform(circle).missing(target(circle, threads=False)) == ([] if "threads" in name else [said])


@pytest.mark.parametrize("name", ["view_channel", "send_messages"])
async def test_a_permission_that_was_lost_is_named(circle: Circle, name: str) -> None:
    await denied(circle, circle.channel, name)
    circle.env.inject_error("POST", "/channels/*/messages", status=403, code=50013)
    error = await refusal(platform(circle).post(target(circle, threads=False), post(), KEY))
    assert error.is_certain
    assert f"“{PERMISSIONS[name]}”" in str(error)
    assert str(error).endswith("in #circle; whoever manages the server can give it")
    assert not circle.posted()


async def test_a_thread_that_may_not_be_opened_names_its_permission(circle: Circle) -> None:
    receipt = await platform(circle).post(target(circle), post(), KEY)
    await denied(circle, circle.channel, "create_public_threads")
    error = await refusal(platform(circle).open_thread(target(circle), receipt, about("Why?")))
    assert error.is_certain
    assert str(error) == (
        "Kruzhok needs the permission “Create Public Threads” in #circle; whoever manages the server can give it"
    )


async def test_a_refusal_that_the_cache_does_not_explain_names_all_that_is_needed(circle: Circle) -> None:
    circle.env.inject_error("POST", "/channels/*/messages", status=403, code=50013)
    error = await refusal(platform(circle).post(target(circle, threads=False), post(), KEY))
    assert str(error) == (
        "Kruzhok needs the permissions “View Channel”, “Send Messages”, “Read Message History” in #circle, and lacks "
        "at least one of them; whoever manages the server can give it"
    )


async def test_forums_and_voice_have_permissions_of_their_own(circle: Circle) -> None:
    channel = await forum(circle)
    await denied(circle, channel, "send_messages", "send_messages_in_threads")
    said = " ".join(await platform(circle).missing(target(circle, channel)))
    assert "“Create Posts” in #forum" in said
    assert "“Send Messages in Posts” in #forum" in said
    assert "Create Public Threads" not in said
    lounge = circle.guild.create_voice_channel("lounge")
    await denied(circle, lounge, "connect")
    assert any("“Connect” in #lounge" in each for each in await platform(circle).missing(target(circle, lounge)))


async def test_a_channel_that_is_gone_is_said(circle: Circle) -> None:
    receipt = await platform(circle).post(target(circle), post(), KEY)
    here = target(circle)
    circle.env.backend.delete_channel(circle.channel.id)
    await circle.env.settle()
    for work in (
        platform(circle).post(here, post(), KEY),
        platform(circle).find(here, KEY, LONG_AGO),
        platform(circle).open_thread(here, receipt, about("Why?")),
    ):
        error = await refusal(work)
        assert (str(error), error.is_certain) == (GONE, True)
    assert await platform(circle).missing(here) == [f"The{GONE.removeprefix('the')}."]
    assert await platform(circle).report(here) == [(GONE, False)]
    assert platform(circle).called("channel", here.channel, here.server) == "a channel that is gone"


async def test_a_server_that_the_bot_was_removed_from_is_said(circle: Circle) -> None:
    here = target(circle)
    assert circle.bot.user is not None
    circle.env.backend.emit("GUILD_DELETE", {"id": str(circle.guild.id)})
    await circle.env.settle()
    circle.env.inject_error("GET", "/channels/*", status=403, code=50001, times=None)
    circle.env.inject_error("GET", "/guilds/*", status=404, code=10004, times=None)
    error = await refusal(platform(circle).post(here, post(), KEY))
    assert (str(error), error.is_certain) == (REMOVED, True)
    error = await refusal(platform(circle).find(here, KEY, LONG_AGO))
    assert str(error) == REMOVED
    assert await platform(circle).missing(here) == [f"{REMOVED}."]


async def test_a_server_that_the_gateway_has_not_told_of_yet_is_posted_to_but_not_searched(circle: Circle) -> None:
    here = target(circle)
    circle.env.backend.emit("GUILD_DELETE", {"id": str(circle.guild.id)})
    await circle.env.settle()
    assert (await platform(circle).post(here, post(), KEY)).message
    error = await refusal(platform(circle).find(here, KEY, LONG_AGO))
    assert "not connected to this server" in str(error)
    assert not error.is_certain


async def test_a_channel_of_another_server_is_not_this_ones(circle: Circle) -> None:
    other = circle.env.create_guild("Others").create_text_channel("secret")
    await circle.env.settle()
    error = await refusal(platform(circle).post(target(circle, other), post(), KEY))
    assert (str(error), error.is_certain) == (GONE, True)
    assert not other.history()


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (403, 50007, NO_DIRECT_MESSAGES),
        (400, 200000, AUTO_MODERATION),
        (400, 160006, TOO_MANY_THREADS),
        (400, 50083, ARCHIVED.format(where="#circle")),
        (
            400,
            40067,
            "#circle demands a tag, and has none that Kruzhok may use. Add one that is not only for moderators",
        ),
        (400, 160005, "The thread #circle is locked; unlock it, or choose another place with /config channel"),
        (401, 0, NO_TOKEN),
        (404, 10003, GONE),
        (429, 0, BUSY),
    ],
)
async def test_what_discord_refuses_was_certainly_not_posted(
    circle: Circle, status: int, code: int, sentence: str
) -> None:
    circle.env.inject_error("POST", "/channels/*/messages", status=status, code=code)
    error = await refusal(platform(circle).post(target(circle), post(), KEY))
    assert (str(error), error.is_certain) == (sentence, True)
    assert not circle.posted()


@pytest.mark.goes_wrong
async def test_a_message_that_discord_does_not_take_is_a_bug_that_is_logged(
    circle: Circle, caplog: pytest.LogCaptureFixture
) -> None:
    circle.env.inject_error("POST", "/channels/*/messages", status=400, code=50035, message="Must be 2000 or fewer")
    error = await refusal(platform(circle).post(target(circle), post(), KEY))
    assert (str(error), error.is_certain) == (MISTAKE, True)
    assert "Must be 2000 or fewer" in caplog.text


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_where_discord_fails_it_is_not_certain_that_nothing_was_posted(circle: Circle, status: int) -> None:
    circle.env.inject_error("POST", "/channels/*/messages", status=status)
    error = await refusal(platform(circle).post(target(circle), post(), KEY))
    assert (str(error), error.is_certain) == (UNWELL, False)


# What moderators name.


def moderator(circle: Circle, who: Any = None, **more: Any) -> Caller:
    return Caller(
        user=f"discord:{(who or circle.clara).id}",
        group=f"discord:{circle.channel.id}",
        is_moderator=True,
        **{"server": f"discord:server:{circle.guild.id}"} | more,
    )


async def test_a_channel_is_named_in_every_way(circle: Circle) -> None:
    thread = await made_thread(circle)
    number = circle.channel.id
    for typed in (f"<#{number}>", str(number), "#circle", "circle", " Circle "):
        found = await platform(circle).resolve("channel", moderator(circle), typed)
        assert (found.number, found.name) == (str(number), "#circle")
    for typed in (f"<#{thread.id}>", "Meeting"):
        found = await platform(circle).resolve("channel", moderator(circle), typed)
        assert (found.number, found.name) == (str(thread.id), "#Meeting")
    circle.env.backend.edit_channel(thread.id, {}, thread_metadata={"archived": True})
    await circle.env.settle()
    found = await platform(circle).resolve("channel", moderator(circle), str(thread.id))
    assert found.number == str(thread.id)


async def test_what_is_not_there_or_twice_is_said(circle: Circle) -> None:
    twins = [circle.guild.create_text_channel("twin") for _ in range(2)]
    circle.guild.create_category("texts")
    with pytest.raises(UserError, match="There are 2 channels called “twin”") as raised:
        await platform(circle).resolve("channel", moderator(circle), "#twin")
    assert all(str(twin.id) in str(raised.value) for twin in twins)
    for typed in ("nowhere", "texts", "123456789012345678", "<#123456789012345678>", "", "@everyone"):
        with pytest.raises(UserError, match="There is no channel"):
            await platform(circle).resolve("channel", moderator(circle), typed)
    with pytest.raises(UserError, match="in a server only"):
        await platform(circle).resolve("channel", moderator(circle, server=""), "circle")
    other = circle.env.create_guild("Others").create_text_channel("secret")
    await circle.env.settle()
    with pytest.raises(UserError, match="There is no channel"):
        await platform(circle).resolve("channel", moderator(circle), str(other.id))


async def test_moderators_may_choose_only_channels_that_they_see_and_write_in(circle: Circle) -> None:
    hidden = discord.PermissionOverwrite(view_channel=False)
    silent = discord.PermissionOverwrite(send_messages=False)
    circle.guild.create_text_channel("hidden", overwrites={circle.guild.default_role: hidden})
    circle.guild.create_text_channel("silent", overwrites={circle.guild.default_role: silent})
    await circle.env.settle()
    with pytest.raises(Refused, match="that you can see, and “hidden”"):
        await platform(circle).resolve("channel", moderator(circle), "hidden")
    with pytest.raises(Refused, match="that you can write in, and #silent"):
        await platform(circle).resolve("channel", moderator(circle), "silent")
    boss = moderator(circle, circle.guild.owner)
    assert (await platform(circle).resolve("channel", boss, "hidden")).name == "#hidden"
    stranger = moderator(circle, circle.env.create_user("stranger"))
    with pytest.raises(Refused, match="no member"):
        await platform(circle).resolve("channel", stranger, "circle")


async def test_a_role_is_any_but_that_of_everybody(circle: Circle) -> None:
    role = circle.guild.create_role("readers")
    await circle.env.settle()
    for typed in (role.mention, str(role.id), "@readers", "readers", "Readers"):
        found = await platform(circle).resolve("role", moderator(circle), typed)
        assert (found.number, found.name) == (str(role.id), "@readers")
    with pytest.raises(UserError, match="@everyone is no role that can be chosen"):
        await platform(circle).resolve("role", moderator(circle), "@everyone")
    with pytest.raises(UserError, match="There is no role “writers” here"):
        await platform(circle).resolve("role", moderator(circle), "writers")


async def test_a_moderator_may_choose_only_a_role_that_they_may_mention(circle: Circle) -> None:
    readers = circle.guild.create_role("readers", mentionable=True)
    circle.guild.create_role("staff")
    await circle.env.settle()
    found = await platform(circle).resolve("mention", moderator(circle), "readers")
    assert found.number == str(readers.id)
    with pytest.raises(Refused, match="You may not mention @staff here"):
        await platform(circle).resolve("mention", moderator(circle), "staff")
    with pytest.raises(Refused, match="Only those may choose @everyone"):
        await platform(circle).resolve("mention", moderator(circle), "@everyone")
    boss = moderator(circle, circle.guild.owner)
    assert (await platform(circle).resolve("mention", boss, "staff")).name == "@staff"
    assert (await platform(circle).resolve("mention", boss, "@everyone")).number == str(circle.guild.id)


async def test_the_bot_must_be_able_to_mention_the_role_itself(circle: Circle) -> None:
    role = circle.guild.create_role("staff")
    here = target(circle, role=str(role.id))
    await circle.env.settle()
    assert await platform(circle).missing(here) == []
    await denied(circle, circle.channel, "mention_everyone")
    (said,) = await platform(circle).missing(here)
    assert said.startswith("Kruzhok may not mention @staff in #circle.")
    assert ("mention @staff in #circle", False) in await platform(circle).report(here)
    gone = replace(here, role="123456789012345678")
    assert await platform(circle).missing(gone) == [
        "The role to mention is gone. Choose another, or none, with /config mention."
    ]
    assert platform(circle).called("mention", gone.role, here.server) == "a role that is gone"


async def test_a_tag_is_one_of_the_forums(circle: Circle) -> None:
    channel = await forum(circle, discord.ForumTag(name="rules", moderated=True), discord.ForumTag(name="serge"))
    tag = channel.available_tags[1]
    for typed in (str(tag.id), "serge", "Serge"):
        found = await platform(circle).resolve("tag", moderator(circle), typed, str(channel.id))
        assert (found.number, found.name) == (str(tag.id), "serge")
    with pytest.raises(UserError, match="There is no tag “trotsky” here"):
        await platform(circle).resolve("tag", moderator(circle), "trotsky", str(channel.id))
    for other in (str(circle.channel.id), "", "here"):
        with pytest.raises(UserError, match="Tags are for forums"):
            await platform(circle).resolve("tag", moderator(circle), "serge", other)
    assert (await platform(circle).resolve("tag", moderator(circle), "rules", str(channel.id))).name == "rules"
    await denied(circle, channel, "manage_threads")
    with pytest.raises(UserError, match="“rules” is only for moderators"):
        await platform(circle).resolve("tag", moderator(circle), "rules", str(channel.id))


async def test_numbers_are_called_as_people_call_them(circle: Circle) -> None:
    role = circle.guild.create_role("readers")
    channel = await forum(circle, discord.ForumTag(name="serge"))
    server = target(circle).server
    named = platform(circle).called
    assert named("channel", str(circle.channel.id), server) == "#circle"
    assert named("role", str(role.id), server) == named("mention", str(role.id), server) == "@readers"
    assert named("mention", str(circle.guild.id), server) == "@everyone"
    assert named("tag", str(channel.available_tags[0].id), server) == "serge"
    assert named("tag", "1", server) == "a tag that is gone"
    assert named("channel", "x", "") == "a channel that is gone"


async def test_the_report_names_everything_that_is_needed_and_polls(circle: Circle) -> None:
    found = await platform(circle).report(target(circle, role=str(circle.guild.id)))
    names = [called.split(" in #circle")[0] for called, _ in found]
    assert set(names) == {*PERMISSIONS.values(), "Create Polls", "mention @everyone"}
    assert all(can for _, can in found)
