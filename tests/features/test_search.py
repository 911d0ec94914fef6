"""Searching: every passage, best first, in pages."""

import pytest

from bot.errors import UserError
from tests.conftest import Ask


async def test_the_first_passage_is_the_one_that_quote_gives(ask: Ask) -> None:
    for words in ("Cheka", "Lenin Trotsky Stalin", "workers", "how did he die"):
        assert (await ask(f"/search {words}")).quotations[0] == (await ask(f"/quote {words}")).quotations[0]


async def test_pages_hold_ten_and_together_every_passage_once(ask: Ask) -> None:
    places = []
    reply = await ask("/search Serge")
    while True:
        places += [quotation.address.place for quotation in reply.quotations]
        further = [action.line for action in reply.actions if action.label == "Next page"]
        if not further:
            break
        assert len(reply.quotations) == 10
        reply = await ask(further[0])
    assert len(places) > 20
    assert not any(one.overlaps(other) for n, one in enumerate(places) for other in places[:n])


async def test_the_words_asked_for_are_marked(ask: Ask) -> None:
    (quotation,) = (await ask("/search mediation Berkman")).quotations[:1]
    marked = [quotation.text[start:end] for start, end in quotation.marks]
    assert {"mediation", "Berkman"} <= set(marked)


async def test_free_text_is_or_like(ask: Ask) -> None:
    reply = await ask("/search Kronstadt sailors cooperatives Malraux POUM")
    assert {quotation.address.place.paragraph for quotation in reply.quotations} >= {9, 10, 18, 19}


async def test_a_page_that_is_not_there_is_refused_in_words(ask: Ask) -> None:
    with pytest.raises(UserError, match="only page 1"):
        await ask("/search Durruti page:2")
    with pytest.raises(UserError, match="whole number"):
        await ask("/search Durruti page:two")
