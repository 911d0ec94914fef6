"""Moderators' commands: only in servers, hidden from others, refused on our side too."""

import discord
import pytest
import simcord
from discord import app_commands

from bot.platforms.discord.moderators import ONLY_IN_SERVERS
from tests.platforms.discord.circle import Circle, answer, text


@pytest.fixture
def configured(circle: Circle) -> Circle:
    return circle


async def test_moderators_use_them(configured: Circle) -> None:
    assert "timezone: UTC (default)" in text(await configured.ask("config show", by=configured.clara))


async def test_others_do_not_see_them(configured: Circle) -> None:
    assert "config show" not in configured.anna.available_commands(configured.channel)
    assert "config show" in configured.clara.available_commands(configured.channel)
    assert "config show" not in configured.clara.user.available_commands()
    with pytest.raises(simcord.SetupError, match="default-member-permissions"):
        await configured.ask("config show")


async def test_they_are_kept_out_of_direct_messages_and_other_servers(configured: Circle) -> None:
    group = configured.bot.tree.get_command("config")
    assert isinstance(group, app_commands.Group)
    sent = group.to_dict(configured.bot.tree)
    assert sent["contexts"] == [0]
    assert sent["integration_types"] == [0]
    assert sent["default_member_permissions"] == discord.Permissions(manage_guild=True).value


async def test_where_a_server_shows_them_to_others_they_are_refused(configured: Circle) -> None:
    command = configured.bot.tree.get_command("config")
    backend = configured.env.backend.find_command("config", configured.guild.id, type=1)
    assert command is not None
    assert backend is not None
    allowed = [{"id": str(configured.anna.id), "type": 2, "permission": True}]
    configured.env.backend.set_command_permissions(configured.guild.id, int(backend["id"]), allowed)
    told = await configured.ask("config show")
    assert told.ephemeral
    assert "Only moderators may do this" in text(told)


async def test_outside_of_servers_they_are_refused(configured: Circle) -> None:
    for registered in configured.env.backend.commands[None].values():
        registered["contexts"] = [0, 1, 2]
        registered["dm_permission"] = True
    assert text(answer(await configured.clara.user.slash("config show"))) == ONLY_IN_SERVERS
