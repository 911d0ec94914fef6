"""The dashboard: all settings in one private message, changed by forms, edited in place, after a restart too."""

from typing import Any

import discord
import pytest
import simcord
from simcord.results import InteractionResult

from bot.features.group_values import SETTINGS
from bot.platforms.discord import limits
from tests.platforms.discord.circle import Circle, answer, buttons, components, spelled

HERE, SERVER = ["here"], ["server"]


async def dashboard(circle: Circle) -> simcord.ResponseMessage:
    return await circle.ask("config show", by=circle.clara)


async def form(circle: Circle, shown: simcord.ResponseMessage, setting: str) -> InteractionResult:
    """Choose a setting in the menu; its form opens."""
    circle.seconds += 60
    result = await circle.clara.select(shown, [setting])
    assert result.modal
    return result


async def changed(
    circle: Circle, shown: simcord.ResponseMessage, setting: str, value: Any = None, scope: list[str] | None = None
) -> str:
    """Change a setting by its form, and return what the dashboard shows then."""
    given = {"scope": scope or HERE} | ({} if value is None else {"value": value})
    result = await circle.clara.submit_modal(await form(circle, shown, setting), given)
    assert result.response is not None
    assert result.response.id == shown.id, "it is edited in place"
    assert [spelled(each) for each in result.followups] == []
    return spelled(shown)


def field(result: InteractionResult) -> dict[str, Any]:
    """Return the field of a form in which the value is given."""
    assert result.modal
    found: dict[str, Any] = result.modal["components"][0]["component"]
    return found


def problems(message: simcord.ResponseMessage) -> list[str]:
    """Return which of Discord's limits a message breaks."""
    every = list(components(message))
    found = [f"{len(every)} components"] if len(every) > limits.COMPONENTS else []
    written = sum(limits.length(str(each["content"])) for each in every if each["type"] == 10)
    return [*found, *([f"{written} characters"] if written > limits.TEXT else [])]


async def test_it_shows_every_setting_where_it_comes_from_and_what_is_next(circle: Circle) -> None:
    await circle.ask("config timezone", by=circle.clara, value="Europe/Paris", scope="server")
    await circle.ask("config length", by=circle.clara, value="sentence")
    await circle.ask("schedule add", by=circle.clara, what="prompt", when="thursdays 19:00")
    shown = await dashboard(circle)
    said = spelled(shown)
    assert shown.ephemeral
    assert [each.name for each in SETTINGS if f"{each.name}: " not in said] == ["prefix"]
    assert "timezone: Europe/Paris (chosen for the server)" in said
    assert "length: sentence (chosen here)" in said
    assert "grace: 6 h (the default)" in said
    assert "Next prompt: Thursday 7 May 2026 19:00, Europe/Paris." in said
    assert list(buttons(shown)) == ["Check", "Log", "Export"]
    assert problems(shown) == []


async def test_it_says_what_is_missing(circle: Circle) -> None:
    overwrite = discord.PermissionOverwrite(read_message_history=False)
    circle.channel = circle.guild.create_text_channel("quiet", overwrites={circle.guild.default_role: overwrite})
    assert "“Read Message History” in #quiet" in spelled(await dashboard(circle))


async def test_a_change_is_shown_in_place_with_its_consequence_and_can_be_undone(circle: Circle) -> None:
    shown = await dashboard(circle)
    said = await changed(circle, shown, "timezone", "europe/paris")
    assert "timezone was UTC, and is Europe/Paris now." in said
    assert "timezone: Europe/Paris (chosen here)" in said
    assert "Nothing is scheduled here" in said
    assert list(buttons(shown)) == ["Undo", "Check", "Log", "Export"]
    undone = await circle.press(shown, "Undo", by=circle.clara)
    assert "timezone was Europe/Paris, and is UTC now." in spelled(undone)
    assert "timezone: UTC (the default)" in spelled(await dashboard(circle))


async def test_a_setting_is_changed_for_the_whole_server(circle: Circle) -> None:
    await changed(circle, await dashboard(circle), "length", ["paragraph"], SERVER)
    circle.channel = circle.guild.create_text_channel("another")
    assert "length: paragraph (chosen for the server)" in spelled(await dashboard(circle))


