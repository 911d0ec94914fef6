"""Reading the text as it stands."""

import pytest

from bot.app import App
from bot.errors import UserError
from bot.reply import Bullets
from tests.conftest import Ask


async def test_the_pages_of_all_sections_are_the_whole_text(ask: Ask, app: App) -> None:
    read = []
    for section in range(1, 6):
        line = f"/read {section}"
        while line:
            reply = await ask(line)
            read += [quotation.text for quotation in reply.quotations]
            line = next((action.line for action in reply.actions if action.label == "Next page"), "")
    assert read == [paragraph.text for paragraph in await app.library.paragraphs("price-serge", 1, 23)]


@pytest.mark.parametrize("place", ["¶7", "p7", "p. 7", "¶ 7", "para 7", "paragraph 7"])
async def test_a_paragraph_is_named_in_the_ways_people_write(ask: Ask, place: str) -> None:
    (quotation,) = (await ask(f"/read {place}")).quotations
    assert str(quotation.address) == "price-serge ¶7.1-5"


async def test_sentences_can_be_read(ask: Ask) -> None:
    (quotation,) = (await ask("/read 7.2-3")).quotations
    assert quotation.text.startswith("He declared")
    assert quotation.text.endswith("p. 7).")


@pytest.mark.parametrize("place", ["3", "§3", "section 3", "authoritarian", "Authoritarain Defense", "leninism"])
async def test_a_section_is_named_by_number_or_words_of_its_heading(ask: Ask, place: str) -> None:
    assert (await ask(f"/read {place}")).title.startswith("3. His Authoritarian Defense of Leninism")


@pytest.mark.parametrize("place", ["¶24", "¶0", "7.9", "9", "kittens", "serge", "¶7.3-1"])
async def test_a_place_that_is_not_there_is_refused_in_words(ask: Ask, place: str) -> None:
    with pytest.raises(UserError, match=r"¶ \d|section"):
        await ask(f"/read {place}")


async def test_contents_list_every_section_with_its_paragraphs_and_time(ask: Ask) -> None:
    reply = await ask("/contents")
    (listed,) = (piece for piece in reply.pieces if isinstance(piece, Bullets))
    assert listed.items[1] == "2. Criticisms of the Bolsheviks: ¶ 7–10, about 2 minutes"
    assert len(listed.items) == 5
