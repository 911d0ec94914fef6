"""Schedules and prompts of a circle's own on Discord, from the command to the post with its buttons and thread."""

from typing import Any

import discord
import pytest
import simcord

from bot.platforms.discord import limits
from tests.platforms.discord.circle import Circle, buttons, components, spelled, text
from tests.platforms.discord.places import denied

HOSTILE = "@everyone @here [masked](https://x.org) https://x.org **bold** </quote:1> Is that so?"


async def schedule(circle: Circle, name: str, **options: Any) -> simcord.ResponseMessage:
    """Give a command for schedules, whose answer only the moderator sees."""
    circle.seconds += 60
    message = await circle.ask(f"schedule {name}", by=circle.clara, **options)
    assert message.ephemeral
    return message


async def weekly(circle: Circle, what: str = "prompt", **options: Any) -> simcord.ResponseMessage:
    return await schedule(circle, "add", what=what, when="thursdays 19:00", **options)


def posts(channel: simcord.ChannelHandle) -> list[discord.Message]:
    """Return what was posted; that a thread was opened is a message of Discord's own."""
    return [each for each in channel.history() if each.type is discord.MessageType.default]


async def offered(circle: Circle, name: str, option: str, typed: str, **filled: Any) -> list[dict[str, Any]]:
    return await circle.clara.autocomplete(circle.channel, name, option, typed, **filled)


async def test_a_schedule_is_answered_with_its_next_times_and_what_comes_next(circle: Circle) -> None:
    await circle.ask("config timezone", by=circle.clara, value="Europe/Paris")
    shown = await weekly(circle)
    said = spelled(shown)
    assert "Schedule 1 is set" in said
    assert said.count(" 19:00 CEST <t:") == 5
    assert "Next would be posted" in said
    assert {"Preview", "Skip the next", "Pause", "Remove"} <= buttons(shown).keys()


async def test_a_run_posts_a_plain_message_with_buttons_and_its_thread(circle: Circle) -> None:
    await weekly(circle)
    told = await schedule(circle, "run")
    (post,) = posts(circle.channel)
    assert not post.flags.components_v2
    assert post.content.startswith("**1. Introduction**\n> ")
    assert limits.length(post.content) <= limits.CONTENT
    (thread,) = circle.threads()
    assert thread.id == post.id
    assert f"https://discord.com/channels/{circle.guild.id}/{circle.channel.id}/{post.id}" in text(told)
    circle.seconds += 60
    assert "¶" in text(await circle.press(post, "Another"))


async def test_the_history_has_a_link_to_each_post(circle: Circle) -> None:
    await weekly(circle)
    await schedule(circle, "run")
    (post,) = posts(circle.channel)
    said = text(await schedule(circle, "history"))
    assert f" https://discord.com/channels/{circle.guild.id}/{circle.channel.id}/{post.id}" in said
    assert "posted in #circle." in spelled(await schedule(circle, "history"))


async def test_a_prompt_that_was_posted_is_given_to_nobody_again(circle: Circle) -> None:
    await weekly(circle)
    await schedule(circle, "run")
    (post,) = posts(circle.channel)
    question = next(line for line in post.content.split("\n") if line.startswith("**") and line.endswith("?**"))
    for _ in range(5):
        circle.seconds += 60
        assert question not in text(await circle.ask("discuss"))


async def test_where_history_cannot_be_read_a_schedule_is_refused_by_the_permissions_name(circle: Circle) -> None:
    await denied(circle, circle.channel, "read_message_history")
    told = spelled(await weekly(circle))
    assert "“Read Message History” in #circle" in told
    assert "Nothing is scheduled here" in spelled(await schedule(circle, "list"))


