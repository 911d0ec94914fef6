"""What can be done with a message: find it in the reading, and discuss it."""

import discord
import pytest

from tests.platforms.discord.circle import ALLOWED, Circle, buttons, text

FIND, DISCUSS = "Find in the reading", "Discuss this"


async def test_a_quotation_in_a_message_is_verified(circle: Circle) -> None:
    message = await circle.boris.send(circle.channel, "He said “self-inflicted death in 1918”, I think.")
    found = await circle.menu(FIND, message)
    assert found.ephemeral
    assert "Word for word" in text(found)
    assert "¶ 7.3" in text(found)


async def test_a_wrong_quotation_is_told_from_the_text(circle: Circle) -> None:
    message = await circle.boris.send(circle.channel, '"self-inflicted birth in 1918" is what he wrote')
    assert "Nearly, not word for word" in text(await circle.menu(FIND, message))


async def test_the_passage_nearest_to_a_message_is_quoted(circle: Circle) -> None:
    message = await circle.boris.send(
        circle.channel, "I had coffee and then a long walk. What did they do at Kronstadt to the sailors? Well."
    )
    found = await circle.menu(FIND, message)
    assert "Kronstadt" in text(found)
    assert "Post here" in buttons(found)


async def test_a_message_that_the_reading_does_not_answer_is_told_so(circle: Circle) -> None:
    message = await circle.boris.send(circle.channel, "xylophone zebra quux")
    assert "Nothing found" in text(await circle.menu(FIND, message))


async def test_a_message_without_words_is_told_so(circle: Circle) -> None:
    message = await circle.boris.send(circle.channel, "🙂🙂")
    assert "no words in this message" in text(await circle.menu(FIND, message))


async def test_discussing_a_message_opens_a_thread_on_it(circle: Circle) -> None:
    message = await circle.boris.send(circle.channel, "The Cheka was the turning point.")
    told = await circle.menu(DISCUSS, message)
    (thread,) = circle.threads()
    assert told.ephemeral
    assert f"<#{thread.id}>" in text(told)
    assert thread.id == message.id
    (opening,) = thread.history()
    assert "Cheka" in text(opening)
    assert "Follow-ups" in text(opening)


async def test_any_message_can_be_discussed(circle: Circle) -> None:
    message = await circle.boris.send(circle.channel, "xylophone zebra quux")
    await circle.menu(DISCUSS, message)
    assert len(circle.threads()) == 1


async def test_where_no_thread_may_be_opened_no_prompt_is_used_up(circle: Circle) -> None:
    denied = discord.PermissionOverwrite(create_public_threads=False)
    circle.channel = circle.guild.create_text_channel(
        "quiet", overwrites={circle.guild.default_role: ALLOWED, circle.anna: denied}
    )
    message = await circle.boris.send(circle.channel, "The Cheka was the turning point.")
    told = await circle.menu(DISCUSS, message)
    assert told.ephemeral
    assert "You need the permission “Create Public Threads” in #quiet" in text(told)
    assert "Nothing." in text(await circle.ask("privacy show", by=circle.clara))


async def test_an_answer_of_the_bots_own_has_words_too(circle: Circle) -> None:
    quoted = await circle.ask("quote", words="Kronstadt")
    assert "Kronstadt" in text(await circle.menu(FIND, quoted))
    await circle.menu(DISCUSS, quoted)
    assert len(circle.threads()) == 1


async def embedded(circle: Circle, said: str, objections: list[str]) -> discord.Message:
    """Send a message that has its words in an embed."""
    channel = circle.bot.get_channel(circle.channel.id)
    assert isinstance(channel, discord.TextChannel)
    message = await channel.send(embed=discord.Embed(description=said))
    objections.clear()  # discord.py says of embeds what Discord's document does not name
    return message


async def test_what_is_only_embedded_is_found(circle: Circle, objections: list[str]) -> None:
    message = await embedded(circle, "Kronstadt and the sailors", objections)
    assert "sailors" in text(await circle.menu(FIND, message))


@pytest.mark.parametrize(
    "said",
    ["Kronstadt " * 400, "“self-inflicted birth in 1918” " * 120, "_" * 3999 + "a", "> a b c * @everyone\n" * 190],
)
async def test_the_longest_messages_are_answered_in_one_message(
    circle: Circle, objections: list[str], said: str
) -> None:
    message = await embedded(circle, said, objections)
    for menu in (FIND, DISCUSS):
        shown = text(await circle.menu(menu, message))
        assert shown
        assert "@everyone" not in shown.replace(r"\@everyone", "")
