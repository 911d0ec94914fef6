"""The glossary and the timeline."""

import pytest

from bot.app import App
from bot.reply import Bullets, Claims, Prose, Reply
from tests.conftest import Ask


def said(reply: Reply) -> str:
    return " ".join(
        [piece.text for piece in reply.pieces if isinstance(piece, Prose)]
        + [claim.text for piece in reply.pieces if isinstance(piece, Claims) for claim in piece.claims]
        + [item for piece in reply.pieces if isinstance(piece, Bullets) for item in piece.items]
    )


@pytest.mark.parametrize("term", ["Cheka", "cheka", "CHEKA", "Extraordinary Commission", "Chekka", "“Cheka”"])
async def test_an_entry_is_found_by_name_alias_and_misspelling(ask: Ask, term: str) -> None:
    reply = await ask(f"/glossary {term}")
    assert reply.title == "Cheka (organisation)"
    assert "Mentioned in ¶ 7." in said(reply)


async def test_every_entry_is_found_by_its_own_name(ask: Ask, app: App) -> None:
    for entry in (await app.library.study("price-serge")).glossary:
        assert (await ask(f"/glossary {entry.term}")).title == f"{entry.term} ({entry.kind})"


async def test_mentions_are_the_paragraphs_that_name_it(ask: Ask) -> None:
    assert "¶ 2, ¶ 21." in said(await ask("/glossary Susan Sontag"))


async def test_a_year_gives_what_the_text_dates_to_it(ask: Ask) -> None:
    assert "Kronstadt" in said(await ask("/glossary 1921"))
    assert "dates nothing to 1848" in said(await ask("/glossary 1848"))


async def test_without_a_term_all_are_listed(ask: Ask, app: App) -> None:
    listed = said(await ask("/glossary"))
    assert all(entry.term in listed for entry in (await app.library.study("price-serge")).glossary)


async def test_an_unknown_term_finds_nothing(ask: Ask) -> None:
    assert (await ask("/glossary Bakunin")).title == "Nothing found"
