"""Moderators' commands: only in servers, hidden from others, refused on our side too."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import discord
import pytest
import simcord
from discord import app_commands
from simcord.results import InteractionResult

from bot.commands import BUG
from bot.platforms.discord.moderators import ONLY_IN_SERVERS, ONLY_MODERATORS
from tests.platforms.discord.circle import Circle, answer, buttons, spelled, text

GROUPS = ("config", "schedule", "prompts")
# What the commands that need something are given.
GIVEN: dict[str, dict[str, Any]] = {
    "schedule add": {"what": "prompt", "when": "thursdays 19:00"},
    "schedule move": {"number": 1, "to": "20:00"},
    "prompts add": {"question": "What would you have done in Kronstadt?"},
    "prompts disable": {"prompt": "none"},
    "prompts enable": {"prompt": "none"},
}


def shown_to(circle: Circle, *members: simcord.MemberActor) -> None:
    """Let a server show moderators' commands to members who do not manage it."""
    allowed = [{"id": str(each.id), "type": 2, "permission": True} for each in members]
    for name in GROUPS:
        found = circle.env.backend.find_command(name, circle.guild.id, type=1)
        assert found is not None
        circle.env.backend.set_command_permissions(circle.guild.id, int(found["id"]), allowed)


async def moderator_by_role(circle: Circle) -> simcord.MemberActor:
    """Choose a role for moderators, and return a member who has it."""
    role = circle.guild.create_role("Readers who moderate")
    told = await circle.ask("config moderators", by=circle.clara, value=str(role.id))
    assert "@Readers who moderate" in spelled(told)
    rosa = circle.guild.add_member(circle.env.create_user("rosa"), roles=[role])
    shown_to(circle, rosa)
    return rosa


def moderators_commands(circle: Circle) -> Iterator[str]:
    for each in circle.bot.tree.walk_commands():
        if isinstance(each, app_commands.Command) and each.qualified_name.split()[0] in GROUPS:
            yield each.qualified_name


def said(result: InteractionResult) -> str:
    """Return what is answered, which nobody else may see; nothing for a form."""
    if result.modal:
        return ""
    message = answer(result)
    assert message.ephemeral
    return spelled(message)


async def test_every_moderators_command_knows_who_may_give_it_and_where(circle: Circle) -> None:
    rosa = await moderator_by_role(circle)
    shown_to(circle, circle.anna, rosa)
    await circle.press(await circle.ask("discuss"), "Start a thread")
    (thread,) = circle.threads()
    for registered in circle.env.backend.commands[None].values():
        registered["contexts"] = [0, 1, 2]
        registered["dm_permission"] = True
    names = list(moderators_commands(circle))
    assert set(names) == {
        each.name for each in circle.app.commands.all if each.for_moderators and each.name != "config prefix"
    }
    kept = await circle.app.groups.everything(f"discord:{circle.channel.id}")
    problems = []
    for name in names:
        given = GIVEN.get(name, {})
        for where in (circle.channel, thread):
            circle.seconds += 60
            if said(await circle.anna.slash(where, name, **given)) != ONLY_MODERATORS:
                problems.append(f"{name}: a member may, in {where.name}")
        for who in (circle.anna, rosa, circle.clara):
            circle.seconds += 60
            if said(await who.user.slash(name, **given)) != ONLY_IN_SERVERS:
                problems.append(f"{name}: {who.name} may, in a direct message")
    assert await circle.app.groups.everything(f"discord:{circle.channel.id}") == kept, "the refused changed something"
    for name in names:
        given = GIVEN.get(name, {})
        for where in (circle.channel, thread):
            for who in (rosa, circle.clara):
                circle.seconds += 60
                if said(await who.slash(where, name, **given)) in (ONLY_MODERATORS, ONLY_IN_SERVERS, BUG):
                    problems.append(f"{name}: {who.name} may not, in {where.name}")
    assert problems == []


async def test_others_do_not_see_them(circle: Circle) -> None:
    assert "config show" not in circle.anna.available_commands(circle.channel)
    assert "config show" in circle.clara.available_commands(circle.channel)
    assert "config show" not in circle.clara.user.available_commands()
    with pytest.raises(simcord.SetupError, match="default-member-permissions"):
        await circle.ask("config show")


async def test_they_are_kept_out_of_direct_messages_and_other_servers(circle: Circle) -> None:
    for name in GROUPS:
        group = circle.bot.tree.get_command(name)
        assert isinstance(group, app_commands.Group)
        sent = group.to_dict(circle.bot.tree)
        assert sent["contexts"] == [0]
        assert sent["integration_types"] == [0]
        assert sent["default_member_permissions"] == discord.Permissions(manage_guild=True).value


