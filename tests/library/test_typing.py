"""What is typed in haste, or in another spelling, is read as it was meant; what is meant is not guessed."""

import random
from collections import Counter

import pytest

from bot.app import App
from bot.library.library import Findings
from bot.library.stems import Words, ordinary_word
from bot.library.words import words
from bot.reading import Paragraph
from tests.conftest import Ask
from tests.library.test_search import places

SLUG = "price-serge"
LAST = 23
ENGLISH = Words("en")
# Where a letter stands on the keyboard, the letters beside it.
BESIDE = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wqewrtyuioasdfghjklkxzxcvb", strict=True))


def words_of(paragraph: Paragraph, first: int, last: int) -> list[str]:
    """Return the folded words of some of its sentences."""
    return [word.text for word in words(paragraph.text[paragraph.spans[first - 1][0] : paragraph.spans[last - 1][1]])]


async def vocabulary(app: App) -> Counter[str]:
    """Return the essay's topical words of five letters and more."""
    return Counter(
        word
        for paragraph in await app.library.paragraphs(SLUG, 1, LAST)
        for word in words_of(paragraph, 1, len(paragraph.spans))
        if len(word) >= 5 and word.isalpha() and word not in ENGLISH.stop_words | ENGLISH.question_words
    )


async def first_has(app: App, findings: Findings, stem: str) -> bool:
    """Tell whether a word with this stem stands in the first passage."""
    if not findings.passages:
        return False
    place = findings.passages[0].place
    found = words_of(await app.library.paragraph(SLUG, place.paragraph), place.first, place.last)
    return stem in ENGLISH.stems(found)


def slip(word: str, dice: random.Random) -> str:
    """Leave a letter out, type it twice, one beside it, or two in the wrong order; never the first."""
    n = dice.randrange(1, len(word))
    return dice.choice(
        (
            word[:n] + word[n + 1 :],
            word[:n] + word[n] + word[n:],
            word[:n] + BESIDE[word[n]] + word[n + 1 :],
            word[: n - 1] + word[n] + word[n - 1] + word[n + 1 :] if n > 1 else word + word[-1],
        )
    )


async def test_every_word_shows_a_sentence_that_has_it(app: App) -> None:
    known = await vocabulary(app)
    assert len(known) > 600
    without = [
        word for word in known if not await first_has(app, await app.library.search(SLUG, word), ENGLISH.stem(word))
    ]
    assert not without


async def test_a_slip_in_a_word_is_seldom_in_the_way(app: App) -> None:
    known, dice = await vocabulary(app), random.Random(7)
    stems = set(ENGLISH.stems(known))
    total, missed = 0, []
    for word in dice.sample(sorted(known), 500):
        typed = slip(word, dice)
        if typed in known or ENGLISH.stem(typed) in stems or ordinary_word(ENGLISH.stem(typed)):
            continue
        total += 1
        if not await first_has(app, await app.library.search(SLUG, typed), ENGLISH.stem(word)):
            missed.append(typed)
    assert total > 300
    assert len(missed) / total < 0.03, missed


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("postiion", "20.4"),  # "post" is a word of the essay's, and no relative of what is meant
        ("catastrophy for the rusian people", "21.4"),
        ("bolshevikdictatorship", "14.1"),
        ("workers’democracy", "16.8"),
        ("wasborn in belgium", "5.1"),
        ("hart attack", "6.8"),
        ("gorge orwel", "2.2"),
        ("recognised", "22.4"),
        ("working class", "20.1"),
        ("working class quotes for my class", "20.1"),
        ("U S imperialism", "20.2"),
        ("a poet or a saint", "23.4"),
        ("poet vs saint", "23.4"),
        ("**petrograd* ^ {col}: *", "5.8"),
        ("\x00\x01malraux\x07\x1b[31m", "19.6"),
        ("SELECT * FROM t WHERE x LIKE '%cheka%'", "7.3"),
        ("most outstanding socialist author who ever lived", "2.3"),
    ],
)
async def test_what_was_meant_is_found(ask: Ask, typed: str, place: str) -> None:
    paragraph, sentence = map(int, place.split("."))
    first = places(await ask(f"/quote {typed}"))[0]
    assert first.paragraph == paragraph
    assert first.first <= sentence <= first.last


@pytest.mark.parametrize(
    "typed",
    [
        "did Trotsky like pizza? ;) ^^",
        "was Lenin a vegan ;-) >:(",
        "**pizza** ~~beer~~ serge",
        "|| pizza || Serge ~",
        "<b>Serge</b> = Elvis",
        "how much is 10% of $500 for stalin",
        "¯\\_(ツ)_/¯ lenin's dog",
        "FROM Kronstadt with pizza",
    ],
)
async def test_what_chats_write_beside_words_is_no_code(ask: Ask, typed: str) -> None:
    assert not places(await ask(f"/quote {typed}"))


async def test_what_is_parted_or_corrected_is_said(ask: Ask) -> None:
    for typed, meant in (("bolshevikdictatorship", "bolshevik dictatorship"), ("catastrophy", "catastrophe")):
        assert f"Showing results for “{meant}” for “{typed}”." in str(await ask(f"/quote {typed}"))


@pytest.mark.parametrize(
    "typed", ["warsaw", "bookchin", "redcross", "gorge", "hart", "hart party", "great purse", "U S Army"]
)
async def test_a_word_is_not_parted_or_read_as_another_where_the_text_does_not_bear_it_out(
    ask: Ask, typed: str
) -> None:
    assert not places(await ask(f"/quote {typed}"))


@pytest.mark.parametrize("typed", ["hart attack", "Gorge Orwell", "gorge", "casual", "march on the state"])
async def test_an_english_word_is_never_corrected(app: App, typed: str) -> None:
    assert not (await app.library.search(SLUG, typed)).question.corrections


async def test_only_words_of_the_text_are_parted(app: App) -> None:
    taken = (await app.library.search(SLUG, "rebelllins")).question.corrections
    assert all(" " not in used for _, used in taken)


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("nationalised", "nationalized"),
        ("organisation", "organization"),
        ("analysing", "analyzing"),
        ("labourers", "laborers"),
        ("centres", "centers"),
        ("neighbourhood", "neighborhood"),
        ("practised", "practiced"),
        ("favourably", "favorable"),
        ("economise", "economize"),
    ],
)
def test_spellings_of_two_countries_have_one_stem(british: str, american: str) -> None:
    assert ENGLISH.stem(british) == ENGLISH.stem(american)


@pytest.mark.parametrize("pair", [("improvise", "improve"), ("paradise", "parade"), ("flour", "floor")])
def test_words_that_only_end_alike_keep_their_own_stems(pair: tuple[str, str]) -> None:
    assert ENGLISH.stem(pair[0]) != ENGLISH.stem(pair[1])


@pytest.mark.parametrize("pair", [("precise", "precisely"), ("concise", "concisely"), ("televise", "television")])
def test_families_without_a_british_ending_stay_together(pair: tuple[str, str]) -> None:
    assert ENGLISH.stem(pair[0]) == ENGLISH.stem(pair[1])
