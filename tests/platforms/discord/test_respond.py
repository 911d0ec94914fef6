"""Answers come in time, once, and to whom they concern, whatever happens."""

import asyncio
import sqlite3
from dataclasses import replace
from typing import Any

import pytest

from bot.caller import Caller
from bot.commands import BUG, command
from bot.errors import UserError
from bot.features.quotes import Quotes
from bot.platforms.discord.respond import PATIENCE
from bot.reply import Bullets, Prose, Reply
from tests.platforms.discord.circle import Circle, answer, buttons, text


def answering(monkeypatch: pytest.MonkeyPatch, reply: Reply | Exception, seconds: float = 0) -> None:
    """Make /quote answer so, after some time."""

    async def quote(self: Quotes, caller: Caller, words: str = "", section: str = "", after: str = "") -> Reply:
        """Quote.

        Args:
            words: Words.
            section: Section.
            after: After.
        """
        if seconds:
            await asyncio.sleep(seconds)
        if isinstance(reply, Exception):
            raise reply
        return reply

    monkeypatch.setattr(Quotes, "quote", quote)


def callbacks(circle: Circle) -> list[dict[str, Any]]:
    """Return the first answers that were sent to Discord."""
    return [each.json or {} for each in circle.env.http_requests if each.path.endswith("/callback")]


async def test_a_quick_answer_is_sent_at_once(circle: Circle) -> None:
    await circle.ask("quote", words="Cheka")
    assert [each["type"] for each in callbacks(circle)] == [4]


@pytest.mark.parametrize("private", [False, True])
async def test_a_slow_answer_is_announced_to_those_who_will_see_it(
    circle: Circle, monkeypatch: pytest.MonkeyPatch, private: bool
) -> None:
    answering(monkeypatch, Reply("Late", (Prose("But here."),)), PATIENCE + 0.2)
    message = await circle.ask("quote", private=private)
    assert [each["type"] for each in callbacks(circle)] == [5]
    assert message.ephemeral == private
    assert "But here" in text(message)


async def test_a_slow_error_is_told_to_nobody_else(circle: Circle, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, UserError("There is no such thing."), PATIENCE + 0.2)
    message = await circle.ask("quote")
    assert message.ephemeral
    assert text(message) == "There is no such thing."
    assert not circle.posted()


async def test_a_slow_reply_that_turns_out_private_is_seen_by_nobody_else(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, Reply("Yours", (Prose("Alone."),), private=True), PATIENCE + 0.2)
    assert (await circle.ask("quote")).ephemeral
    assert not circle.posted()


async def test_a_slow_page_is_turned_in_place(circle: Circle, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await circle.ask("search", words="Serge")
    search = circle.app.search.search

    async def slowly(*given: Any, **named: Any) -> Reply:
        await asyncio.sleep(PATIENCE + 0.2)
        return await search(*given, **named)

    named = replace(circle.app.commands.named("search"), run=slowly)
    monkeypatch.setattr(circle.app.commands, "_by_name", {"search": named})
    assert "page 2 of" in text(await circle.press(first, "Next page"))
    assert [each["type"] for each in callbacks(circle)] == [4, 6]
    assert len(circle.posted()) == 1


@pytest.mark.goes_wrong
@pytest.mark.parametrize("seconds", [0, PATIENCE + 0.2])
async def test_a_bug_is_logged_whole_and_told_as_one_sentence(
    circle: Circle, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, seconds: float
) -> None:
    answering(monkeypatch, RuntimeError("secret detail"), seconds)
    message = await circle.ask("quote")
    assert message.ephemeral
    assert text(message) == BUG
    assert "secret detail" in caplog.text
    assert not circle.posted()


@pytest.mark.goes_wrong
async def test_an_answer_that_discord_refuses_is_told_as_one_sentence(circle: Circle) -> None:
    circle.env.inject_error("POST", "/interactions/*/*/callback", status=400, code=50035)
    assert text(await circle.ask("quote", words="Cheka")) == BUG


@pytest.mark.parametrize(("status", "code"), [(404, 10062), (400, 40060)], ids=["late", "twice"])
async def test_an_answer_that_discord_does_not_wait_for_any_more_is_no_bug(
    circle: Circle, status: int, code: int
) -> None:
    circle.env.inject_error("POST", "/interactions/*/*/callback", status=status, code=code)
    result = await circle.anna.slash(circle.channel, "quote", words="Cheka")
    assert not result.acknowledged
    assert text(await circle.ask("quote", words="Cheka"))


async def test_a_long_reply_is_shown_in_parts_that_lose_nothing(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = tuple(f"Item {number} of many, with **signs** and @everyone." for number in range(300))
    answering(monkeypatch, Reply("Long", (Bullets(items),)))
    monkeypatch.setattr(
        circle.app.commands, "_by_name", {"quote": command("quote", circle.app.quotes.quote, rest="words")}
    )
    message = await circle.ask("quote", words="long")
    shown = text(message)
    assert "(1 of " in shown
    while "Next part" in buttons(message):
        circle.seconds += 60
        message = await circle.press(message, "Next part")
        assert len(text(message)) <= 4000
        shown += text(message)
    assert "Part before" in buttons(message)
    assert [number for number in range(300) if f"Item {number} of many" not in shown] == []


@pytest.mark.goes_wrong
async def test_a_state_database_that_is_locked_is_told_as_one_sentence(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.state.State.write", _locked)
    message = await circle.ask("discuss")
    assert message.ephemeral
    assert text(message) == BUG
    assert "Cheka" in text(await circle.ask("search", words="Cheka"))
    monkeypatch.setattr("bot.store.state.State.all", _locked)
    assert text(await circle.ask("discuss")) == BUG
    # A circle whose settings were not read lately.
    circle.channel = circle.guild.create_text_channel("another")
    message = await circle.ask("contents")
    assert message.ephemeral
    assert text(message) == BUG


def _locked(*_: Any, **__: Any) -> Any:
    raise sqlite3.OperationalError("database is locked")


async def test_an_old_command_says_so(circle: Circle) -> None:
    from bot.platforms.discord.bot import UNKNOWN_COMMAND

    circle.bot.tree.remove_command("quote")
    told = answer(await circle.anna.slash(circle.channel, "quote"))
    assert told.ephemeral
    assert text(told) == UNKNOWN_COMMAND


async def test_direct_messages_are_a_circle_of_their_own(circle: Circle) -> None:
    result = await circle.anna.user.slash("quote", words="Cheka")
    assert "Cheka" in text(answer(result))
    assert "Deleted" in text(answer(await circle.anna.user.slash("privacy delete", what="group")))
