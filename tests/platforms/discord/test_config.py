"""Settings on Discord: by a command each, for a channel or its server, and what they do to the answers of others."""

import asyncio
from typing import Any

import discord
import pytest

from bot.caller import Caller
from bot.commands import command
from bot.features.group_values import SETTINGS
from bot.features.quotes import Quotes
from bot.platforms.discord.respond import PATIENCE
from bot.reply import Reply
from tests.cogs.test_menus import DISCUSS, FIND
from tests.platforms.discord.circle import Circle, buttons, spelled
from tests.platforms.discord.places import denied


async def config(circle: Circle, name: str, value: str = "", **options: Any) -> str:
    """Give the command of a setting, and return what is answered, which only the moderator sees."""
    circle.seconds += 60
    given = {"value": value} if value else {}
    message = await circle.ask(f"config {name}", by=circle.clara, **given, **options)
    assert message.ephemeral
    return spelled(message)


async def test_each_setting_has_a_command_that_says_old_value_new_value_and_consequence(circle: Circle) -> None:
    role = circle.guild.create_role("readers", mentionable=True)
    posts = circle.guild.create_text_channel("posts")
    given: dict[str, tuple[str, str, str]] = {
        "reading": ("price", "is price-serge", "Quotes, summaries and prompts come from it"),
        "timezone": ("Europe/Paris", "was UTC, and is Europe/Paris now", "Nothing is scheduled here"),
        "channel": (str(posts.id), "and is #posts now", "Nothing is scheduled here"),
        "threads": ("off", "was on, and is off now", "no threads"),
        "tag": ("none", "is none, as before", ""),
        "mention": (str(role.id), "was none, and is @readers now", "Nothing is scheduled here"),
        "length": ("sentence", "was passage, and is sentence now", "/quote gives one sentence at a time"),
        "private": ("on", "was off, and is on now", "Only those who ask see their answers."),
        "off": ("verify cite", "was none, and is cite, verify now", "Nobody can use /cite, /verify here"),
        "moderators": (str(role.id), "was none, and is @readers now", "Its members may use /config"),
        "notices": ("here", "was none, and is #circle now", "What goes wrong is told there."),
        "grace": ("3 hours", "was 6 h, and is 3 h now", "made up to 3 hours late"),
        "afterwards": ("stop", "was again, and is stop now", "schedules say so and stop"),
    }
    assert set(given) == {each.name for each in SETTINGS} - {"prefix"}
    problems = []
    for name, (value, said, consequence) in given.items():
        told = await config(circle, name, value)
        if said not in told or consequence not in told:
            problems.append(f"{name}: {told}")
        if "It can be:" not in await config(circle, name):
            problems.append(f"{name}: without a value")
    assert problems == []


async def test_a_moderator_sets_zone_channel_and_a_weekly_prompt_in_three_commands(circle: Circle) -> None:
    posts = circle.guild.create_text_channel("discussion")
    await circle.ask("config timezone", by=circle.clara, value="Europe/Paris")
    await circle.ask("config channel", by=circle.clara, value="#discussion")
    shown = await circle.ask("schedule add", by=circle.clara, what="prompt", when="thursdays 19:00")
    assert "prompt, thursdays 19:00, Europe/Paris, in #discussion." in spelled(shown)
    assert "Thu 7 May 2026 19:00" in spelled(shown)
    await circle.press(await circle.press(shown, "Preview", by=circle.clara), "Post now", by=circle.clara)
    assert [each.type for each in posts.history()].count(discord.MessageType.default) == 1


async def test_a_channel_has_its_own_choice_before_its_servers(circle: Circle) -> None:
    assert "for every channel of this server" in await config(circle, "timezone", "Europe/Paris", scope="server")
    assert "was Europe/Paris, and is Asia/Tokyo now" in await config(circle, "timezone", "Asia/Tokyo")
    told = await config(circle, "timezone", "Europe/Rome", scope="server")
    assert "This channel has chosen Asia/Tokyo, and keeps it." in told
    own, circle.channel = circle.channel, circle.guild.create_text_channel("another")
    assert "timezone: Europe/Rome (chosen for the server)" in await config(circle, "show")
    circle.channel = own
    assert "was Asia/Tokyo, and is Europe/Rome now" in await config(circle, "timezone", "default")
    assert "is UTC now for every channel" in await config(circle, "timezone", "default", scope="server")
    assert "scope is here or server" in await config(circle, "timezone", "Asia/Tokyo", scope="everywhere")


