"""What the reading has to say to a message."""

import pytest

from bot.app import App
from bot.errors import UserError
from bot.features.messages import quotations_in
from bot.reply import Question, Quote
from tests.conftest import CALLER


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("He wrote “one two three” and “four five six”.", ["one two three", "four five six"]),
        ('He wrote "one two three".', ["one two three"]),
        ("„one two three“ and «four five six»", ["one two three", "four five six"]),
        ("> one two three\nWhat is that?", ["one two three"]),
        ("They called him a “pet anarchist”.", []),
        ("“one two three” and “one two three”", ["one two three"]),
        ("no quotation at all", []),
    ],
)
def test_quotations_are_found_by_their_marks(message: str, found: list[str]) -> None:
    assert quotations_in(message) == found


async def test_of_a_long_message_the_sentence_counts_that_the_reading_answers(app: App) -> None:
    chatter = "We had a long evening with tea and biscuits and a lot of laughter. " * 3
    reply = await app.messages.find(CALLER, f"{chatter}What happened at Kronstadt? {chatter}")
    (quoted,) = [piece.quotation for piece in reply.pieces if isinstance(piece, Quote)]
    assert "Kronstadt" in quoted.text


async def test_a_quotation_that_is_there_is_not_followed_by_another_passage(app: App) -> None:
    reply = await app.messages.find(
        CALLER, "“self-inflicted death in 1918” is about the Cheka, and what about Kronstadt?"
    )
    assert [str(each.address.place) for each in reply.quotations] == ["7.3"]


async def test_there_is_always_something_to_discuss(app: App) -> None:
    for message in ("The Cheka was the turning point.", "xylophone"):
        reply = await app.messages.discuss(CALLER, message)
        assert any(isinstance(piece, Question) for piece in reply.pieces)


async def test_without_words_there_is_nothing_to_look_for(app: App) -> None:
    for ask in (app.messages.find, app.messages.discuss):
        with pytest.raises(UserError, match="no words"):
            await ask(CALLER, "🙂")