async def test_each_command_does_its_part(circle: Circle) -> None:
    await weekly(circle)
    assert "1. prompt, thursdays 19:00 (UTC): next Thursday 7 May 2026 19:00" in spelled(await schedule(circle, "list"))
    skipped = await schedule(circle, "skip", number=1, which="2026-05-14")
    assert "does not post on Thursday 14 May 2026 19:00" in spelled(skipped)
    moved = await schedule(circle, "move", number=1, to="20:30")
    assert "posts on Thursday 7 May 2026 20:30 instead of Thursday 7 May 2026 19:00" in spelled(moved)
    assert "Thu 7 May 2026 20:30" in spelled(moved)
    assert "rests" in spelled(await schedule(circle, "pause", number=1))
    assert "paused" in spelled(await schedule(circle, "list"))
    assert "goes on" in spelled(await schedule(circle, "resume", number=1))
    removed = await schedule(circle, "remove", number=1)
    assert "Nothing is scheduled here" in spelled(await schedule(circle, "list"))
    assert "goes on" in spelled(await circle.press(removed, "Undo", by=circle.clara))
    preview = await schedule(circle, "preview", number=1)
    assert "would post this next" in spelled(preview)
    assert not posts(circle.channel)
    await circle.press(preview, "Post now", by=circle.clara)
    assert len(posts(circle.channel)) == 1


async def test_a_thread_on_a_post_is_of_the_circle_that_it_is_for(circle: Circle) -> None:
    """The circle's own prompt is found from another channel, where its posts go."""
    elsewhere = circle.guild.create_text_channel("posts")
    await circle.ask("config channel", by=circle.clara, value=str(elsewhere.id))
    await circle.ask("config threads", by=circle.clara, value="off")
    await only_own_prompt(circle, "What would you have done in Kronstadt?")
    await weekly(circle)
    await schedule(circle, "run")
    (post,) = posts(elsewhere)
    assert "What would you have done in Kronstadt?" in post.content
    circle.seconds += 60
    told = await circle.press(post, "Start a thread")
    (thread,) = elsewhere.threads
    assert f"<#{thread.id}>" in text(told)
    assert "What would you have done in Kronstadt?" in text(thread.history()[0])


async def only_own_prompt(circle: Circle, question: str) -> simcord.ResponseMessage:
    """Set the reading's prompts aside, and add one."""
    for prompt in (await circle.app.library.study("price-serge")).prompts:
        circle.seconds += 60
        await circle.ask("prompts disable", by=circle.clara, prompt=prompt.id)
    return await circle.ask("prompts add", by=circle.clara, question=question, passage="7.2")


async def test_the_groups_own_prompt_is_discussed_in_its_thread_after_a_restart(circle: Circle) -> None:
    await only_own_prompt(circle, "What would you have done in Kronstadt?")
    given = await circle.ask("discuss")
    await circle.restart()
    await circle.press(given, "Start a thread")
    (thread,) = circle.threads()
    assert "What would you have done in Kronstadt?" in text(thread.history()[0])


async def test_words_of_members_are_shown_as_text_only(circle: Circle) -> None:
    await only_own_prompt(circle, HOSTILE)
    await weekly(circle)
    await schedule(circle, "run")
    (post,) = posts(circle.channel)
    (thread,) = circle.threads()
    given = await circle.ask("discuss")
    for shown in (post.content, text(given), text(await circle.ask("prompts list", by=circle.clara))):
        assert "\\@everyone" in shown
        assert "\\[masked\\](https\\://x.org)" in shown
        assert "\\</quote" in shown
    assert limits.length(thread.name or "") <= limits.THREAD_NAME
    for stored in circle.env.backend.messages[circle.channel.id].values():
        if stored.type == discord.MessageType.thread_created.value:
            continue  # Discord's own, which pings nobody
        assert (stored.ping_role_ids, stored.ping_user_ids, stored.mention_everyone) == ([], [], False)