async def test_a_command_that_is_switched_off_is_refused_to_the_one_who_asks(circle: Circle) -> None:
    quoted = await circle.ask("quote", words="Cheka")
    written = await circle.boris.send(circle.channel, "The Cheka was the turning point.")
    await config(circle, "off", "quote discuss")
    before = len(circle.posted())
    for refused in (
        await circle.ask("quote", words="Cheka"),
        await circle.ask("quote", by=circle.clara, words="Cheka"),
        await circle.press(quoted, "Another"),
        await circle.menu(FIND, written),
    ):
        assert refused.ephemeral
        assert spelled(refused) == "/quote is switched off here by the moderators of this circle."
    assert spelled(await circle.menu(DISCUSS, written)).startswith("/discuss is switched off here")
    assert len(circle.posted()) == before
    assert not circle.threads()
    assert not (await circle.ask("search", words="Cheka")).ephemeral
    circle.channel = circle.guild.create_text_channel("another")
    assert not (await circle.ask("quote", words="Cheka")).ephemeral


async def test_where_answers_are_private_only_the_one_who_asks_sees_them(circle: Circle) -> None:
    public = await circle.ask("quote", words="Cheka")
    await config(circle, "private", "on")
    for name in ("quote", "contents", "about", "help"):
        assert (await circle.ask(name)).ephemeral, name
    private = await circle.ask("discuss")
    assert private.ephemeral
    assert (await circle.press(public, "Another")).ephemeral
    assert "Post here" in buttons(private)
    assert [each.id for each in circle.posted()] == [public.id]
    assert not (await circle.ask("quote", words="Cheka", private=False)).ephemeral


async def test_where_answers_are_public_one_can_be_asked_for_privately(circle: Circle) -> None:
    await config(circle, "private", "off")
    assert (await circle.ask("quote", private=True)).ephemeral
    assert not (await circle.ask("quote")).ephemeral


async def test_a_slow_answer_is_announced_privately_where_answers_are_private(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    quoted = await circle.ask("quote", words="Cheka")
    await config(circle, "private", "on")
    quote = Quotes.quote

    async def slowly(self: Quotes, caller: Caller, words: str = "", section: str = "", after: str = "") -> Reply:
        """Quote slowly.

        Args:
            words: Words.
            section: Section.
            after: After.
        """
        await asyncio.sleep(PATIENCE + 0.2)
        return await quote(self, caller, words, section, after)

    monkeypatch.setattr(Quotes, "quote", slowly)
    monkeypatch.setattr(
        circle.app.commands, "_by_name", {"quote": command("quote", circle.app.quotes.quote, rest="words")}
    )
    for asked in (circle.ask("quote", words="Cheka"), circle.press(quoted, "Another")):
        assert (await asked).ephemeral
        deferred = [each.json or {} for each in circle.env.http_requests if each.path.endswith("/callback")][-1]
        assert deferred["type"] == 5
        assert deferred["data"]["flags"] & discord.MessageFlags(ephemeral=True).value


async def test_the_length_of_quotations_is_kept_to(circle: Circle) -> None:
    quoted = []
    for length in ("sentence", "passage", "paragraph"):
        await config(circle, "length", length)
        quoted.append(len(spelled(await circle.ask("quote", words="naval base"))))
    assert quoted == sorted(quoted)
    assert quoted[0] < quoted[-1]


async def test_the_log_says_who_changed_what_and_pings_nobody(circle: Circle) -> None:
    await config(circle, "timezone", "Europe/Paris")
    await config(circle, "length", "sentence", scope="server")
    shown = await circle.ask("config log", by=circle.clara)
    said = spelled(shown)
    assert f"length: default → sentence, for the server, by {circle.clara.mention}" in said
    assert f"timezone: default → Europe/Paris, by {circle.clara.mention}" in said
    sent = [each.json or {} for each in circle.env.http_requests if each.path.endswith("/callback")]
    assert all(each["data"]["allowed_mentions"] == {"parse": []} for each in sent)


async def test_words_of_members_are_no_mention_in_the_log(circle: Circle) -> None:
    hostile = f"Why, by member discord:{circle.anna.id}"
    added = await circle.ask("prompts add", by=circle.clara, question=f"{hostile}?", passage="7.2")
    set_aside = await circle.ask("prompts disable", by=circle.clara, prompt="+1")
    assert hostile in spelled(added)
    assert hostile in spelled(set_aside)


async def test_check_names_each_permission_that_is_missing(circle: Circle) -> None:
    assert "All is well in #circle" in await config(circle, "check")
    quiet = circle.guild.create_text_channel("quiet")
    await denied(circle, quiet, "send_messages", "read_message_history", "create_public_threads", "send_polls")
    told = await config(circle, "channel", str(quiet.id))
    assert "Until this is put right" in told
    checked = await config(circle, "check")
    for name in ("Send Messages", "Read Message History", "Create Public Threads", "Create Polls"):
        assert name in checked
    assert "missing in #quiet" in checked


async def test_a_role_that_the_moderator_may_not_mention_is_refused(circle: Circle) -> None:
    role = circle.guild.create_role("everybody else")
    assert "You may not mention @everybody else here." in await config(circle, "mention", str(role.id))
    assert "mention: none" in await config(circle, "show")


@pytest.mark.parametrize(
    ("name", "typed", "shown", "value"),
    [
        ("timezone", "paris", "Europe/Paris", "Europe/Paris"),
        ("timezone", "new york", "America/New_York", "America/New_York"),
        ("timezone", "europe/b", "Europe/Berlin", "Europe/Berlin"),
        ("reading", "serge", "Victor Serge and the Russian Revolution", "price-serge"),
        ("threads", "", "off", "off"),
        ("length", "sen", "sentence", "sentence"),
        ("off", "cite, ver", "cite, verify", "cite, verify"),
        ("off", "", "none", "none"),
        ("notices", "", "here", "here"),
        ("channel", "her", "here", "here"),
        ("moderators", "no", "none", "none"),
        ("afterwards", "s", "stop", "stop"),
    ],
)
async def test_values_are_offered_that_are_understood(
    circle: Circle, name: str, typed: str, shown: str, value: str
) -> None:
    offered = await circle.clara.autocomplete(circle.channel, f"config {name}", "value", typed)
    assert (shown, value) in {(each["name"][: len(shown)], each["value"]) for each in offered}, offered
    assert "is" in await config(circle, name, value)
    assert f"{name}: " in await config(circle, "show")


async def test_channels_and_roles_are_offered_by_name_and_given_by_number(circle: Circle) -> None:
    news = circle.guild.create_news_channel("club-news")
    forum = circle.guild.create_forum_channel("club-forum")
    circle.guild.create_voice_channel("club-voice")
    role = circle.guild.create_role("club")
    offered = await circle.clara.autocomplete(circle.channel, "config channel", "value", "club")
    assert {each["name"]: each["value"] for each in offered} == {
        "#club-news": str(news.id),
        "#club-forum": str(forum.id),
    }
    offered = await circle.clara.autocomplete(circle.channel, "config moderators", "value", "@clu")
    assert [(each["name"], each["value"]) for each in offered] == [("@club", str(role.id))]
    offered = await circle.clara.autocomplete(circle.channel, "config moderators", "scope", "")
    assert [each["value"] for each in offered] == ["here", "server"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("timezone", "Europe/Pariss", "Did you mean Europe/Paris?"),
        ("channel", "999999999999999999", "There is no channel"),
        ("mention", "@nobody", "There is no role"),
        ("moderators", "@everyone", "@everyone is no role that can be chosen here"),
        ("length", "book", "length is sentence or passage or paragraph"),
        ("grace", "99", "not a number of hours from 0 to 48"),
        ("off", "help", "cannot be switched off"),
        ("tag", "x", "Tags are for forums"),
        ("reading", "capital", "capital"),
    ],
)
async def test_what_is_typed_is_checked_again(circle: Circle, name: str, value: str, said: str) -> None:
    before = await config(circle, "show")
    assert said in await config(circle, name, value)
    assert await config(circle, "show") == before


