"""Posts in forums: their names, their tags, and how they are found again."""

from dataclasses import replace
from datetime import timedelta

import discord

from tests.platforms.discord.circle import Circle
from tests.platforms.discord.places import KEY, LONG_AGO, about, denied, forum, platform, post, refusal, sent, target


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
