"""A post on Discord: what it looks like, whom it mentions, and how it is found again by its key."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.posting import Post, Receipt
from bot.reading import Prompt
from bot.reply import Action, Prose, Question, Reply
from tests.platforms.discord.circle import Circle, buttons, text
from tests.platforms.discord.places import KEY, LONG_AGO, denied, platform, post, refusal, sent, target
from tests.platforms.discord.test_render import quotation

HOSTILE = "@everyone @here <@1> <@&2> [masked](https://x.org) https://x.org # big"


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
