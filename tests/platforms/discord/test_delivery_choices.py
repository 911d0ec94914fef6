"""What moderators may choose for posts: channels, roles and tags, by whatever name they are typed."""

from dataclasses import replace
from typing import Any

import discord
import pytest

from bot.caller import Caller
from bot.errors import Refused, UserError
from tests.platforms.discord.circle import Circle
from tests.platforms.discord.places import denied, forum, made_thread, platform, target


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
