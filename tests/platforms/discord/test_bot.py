"""What the bot is on Discord: its intents, its commands, its welcome."""

from pathlib import Path
from typing import Any

import discord
import pytest
import simcord

from bot.platforms.discord import limits
from bot.platforms.discord.bot import COGS, KruzhokBot
from bot.platforms.discord.invite import server_link, user_link
from bot.platforms.discord.permissions import ALL
from bot.platforms.discord.sync import sync
from tests.platforms.discord.circle import Circle, discord_with, opened, text


async def test_no_privileged_intent_is_asked_for(circle: Circle) -> None:
    assert circle.bot.intents == discord.Intents(guilds=True)


async def test_nobody_is_pinged(circle: Circle) -> None:
    await circle.ask("quote", words="@everyone Cheka <@1> **x**")
    sent = [each.json or {} for each in circle.env.http_requests if each.path.endswith("/callback")]
    assert all(each["data"]["allowed_mentions"] == {"parse": []} for each in sent)


def test_every_cog_is_loaded() -> None:
    here = Path(__file__).parents[3] / "cogs"
    assert sorted(COGS) == sorted(f"cogs.{path.stem}" for path in here.glob("[!_]*.py"))


def published(circle: Circle) -> list[str]:
    """Return the requests by which commands were sent to Discord."""
    return [each.path for each in circle.env.http_requests if each.method == "PUT" and "/commands" in each.path]


async def test_commands_are_sent_once_and_again_only_if_they_changed(circle: Circle) -> None:
    assert len(published(circle)) == 1
    assert "/guilds/" not in published(circle)[0]
    mentions = circle.bot.mentions
    await circle.restart()
    assert len(published(circle)) == 1
    assert circle.bot.mentions == mentions

    async with circle.app.published._state.write() as transaction:
        await transaction.run("UPDATE published_commands SET hash = 'another'")
    await circle.restart()
    assert len(published(circle)) == 2


async def test_a_command_that_discord_did_not_take_is_sent_again(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = circle.bot.tree
    taken = [each for each in await tree.sync() if each.name not in ("quote", "privacy")]

    async def fewer(**_: Any) -> list[discord.app_commands.AppCommand]:
        return taken

    monkeypatch.setattr(tree, "sync", fewer)
    found = await sync(tree, circle.app.published, 7)
    assert "search" in found
    assert not {"quote", "privacy show"} & found.keys()
    monkeypatch.undo()
    assert "quote" in await sync(tree, circle.app.published, 7)


async def test_every_command_can_be_clicked_in_help(circle: Circle) -> None:
    shown = text(await circle.ask("help"))
    for command in circle.app.commands.all:
        if not command.for_moderators:
            assert f"</{command.name}:{circle.bot.mentions[command.name]}>" in shown


def written(command: dict[str, Any]) -> int:
    """Return how many characters of a command Discord counts: names, descriptions and values."""
    own = sum(limits.length(str(command.get(key, ""))) for key in ("name", "description"))
    return own + sum(written(each) for each in command.get("options", ()))


async def test_commands_keep_discords_limits(circle: Circle) -> None:
    for command in circle.bot.tree.walk_commands():
        assert 1 <= limits.length(command.description) <= limits.DESCRIPTION
        if isinstance(command, discord.app_commands.Command):
            assert all(1 <= len(str(each.description)) <= limits.DESCRIPTION for each in command.parameters)
    for each in circle.bot.tree.get_commands():
        assert written(each.to_dict(circle.bot.tree)) <= limits.COMMAND
    menus = circle.bot.tree.get_commands(type=discord.AppCommandType.message)
    assert len(menus) <= limits.CONTEXT_MENUS


async def test_readers_commands_are_everywhere(circle: Circle) -> None:
    moderators = {"config", "schedule", "prompts"}
    for command in circle.bot.tree.get_commands():
        sent = command.to_dict(circle.bot.tree)
        assert sent["contexts"] == ([0] if command.name in moderators else [0, 1, 2])
        assert sent["integration_types"] == ([0] if command.name in moderators else [0, 1])


async def joined(circle: Circle, *channels: tuple[str, discord.PermissionOverwrite]) -> simcord.GuildHandle:
    """Let the bot join a server with these channels."""
    guild = circle.env.create_guild("Another server")
    for name, overwrite in channels:
        guild.create_text_channel(name, overwrites={guild.default_role: overwrite})
    await circle.env.settle()
    found = circle.bot.get_guild(guild.id)
    assert found is not None
    circle.bot.dispatch("guild_join", found)
    await circle.env.settle()
    return guild


async def test_it_says_hello_once_where_it_may_write(circle: Circle) -> None:
    closed, open_ = discord.PermissionOverwrite(send_messages=False), discord.PermissionOverwrite()
    hidden = discord.PermissionOverwrite(view_channel=False)
    guild = await joined(circle, ("rules", closed), ("secret", hidden), ("general", open_), ("other", open_))
    said = {name: channel.history() for name, channel in guild.channels.items()}
    assert [len(messages) for messages in said.values()].count(1) == 1
    (hello,) = said["general"]
    assert f"</quote:{circle.bot.mentions['quote']}>" in hello.content
    assert limits.length(hello.content) < 400


async def test_it_says_nothing_where_it_may_not_write(circle: Circle) -> None:
    guild = await joined(circle, ("rules", discord.PermissionOverwrite(send_messages=False)))
    assert not any(channel.history() for channel in guild.channels.values())


async def test_a_welcome_that_discord_refuses_is_no_bug(circle: Circle) -> None:
    circle.env.inject_error("POST", "/channels/*/messages", status=403, code=50013)
    await joined(circle, ("general", discord.PermissionOverwrite()))


def test_the_invitation_asks_for_exactly_what_is_used() -> None:
    used = {name for name, given in ALL if given}
    assert used == {
        "read_messages",  # discord.py's name for View Channel
        "send_messages",
        "send_messages_in_threads",
        "create_public_threads",
        "send_polls",
        "read_message_history",
    }
    assert f"permissions={ALL.value}" in server_link(123)
    assert "client_id=123" in server_link(123)
    assert "scope=bot+applications.commands" in server_link(123)
    assert "integration_type=1" in user_link(123)
    assert "permissions" not in user_link(123)


@pytest.mark.goes_wrong
async def test_it_starts_even_if_the_commands_cannot_be_sent(state: Path) -> None:
    async with opened(state) as app:
        bot = KruzhokBot(app)
        env = simcord.Env(bot, shard_count=1)
        env.inject_error("PUT", "/applications/*/commands", status=400)
        await env.start()
        assert bot.is_ready()
        await env.shutdown()


async def test_several_shards_are_served(state: Path) -> None:
    async with opened(state) as app, discord_with(KruzhokBot(app, shard_count=3), shards=3) as env:
        for shard in range(3):
            guild = env.create_guild(f"Server {shard}", shard_id=shard)
            channel = guild.create_text_channel("circle")
            member = guild.add_member(env.create_user(f"member{shard}"))
            assert (await member.slash(channel, "quote", words="Cheka")).response
