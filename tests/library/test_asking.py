"""What a question asks for beyond its topics: an age, a date, somebody's name, or nothing at all."""

import pytest

from tests.conftest import Ask


@pytest.mark.parametrize("question", ["how old was Emma Goldman", "what did Orwell look like"])
async def test_who_asks_for_what_is_not_told_gets_nothing(ask: Ask, question: str) -> None:
    assert not (await ask(f"/quote {question}")).quotations


async def test_an_age_that_is_told_is_found(ask: Ask) -> None:
    found = await ask("/quote how old was he when he died")
    assert "at 57" in found.quotations[0].text


@pytest.mark.parametrize("question", ["in which year did he break with Trotsky", "what year did Trotsky and he break"])
async def test_who_asks_for_a_date_gets_the_sentence_that_has_one(ask: Ask, question: str) -> None:
    found = await ask(f"/quote {question}")
    assert "1937" in found.quotations[0].text


async def test_a_given_name_one_slip_away_is_corrected_though_it_is_a_word(ask: Ask) -> None:
    found = await ask("/quote Gorge Orwell")
    assert "George Orwell" in found.quotations[0].text
    assert not (await ask("/quote the gorge")).quotations


async def test_a_pasted_query_asks_for_nothing(ask: Ask) -> None:
    assert not (await ask("/quote '; DROP TABLE sentences; --")).quotations