async def test_prompts_are_added_listed_set_aside_and_taken_back(circle: Circle) -> None:
    added = await circle.ask("prompts add", by=circle.clara, question="What would you have done?", passage="7.2")
    assert "Prompt +1 is given by /discuss and by schedules" in spelled(added)
    listed = await circle.ask("prompts list", by=circle.clara, page=1)
    while "+1 (¶ 7.2): What would you have done?" not in spelled(listed):
        circle.seconds += 60
        listed = await circle.press(listed, "Next page", by=circle.clara)
    set_aside = await circle.ask("prompts disable", by=circle.clara, prompt="+1")
    assert "is set aside here now" in spelled(set_aside)
    assert "is given here now" in spelled(await circle.press(set_aside, "Undo", by=circle.clara))
    assert "already" in spelled(await circle.ask("prompts enable", by=circle.clara, prompt="+1"))


async def test_what_is_typed_is_offered_in_a_form_that_is_understood(circle: Circle) -> None:
    for typed in ("", "first", "week", "saturdays", "every 3 weeks on friday"):
        for each in await offered(circle, "schedule add", "when", typed):
            circle.seconds += 60
            shown = spelled(await schedule(circle, "add", what="prompt", when=each["value"]))
            assert "is set" in shown, each
            await schedule(circle, "remove")
    assert [each["value"] for each in await offered(circle, "schedule add", "what", "s")] == ["summary", "section"]
    assert [each["value"] for each in await offered(circle, "schedule add", "kind", "eva")] == ["evaluative"]


async def test_schedules_are_offered_by_number_with_what_and_when(circle: Circle) -> None:
    await weekly(circle)
    await schedule(circle, "add", what="quote", when="daily 08:00")
    for name in ("preview", "pause", "resume", "skip", "move", "run", "remove"):
        found = await offered(circle, f"schedule {name}", "number", "")
        assert [each["value"] for each in found] == [1, 2]
        assert found[0]["name"].startswith("1. prompt, thursdays 19:00")
    (second,) = await offered(circle, "schedule pause", "number", "2")
    assert second["name"].startswith("2. quote, daily 08:00")


async def test_the_next_days_of_a_schedule_are_offered(circle: Circle) -> None:
    await weekly(circle)
    for name in ("skip", "move"):
        found = await offered(circle, f"schedule {name}", "which", "2026-05", number=1)
        assert [each["value"] for each in found] == ["2026-05-07", "2026-05-14", "2026-05-21", "2026-05-28"]


async def test_prompts_are_offered_by_their_questions(circle: Circle) -> None:
    await circle.ask("prompts add", by=circle.clara, question="What would you have done in Kronstadt?", passage="7.2")
    (found,) = await offered(circle, "prompts disable", "prompt", "what would you have done in kron")
    assert found["name"].endswith("What would you have done in Kronstadt?")
    assert "is set aside here" in spelled(await circle.ask("prompts disable", by=circle.clara, prompt=found["value"]))


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("add", {"what": "poem", "when": "daily 08:00"}, "cannot be scheduled"),
        ("add", {"what": "prompt", "when": "when the moon is full"}, "was not understood"),
        ("add", {"what": "prompt", "when": "thursdays"}, "what time"),
        ("skip", {"number": 9}, "There is no schedule 9"),
        ("skip", {"number": 1, "which": "soon"}, "is not a day"),
        ("move", {"number": 1, "to": "99:30"}, "99:30"),
        ("run", {"number": 1, "counted": "perhaps"}, "counted is yes or no"),
    ],
)
async def test_values_are_checked_again(circle: Circle, name: str, options: dict[str, Any], said: str) -> None:
    await weekly(circle)
    assert said in spelled(await schedule(circle, name, **options))
    assert not posts(circle.channel)


async def test_a_full_list_of_schedules_fits_into_messages(circle: Circle) -> None:
    for number in range(25):
        await schedule(circle, "add", what="prompt", when=f"every 2 weeks on sunday {number % 24:02}:{number:02}")
    assert "at most 25 schedules" in spelled(await weekly(circle))
    shown = await schedule(circle, "list")
    assert len(list(components(shown))) <= limits.COMPONENTS
    assert limits.length(text(shown)) <= limits.TEXT
    assert "\n- 25. " in spelled(shown) or "Next part" in buttons(shown)
    assert len(await offered(circle, "schedule pause", "number", "")) == limits.CHOICES