async def test_every_setting_can_be_changed_by_its_form(circle: Circle) -> None:
    readers = circle.guild.create_role("readers", mentionable=True)
    posts = circle.guild.create_text_channel("posts")
    shown = await dashboard(circle)
    given: dict[str, tuple[Any, str]] = {
        "reading": ("price", "reading: price-serge"),
        "timezone": ("Asia/Kolkata", "timezone: Asia/Kolkata"),
        "channel": ([posts], "channel: #posts"),
        "threads": (["off"], "threads: off"),
        "tag": ("none", "tag: none"),
        "mention": ([readers], "mention: @readers"),
        "length": (["sentence"], "length: sentence"),
        "private": (["on"], "private: on"),
        "off": (["cite", "verify"], "off: cite, verify"),
        "moderators": ([readers], "moderators: @readers"),
        "notices": ([posts], "notices: #posts"),
        "grace": ("12", "grace: 12 h"),
        "afterwards": (["stop"], "afterwards: stop"),
    }
    for name, (value, said) in given.items():
        assert f"{said} (chosen here)" in await changed(circle, shown, name, value), name
        assert problems(shown) == []
    assert {each.name for each in SETTINGS} == {*given, "prefix"}


async def test_a_form_begins_with_what_holds_now(circle: Circle) -> None:
    readers = circle.guild.create_role("readers", mentionable=True)
    posts = circle.guild.create_text_channel("posts")
    shown = await dashboard(circle)
    await changed(circle, shown, "timezone", "Asia/Kolkata")
    await changed(circle, shown, "channel", [posts])
    await changed(circle, shown, "mention", [readers])
    await changed(circle, shown, "off", ["cite", "verify"])
    assert field(await form(circle, shown, "timezone"))["value"] == "Asia/Kolkata"
    (channel,) = field(await form(circle, shown, "channel"))["default_values"]
    assert (channel["id"], channel["type"]) == (str(posts.id), "channel")
    (role,) = field(await form(circle, shown, "mention"))["default_values"]
    assert (role["id"], role["type"]) == (str(readers.id), "role")
    off = field(await form(circle, shown, "off"))["options"]
    assert [each["value"] for each in off if each["default"]] == ["cite", "verify"]


async def test_what_is_gone_is_no_present_value_of_a_form(circle: Circle) -> None:
    posts = circle.guild.create_text_channel("posts")
    shown = await dashboard(circle)
    await changed(circle, shown, "channel", [posts])
    circle.env.backend.delete_channel(posts.id)
    await circle.env.settle()
    assert not field(await form(circle, shown, "channel")).get("default_values")


async def test_a_field_that_is_left_empty_takes_the_choice_back(circle: Circle) -> None:
    posts = circle.guild.create_text_channel("posts")
    shown = await dashboard(circle)
    await changed(circle, shown, "channel", [posts])
    assert "channel: the circle's own channel" in await changed(circle, shown, "channel")
    await changed(circle, shown, "off", ["cite"])
    assert "off: none" in await changed(circle, shown, "off", [])
    await changed(circle, shown, "grace", "12")
    assert "grace: 6 h (the default)" in await changed(circle, shown, "grace", "")


async def test_the_tags_of_a_forum_are_a_menu(circle: Circle) -> None:
    handle = circle.guild.create_forum_channel("forum")
    forum = circle.bot.get_channel(handle.id)
    assert isinstance(forum, discord.ForumChannel)
    await forum.edit(available_tags=[discord.ForumTag(name="reading"), discord.ForumTag(name="other")])
    await circle.env.settle()
    shown = await dashboard(circle)
    await changed(circle, shown, "channel", [handle])
    options = {each["label"]: each["value"] for each in field(await form(circle, shown, "tag"))["options"]}
    assert list(options) == ["none", "reading", "other"]
    assert "tag: reading (chosen here)" in await changed(circle, shown, "tag", [options["reading"]])
    offered = await circle.clara.autocomplete(circle.channel, "config tag", "value", "rea")
    assert [(each["name"], each["value"]) for each in offered] == [("reading", options["reading"])]


async def test_what_cannot_be_is_told_and_changes_nothing(circle: Circle) -> None:
    shown = await dashboard(circle)
    before = spelled(shown)
    result = await circle.clara.submit_modal(
        await form(circle, shown, "timezone"), {"value": "Europe/Pariss", "scope": HERE}
    )
    (told,) = result.followups
    assert told.ephemeral
    assert "Did you mean Europe/Paris?" in spelled(told)
    assert spelled(shown) == before