async def test_a_thread_is_configured_with_its_channel(circle: Circle) -> None:
    await circle.press(await circle.ask("discuss"), "Start a thread")
    (thread,) = circle.threads()
    await circle.clara.slash(thread, "config timezone", value="Europe/Paris")
    assert "timezone: Europe/Paris (chosen here)" in text(await circle.ask("config show", by=circle.clara))


async def test_moderators_by_role_do_not_choose_who_moderates(circle: Circle) -> None:
    rosa = await moderator_by_role(circle)
    for value in ("none", "default", str(circle.guild.roles["Moderators"].id)):
        told = await circle.ask("config moderators", by=rosa, value=value)
        assert "Only members with the permission “Manage Server”" in text(told)
    taken = await circle.ask("config import", by=rosa, text='{moderators = "none"}', apply="yes")
    assert "Only members with the permission “Manage Server”" in text(taken)
    shown = await circle.ask("config show", by=rosa)
    assert "moderators: @Readers who moderate (chosen here)" in spelled(shown)
    form = await rosa.select(shown, ["moderators"])
    (refused,) = (await rosa.submit_modal(form, {"scope": ["here"]})).followups
    assert "Only members with the permission “Manage Server”" in text(refused)


async def test_a_role_chosen_for_the_server_moderates_in_every_channel(circle: Circle) -> None:
    role = circle.guild.create_role("everywhere")
    await circle.ask("config moderators", by=circle.clara, value=str(role.id), scope="server")
    rosa = circle.guild.add_member(circle.env.create_user("rosa"), roles=[role])
    shown_to(circle, rosa)
    circle.channel = circle.guild.create_text_channel("another")
    assert "moderators: @everywhere (chosen for the server)" in spelled(await circle.ask("config show", by=rosa))


async def test_a_role_chosen_for_one_channel_moderates_in_no_other(circle: Circle) -> None:
    rosa = await moderator_by_role(circle)
    circle.channel = circle.guild.create_text_channel("another")
    assert spelled(await circle.ask("config show", by=rosa)) == ONLY_MODERATORS


async def test_buttons_of_moderators_are_refused_to_who_is_none_any_more(circle: Circle) -> None:
    rosa = await moderator_by_role(circle)
    shown = await circle.ask("config show", by=rosa)
    form = await rosa.select(shown, ["timezone"])
    await circle.ask("config moderators", by=circle.clara, value="none")
    told = await circle.press(shown, "Check", by=rosa)
    assert "Only moderators of this group" in text(told)
    assert spelled(answer(await rosa.select(shown, ["timezone"]))) == ONLY_MODERATORS
    assert spelled(answer(await rosa.submit_modal(form, {"value": "UTC", "scope": ["here"]}))) == ONLY_MODERATORS
    assert "timezone: UTC (the default)" in text(await circle.ask("config show", by=circle.clara))


async def test_a_role_moderates_what_is_stored_too(circle: Circle) -> None:
    rosa = await moderator_by_role(circle)
    assert "About this group" in text(await circle.ask("privacy show", by=rosa))
    assert "About this group" not in text(await circle.ask("privacy show"))


async def test_a_circle_is_remembered_only_when_a_moderator_has_used_it(circle: Circle) -> None:
    server = f"discord:server:{circle.guild.id}"
    shown_to(circle, circle.anna)
    await circle.ask("contents")
    await circle.ask("config show")
    assert await circle.app.groups.servers("discord") == set()
    await circle.ask("config show", by=circle.clara)
    assert await circle.app.groups.servers("discord") == {server}


@pytest.mark.goes_wrong
async def test_a_circle_that_cannot_be_remembered_is_told_as_one_sentence(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: Any) -> Any:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr("bot.store.state.State.write", locked)
    assert text(await circle.ask("config check", by=circle.clara)) == BUG


async def test_nothing_is_offered_to_members_while_they_type(circle: Circle) -> None:
    shown_to(circle, circle.anna)
    await circle.ask("schedule add", by=circle.clara, what="prompt", when="thursdays 19:00")
    for name, option in (("schedule skip", "number"), ("schedule skip", "which"), ("prompts disable", "prompt")):
        assert await circle.anna.autocomplete(circle.channel, name, option, "") == []
        assert await circle.clara.autocomplete(circle.channel, name, option, "") != []
    assert buttons(await circle.ask("schedule list", by=circle.clara))
