"""Buttons: each is a command, works after a restart, and turns pages for the one who asked."""

from datetime import timedelta
from typing import Any

import discord
import pytest
from discord import ui

from bot.platforms.discord import limits
from bot.platforms.discord.custom_id import COMMAND, LONGEST_LINE, Press
from bot.platforms.discord.presses import NOT_KEPT, OUTDATED
from bot.store.button_lines import key_of
from tests.platforms.discord.circle import Circle, answer, buttons, text

LONG = "Cheka terror and the secret hearings of the political police instead of public tribunals in the first year"


def clickable(circle: Circle, sentence: str) -> str:
    return sentence.replace("/help", f"</help:{circle.bot.mentions['help']}>")


async def test_a_button_answers_with_a_message_of_its_own(circle: Circle) -> None:
    first = await circle.ask("quote", words="Cheka")
    second = await circle.press(first, "Another", by=circle.boris)
    assert second.id != first.id
    assert text(second) != text(first)
    assert not second.ephemeral


async def test_every_button_of_every_answer_does_something(circle: Circle) -> None:
    asked: tuple[tuple[str, dict[str, Any]], ...] = (
        ("quote", {"words": "Cheka"}),
        ("search", {"words": "Serge"}),
        ("read", {"place": "2"}),
        ("contents", {}),
        ("summary", {"section": "2"}),
        ("glossary", {"term": "Cheka"}),
        ("cite", {}),
        ("help", {}),
        ("about", {}),
    )
    for name, options in asked:
        message = await circle.ask(name, **options)
        for label in buttons(message):
            circle.seconds += 60
            assert "Something went wrong" not in text(await circle.press(message, label)), (name, label)


async def test_a_button_of_a_private_answer_answers_privately(circle: Circle) -> None:
    first = await circle.ask("quote", words="Cheka", private=True)
    assert (await circle.press(first, "Another")).ephemeral
    assert not circle.posted()


async def test_the_one_who_asked_turns_the_page_in_place(circle: Circle) -> None:
    first = await circle.ask("search", words="Serge")
    assert "page 1 of" in text(first)
    second = await circle.press(first, "Next page")
    assert second.id == first.id
    assert "page 2 of" in text(second)
    assert "page 3 of" in text(await circle.press(second, "Next page"))
    assert "page 2 of" in text(await circle.press(second, "Page before"))
    assert len(circle.posted()) == 1


async def test_anyone_else_gets_the_page_privately_and_turns_on_there(circle: Circle) -> None:
    first = await circle.ask("search", words="Serge")
    other = await circle.press(first, "Next page", by=circle.boris)
    assert other.id != first.id
    assert other.ephemeral
    assert "page 2 of" in text(other)
    assert "page 1 of" in text(first)
    third = await circle.press(other, "Next page", by=circle.boris)
    assert third.id == other.id
    assert "page 3 of" in text(third)


async def test_buttons_work_after_a_restart(circle: Circle) -> None:
    quoted, searched, private = (
        await circle.ask("quote", words="Cheka"),
        await circle.ask("search", words="Serge"),
        await circle.ask("quote", words="Cheka", private=True),
    )
    prompt = await circle.ask("discuss", about="Cheka", kind="interpretive")
    await circle.restart()
    assert "¶" in text(await circle.press(quoted, "Another"))
    assert "page 2 of" in text(await circle.press(searched, "Next page"))
    assert (await circle.press(searched, "Next page", by=circle.boris)).ephemeral
    assert not (await circle.press(private, "Post here")).ephemeral
    assert (await circle.press(prompt, "Poll")).message.poll
    assert "<#" in text(await circle.press(prompt, "Start a thread"))


async def test_a_line_too_long_for_a_button_is_kept_under_a_key(circle: Circle) -> None:
    message = await circle.ask("quote", words=LONG)
    custom_id = buttons(message)["Another"]
    assert custom_id.startswith("k1#")
    assert len(custom_id) <= limits.CUSTOM_ID
    await circle.restart()
    assert "¶" in text(await circle.press(message, "Another"))


async def test_a_line_that_is_no_longer_kept_says_so(circle: Circle) -> None:
    message = await circle.ask("quote", words=LONG)
    async with circle.app.button_lines._state.write() as transaction:
        await transaction.run("DELETE FROM button_line")
    told = await circle.press(message, "Another")
    assert told.ephemeral
    assert text(told) == clickable(circle, NOT_KEPT)


async def test_an_outdated_button_says_so_and_how_to_ask_again(circle: Circle) -> None:
    channel = circle.bot.get_channel(circle.channel.id)
    assert isinstance(channel, discord.TextChannel)
    for number, custom_id in enumerate(("k0:quote Cheka", "k2:quote Cheka", "quote", "k1future:x")):
        shown = ui.View(timeout=None)
        shown.add_item(ui.Button(label=str(number), custom_id=custom_id))
        shown.stop()
        message = await channel.send("An old message.", view=shown)
        told = answer(await circle.anna.click(message, label=str(number)))
        assert told.ephemeral
        assert text(told) == clickable(circle, OUTDATED)


async def test_equal_lines_are_one_button(circle: Circle) -> None:
    for label in ("Contents", "Cite"):
        message = await circle.ask("about")
        assert list(buttons(message)).count(label) == 1
        assert len(set(buttons(message).values())) == len(buttons(message))


@pytest.mark.parametrize("length", [1, 90, 97, 98, 99, 500, LONGEST_LINE])
@pytest.mark.parametrize("sign", ["x", "é", "ж", "🙂", "\ud800"])
def test_what_a_button_carries_fits_whatever_the_line(length: int, sign: str) -> None:
    for press in (Press(COMMAND, sign * length), Press(COMMAND, sign * length, 2**64 - 1, 9999)):
        assert limits.length(press.custom_id) <= limits.CUSTOM_ID
        assert press.is_kept == press.custom_id.endswith(f"#{key_of(sign * length)}")


async def test_old_lines_are_forgotten(circle: Circle) -> None:
    lines = circle.app.button_lines
    await lines.keep(["old"], circle.app.now() - timedelta(days=400))
    await lines.keep(["new"], circle.app.now() - timedelta(days=300))
    await circle.app.upkeep.forget()
    assert await circle.app.button_lines.line(key_of("old")) is None
    assert await circle.app.button_lines.line(key_of("new")) == "new"


async def test_nothing_of_a_view_is_kept_in_memory(circle: Circle) -> None:
    for _ in range(5):
        await circle.ask("quote", words="Cheka", private=True)
        await circle.ask("search", words="Serge")
    store = circle.bot._connection._view_store
    assert not store._views
    assert not store._synced_message_views
    known = set(store._dynamic_items)
    await circle.env.advance_time(16 * 60)
    assert set(store._dynamic_items) == known, "a private view took the buttons with it"
