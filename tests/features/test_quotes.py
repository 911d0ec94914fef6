"""Quoting: the best passage, another, and one that the group has not had lately."""

import pytest

from bot.app import App
from bot.caller import Caller
from bot.errors import UserError
from bot.reply import Prose
from tests.conftest import Ask


async def test_the_word_asked_for_is_quoted_with_its_voice_and_address(ask: Ask) -> None:
    (quotation,) = (await ask("/quote self-inflicted death")).quotations
    assert "self-inflicted death in 1918" in quotation.text
    assert str(quotation.voice) == "Wayne Price, quoting Victor Serge (in Weissman 2001, p. 7)"
    assert quotation.address.place.paragraph == 7
    assert quotation.section == 2


async def test_a_quotation_is_one_to_three_whole_sentences_of_one_paragraph(ask: Ask, app: App) -> None:
    for words in ("Cheka", "Trotsky Stalin", "anarchism power", "Kronstadt", "what did Sontag speculate"):
        (quotation,) = (await ask(f"/quote {words}")).quotations
        place = quotation.address.place
        paragraph = await app.library.paragraph("price-serge", place.paragraph)
        start, end = paragraph.spans[place.first - 1][0], paragraph.spans[place.last - 1][1]
        assert quotation.text == paragraph.text[start:end]
        assert place.last - place.first < 3


async def test_another_follows_the_ranking_and_ends(ask: Ask) -> None:
    reply = await ask("/quote Trotsky")
    places = []
    while reply.quotations:
        places.append(reply.quotations[0].address.place)
        another = [action.line for action in reply.actions if action.label == "Another"]
        if not another:
            break
        reply = await ask(another[0])
        assert len(places) < 150
    assert len(places) > 10
    assert len(set(places)) == len(places), "no passage comes twice"
    assert any(isinstance(piece, Prose) and "last passage" in piece.text for piece in reply.pieces)


async def test_the_same_question_gets_the_same_answer(ask: Ask) -> None:
    assert await ask("/quote Kronstadt sailors") == await ask("/quote Kronstadt sailors")


async def test_a_misspelt_name_is_corrected_and_that_is_said(ask: Ask) -> None:
    reply = await ask("/quote Kronstatd")
    assert "Kronstadt" in reply.quotations[0].text
    assert any(isinstance(piece, Prose) and "“Kronstadt” for “kronstatd”" in piece.text for piece in reply.pieces)


@pytest.mark.parametrize("words", ["bottle", "weather", "pizza recipe", "Bakunin", "the Paris Commune"])
async def test_what_the_text_does_not_treat_is_not_answered(ask: Ask, words: str) -> None:
    reply = await ask(f"/quote {words}")
    assert reply.title == "Nothing found"
    assert not reply.quotations
    assert reply.suggestions


@pytest.mark.parametrize("words", ['"', "🙂", "???", "'", "the", "\u200f\u202e", "…—…"])
async def test_a_question_without_a_searchable_word_finds_nothing(ask: Ask, words: str) -> None:
    assert (await ask(f"/quote {words}")).title == "Nothing found"


async def test_the_section_limits_where_is_looked(ask: Ask) -> None:
    for section in ("4", "Moves", "section:4"):
        named = section if section.startswith("section:") else f"section:{section}"
        (quotation,) = (await ask(f"/quote Trotsky {named}")).quotations
        assert quotation.section == 4


async def test_an_unknown_section_is_refused_with_those_there_are(ask: Ask) -> None:
    with pytest.raises(UserError, match="3 His Authoritarian Defense of Leninism"):
        await ask("/quote Trotsky section:9")


async def test_without_words_nothing_comes_again_before_the_rest_has(ask: Ask) -> None:
    given = [(await ask("/quote section:5")).quotations[0].address.place for _ in range(6)]
    assert len(set(given)) == 6
    assert all(place.first == place.last for place in given)


async def test_each_group_has_its_own_memory(ask: Ask, app: App) -> None:
    one = [(await ask("/quote section:5", Caller("a", "test:a"))).quotations[0].address for _ in range(6)]
    assert set(one) == {
        (await ask("/quote section:5", Caller("b", "test:b"))).quotations[0].address for _ in range(6)
    } | set(one)


async def test_misprints_are_marked_beside_the_untouched_text(ask: Ask) -> None:
    (quotation,) = (await ask("/quote naval base was conquered")).quotations
    (erratum,) = quotation.errata
    assert quotation.text[erratum.start : erratum.end] == "naval bae"
    assert erratum.corrected == "naval base"