async def test_a_file_on_one_line_is_taken_in_at_once(circle: Circle) -> None:
    shown = await circle.ask("config import", by=circle.clara, text='{timezone = "Europe/Paris", grace = 3}')
    assert "timezone: default (UTC) → Europe/Paris" in spelled(shown)
    taken = await circle.press(shown, "Apply", by=circle.clara)
    assert "grace" in spelled(taken)
    assert "timezone: Europe/Paris (chosen here)" in await config(circle, "show")


async def test_a_server_that_removed_the_bot_is_remembered_as_left(circle: Circle) -> None:
    await config(circle, "timezone", "Europe/Paris")
    group = f"discord:{circle.channel.id}"

    async def becomes(left: bool) -> None:
        async with asyncio.timeout(20):
            while bool((await circle.app.groups.everything(group))["known_group"][0]["left_at"]) is not left:
                await circle.env.settle()

    found = circle.bot.get_guild(circle.guild.id)
    assert found is not None
    circle.bot.dispatch("guild_remove", found)
    await becomes(left=True)
    circle.bot.dispatch("guild_join", found)
    await becomes(left=False)


async def test_servers_that_removed_the_bot_while_it_was_not_running_are_noticed(circle: Circle) -> None:
    await circle.app.groups.seen("discord:77", "discord:server:7")
    await config(circle, "timezone", "Europe/Paris")
    await circle.restart()
    known = [await circle.app.groups.everything(each) for each in ("discord:77", f"discord:{circle.channel.id}")]
    assert [bool(each["known_group"][0]["left_at"]) for each in known] == [True, False]


async def test_a_channel_that_was_deleted_is_remembered_as_gone(circle: Circle) -> None:
    await config(circle, "timezone", "Europe/Paris")
    circle.env.backend.delete_channel(circle.channel.id)
    await circle.env.settle()
    known = await circle.app.groups.everything(f"discord:{circle.channel.id}")
    assert known["known_group"][0]["left_at"]
