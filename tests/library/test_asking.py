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


async def test_a_given_name_one_slip_away_finds_its_bearer_though_it_is_a_word(ask: Ask) -> None:
    found = await ask("/quote Gorge Orwell")
    assert "George Orwell" in found.quotations[0].text
    assert not (await ask("/quote the gorge")).quotations


async def test_a_pasted_query_asks_for_nothing(ask: Ask) -> None:
    assert not (await ask("/quote '; DROP TABLE sentences; --")).quotations


@pytest.mark.parametrize(
    "question",
    ["how do I start a union at my work", "should we get rid of the police altogether", "will AI take our jobs"],
)
async def test_who_asks_for_advice_or_what_is_to_come_gets_nothing(ask: Ask, question: str) -> None:
    assert not (await ask(f"/quote {question}")).quotations


async def test_advice_that_the_essay_does_give_is_found(ask: Ask) -> None:
    found = await ask("/quote should we follow him")
    assert "I do not find him a model" in found.quotations[0].text
    assert (await ask("/quote how do I find the passage on Kronstadt")).quotations


@pytest.mark.parametrize("question", ["where does Wayne Price live", "what else has Price written", "how old is Price"])
async def test_the_authors_own_life_is_not_the_one_that_the_essay_tells(ask: Ask, question: str) -> None:
    assert not (await ask(f"/quote {question}")).quotations
    assert (await ask("/quote what does Price think of Kronstadt")).quotations


@pytest.mark.parametrize("question", ["how did Emma Goldman die", "what had Berkman been in prison for"])
async def test_a_name_alone_does_not_answer_what_is_asked_about_it(ask: Ask, question: str) -> None:
    assert not (await ask(f"/quote {question}")).quotations
    assert "Goldman" in (await ask("/quote what did Emma Goldman offer")).quotations[0].text


async def test_how_somebody_died_is_told_by_the_cause(ask: Ask) -> None:
    assert "heart attack" in (await ask("/quote what did he die of")).quotations[0].text
    assert "murdered" in (await ask("/quote how did Trotsky die")).quotations[0].text
    assert not (await ask("/quote what did Lenin die of")).quotations


async def test_a_name_that_looks_like_a_slip_is_no_slip(ask: Ask) -> None:
    assert not (await ask("/quote why did Franco win")).quotations


async def test_two_capitals_are_a_name_and_no_scrap(ask: Ask) -> None:
    assert not (await ask("/quote what does AI mean for workers")).quotations
    assert (await ask("/quote what does it mean for workers")).quotations