async def test_menus_and_forms_work_after_a_restart(circle: Circle) -> None:
    shown = await dashboard(circle)
    opened = await form(circle, shown, "timezone")
    await circle.restart()
    await circle.clara.submit_modal(opened, {"value": "Europe/Paris", "scope": HERE})
    assert "timezone: Europe/Paris (chosen here)" in spelled(shown)
    await circle.restart()
    assert "grace: 3 h" in await changed(circle, shown, "grace", "3")
    assert "All is well in #circle" in spelled(await circle.press(shown, "Check", by=circle.clara))


async def test_nothing_of_forms_and_menus_is_kept_in_memory(circle: Circle) -> None:
    shown = await dashboard(circle)
    for _ in range(3):
        await changed(circle, shown, "timezone", "Europe/Paris")
        await form(circle, shown, "grace")  # and it is closed again
    await circle.clara.slash(circle.channel, "config import")
    store = circle.bot._connection._view_store
    assert not store._modals
    assert not store._views
    assert not store._synced_message_views


async def test_a_form_of_another_version_says_so(circle: Circle) -> None:
    shown = await dashboard(circle)
    opened = await form(circle, shown, "timezone")
    assert opened._interaction.modal is not None
    opened._interaction.modal["custom_id"] = "k0setting:timezone"
    told = await circle.clara.submit_modal(opened, {"value": "Europe/Paris", "scope": HERE})
    assert "another version" in spelled(answer(told))


async def test_it_fits_into_a_message_whatever_is_called_what(circle: Circle) -> None:
    role = circle.guild.create_role("*_" * 50, mentionable=True)
    posts = circle.guild.create_text_channel("p" * 100, overwrites={circle.guild.default_role: HIDDEN})
    for name, value in (
        ("channel", str(posts.id)),
        ("notices", str(posts.id)),
        ("mention", str(role.id)),
        ("moderators", str(role.id)),
        ("off", "quote search read contents summary discuss glossary cite verify"),
    ):
        circle.seconds += 60
        await circle.ask(f"config {name}", by=circle.clara, value=value)
    shown = await dashboard(circle)
    assert problems(shown) == []
    await changed(circle, shown, "mention", [role])
    assert problems(shown) == []


HIDDEN = discord.PermissionOverwrite(
    read_message_history=False, create_public_threads=False, send_messages_in_threads=False, send_polls=False
)


@pytest.mark.parametrize("scope", ["here", "server"])
async def test_settings_are_taken_in_by_a_form_that_has_lines(circle: Circle, scope: str) -> None:
    opened = await circle.clara.slash(circle.channel, "config import", scope=scope)
    assert opened.modal
    await circle.restart()
    toml = '[settings]\ntimezone = "Europe/Paris"\ngrace = 12\n# a comment\noff = ["cite"]\n'
    shown = answer(await circle.clara.submit_modal(opened, {"value": toml}))
    assert shown.ephemeral
    assert "timezone: default (UTC) → Europe/Paris" in spelled(shown)
    assert "UTC (the default)" in spelled(await dashboard(circle)), "nothing is changed yet"
    await circle.press(shown, "Apply", by=circle.clara)
    said = spelled(await dashboard(circle))
    origin = "chosen here" if scope == "here" else "chosen for the server"
    assert f"timezone: Europe/Paris ({origin})" in said
    assert f"grace: 12 h ({origin})" in said
    assert f"off: cite ({origin})" in said


async def test_a_file_that_is_wrong_changes_nothing(circle: Circle) -> None:
    opened = await circle.clara.slash(circle.channel, "config import")
    toml = '[settings]\ntimezone = "Europe/Paris"\ngrace = 99\nnonsense = 1\n'
    told = spelled(answer(await circle.clara.submit_modal(opened, {"value": toml})))
    assert "Nothing is changed." in told
    assert "grace" in told
    assert "nonsense" in told
    assert "timezone: UTC (the default)" in spelled(await dashboard(circle))


async def test_what_was_exported_can_be_taken_in_elsewhere(circle: Circle) -> None:
    for name, value in (("timezone", "Europe/Paris"), ("length", "sentence"), ("off", "cite")):
        await circle.ask(f"config {name}", by=circle.clara, value=value)
    exported = spelled(await circle.ask("config export", by=circle.clara))
    toml = exported.split("```toml\n")[1].split("```")[0]
    circle.channel = circle.guild.create_text_channel("another")
    opened = await circle.clara.slash(circle.channel, "config import")
    shown = answer(await circle.clara.submit_modal(opened, {"value": toml}))
    await circle.press(shown, "Apply", by=circle.clara)
    assert spelled(await circle.ask("config export", by=circle.clara)) == exported
