"""Text and question are turned into the same words, however either is written."""

import unicodedata
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.library import english
from bot.library.stems import Words, ordinary_word, root
from bot.library.words import compounds, fold, words, years
from tests.library.shelf import open_shelf, write_reading

# Two ways to write the same: whichever the text has, the other finds it.
SAME = [
    ("Serge’s letters", "Serge's letters"),
    ("Serge’s letters", "Serge letters"),
    ("the sailors’ revolt", "the sailors' revolt"),
    ("the sailors’ revolt", "sailors revolt"),
    ("the baker`s oven", "the baker´s oven"),
    ("“degenerated” states", '"degenerated" states'),
    ("the émigrés", "the emigres"),
    ("the émigrés", unicodedata.normalize("NFD", "émigrés")),
    ("André and Łódź", "andre and lodz"),
    ("Ørsted", "Orsted"),
    ("KRONSTADT", "kronstadt"),
    ("N.E.P.", "NEP"),
    ("N.E.P.", "nep"),
    ("N.E.P.", "n.e.p"),
    ("the P.O.U.M.", "poum"),
    ("the U.S. fleet", "the US fleet"),
    ("the U.S.", "U.S"),
    ("anarcho-syndicalists", "anarchosyndicalists"),
    ("anarcho-syndicalists", "anarcho syndicalists"),
    ("anarcho–syndicalists", "anarcho-syndicalists"),
    ("anarcho‑syndicalists", "anarchosyndicalists"),
    ("counterrevolution", "counter-revolution"),
    ("counterrevolution", "counter revolution"),
    ("withTrotsky", "Trotsky"),
    ("anarchists,they", "anarchists"),
    ("withÉmile", unicodedata.normalize("NFD", "withÉmile")),
    (unicodedata.normalize("NFD", "withÉmile"), "Emile"),
    ("ﬁnances and oﬀicers", "finances and officers"),
    ("Ｋｒｏｎｓｔａｄｔ", "Kronstadt"),
    ("1920–21", "1921"),
    ("1920–21", "1920-21"),
    ("Революция", "революция"),
    ("ёлка", "елка"),
    ("हिन्दी", "हिन्दी"),
    ("क्‍षत्रिय", "क्षत्रिय"),
    ("co\u00adoperatives", "cooperatives"),
    ("Straße", "STRASSE"),
    ("cooperatives", "cooperative"),
    ("executed", "executions"),
    ("shot", "shooting"),
    ("defence", "defense"),
]
# Who asks for 1920–21 does not ask for every text with 1921, and a word is not taken apart where both its halves stand.
ONE_WAY = {("1920–21", "1921"), ("counterrevolution", "counter revolution")}

FILLER = (
    "Weather reports mention rain over several harbours.",
    "Gardens grow slowly where the soil is poor.",
    "A violin needs new strings every winter.",
    "Mathematicians prove theorems before breakfast.",
)


async def first_answer(tmp_path: Path, text: str, question: str) -> str:
    """Return the paragraph that answers first in a text in which one paragraph has ``text``; empty if none does."""
    write_reading(tmp_path / "data" / "made-up", [*FILLER[:2], f"Here stands {text} alone.", *FILLER[2:]])
    async with AsyncExitStack() as stack:
        library = await open_shelf(stack, tmp_path)
        found = (await library.search("made-up", question)).passages
        return (await library.paragraph("made-up", found[0].place.paragraph)).text if found else ""


@pytest.mark.parametrize(("one", "other"), SAME)
async def test_the_text_is_found_however_it_is_written(tmp_path: Path, one: str, other: str) -> None:
    assert one in await first_answer(tmp_path, one, other)


@pytest.mark.parametrize(("other", "one"), [pair for pair in SAME if pair not in ONE_WAY])
async def test_and_the_other_way_round(tmp_path: Path, other: str, one: str) -> None:
    assert one in await first_answer(tmp_path, one, other)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("they told us nothing", "U.S."),
        ("they told us nothing", "US"),
        ("the U.S. fleet", "us"),
        ("it is so", "I.T."),
        ("the year 1920–21", "1922"),
        ("the year 1921", "21"),
        ("Leninism", "NISM"),
    ],
)
async def test_what_is_not_the_same_is_not_found(tmp_path: Path, text: str, question: str) -> None:
    assert await first_answer(tmp_path, text, question) == ""


ANY_TEXT = st.text(
    st.sampled_from("aBcé’'`´-–.,U.S N.E.P1920\0\u0301\u202e\u200d\u00ad“”ﬁßİıŁя\u0915\u094d\u0937") | st.characters(),
    max_size=60,
)


@given(ANY_TEXT)
@example("\ud800a\udfff b")
@example("ŉ ǰ ΐ ﷺ ͅα")
@example("⑴ ㈠ ⒈")
def test_words_stand_where_they_say(text: str) -> None:
    end = 0
    for word in words(text):
        assert end <= word.start < word.end <= len(text)
        end = word.end
        assert word.text
        assert not word.text.isspace()
        assert " " not in word.text
        assert not word.text.isascii() or word.text.isalnum()


@given(ANY_TEXT)
def test_folding_twice_is_folding_once(text: str) -> None:
    for word in words(text):
        assert fold(word.text) == word.text


@example("ガ パ")
@given(ANY_TEXT)
def test_a_composed_text_and_a_decomposed_one_have_the_same_words(text: str) -> None:
    composed, decomposed = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    # Joined, since words that lost the space between them come apart only where at most one accent stands.
    assert "".join(word.text for word in words(composed)) == "".join(word.text for word in words(decomposed))


@given(ANY_TEXT, st.integers(1, 5))
def test_a_limit_only_cuts(text: str, limit: int) -> None:
    assert words(text, limit) == words(text)[:limit]


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("Serge’s", "serge"),
        ("Serge's", "serge"),
        ("Serge`s", "serge"),
        ("workers’", "workers"),
        ("don’t", "dont"),
        ("O’Brien", "obrien"),
        ("N.E.P.", "nep"),
        ("N.E.P.’s", "nep"),
        ("U.S.", "usinitials"),
        ("US", "usinitials"),
        ("us", "us"),
        ("émigrés", "emigres"),
        ("ﬁn", "fin"),
    ],
)
def test_a_word_is_folded_to_its_bare_form(written: str, word: str) -> None:
    assert [each.text for each in words(written)] == [word]


def test_hyphens_are_told_from_dashes() -> None:
    assert compounds(words("left- and right-wing, state — capitalist, 1920-21")) == ["rightwing"]


def test_short_ranges_of_years_stand_for_both() -> None:
    assert years("In 1920–21, 1914-18 and 1905–1907; pp. 138–9; 12345-67") == ["1921", "1918"]


def test_shouting_is_not_initials() -> None:
    assert [word.text for word in words("TELL US ABOUT IT")] == ["tell", "us", "about", "it"]
    assert [word.text for word in words("US")] == ["usinitials"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("executed", "execution", True),
        ("written", "writes", True),
        ("children", "child", True),
        ("organisation", "organizations", True),
        ("Lenin", "Leninism", False),
        ("state", "states", True),
        ("stated", "estate", False),
    ],
)
def test_stems_join_inflections_and_nothing_else(one: str, other: str, same: bool) -> None:
    english_words = Words("en")
    assert (english_words.stem(fold(one)) == english_words.stem(fold(other))) is same


@pytest.mark.parametrize("family", [("anarchism", "anarchist", "anarchists"), ("Lenin", "Leninism", "Leninist")])
def test_a_root_joins_the_family(family: Sequence[str]) -> None:
    assert len({root(Words("en").stem(fold(word))) for word in family}) == 1


@pytest.mark.parametrize("language", ["en", "en-GB", "ru", "hi", "fr", "xx", ""])
def test_every_language_has_stems(language: str) -> None:
    assert all(Words(language).stems(["revolution", "революции", "1917", "क्रान्ति"]))


def test_function_words_are_folded_as_words_are() -> None:
    listed = english.STOP_WORDS | english.QUESTION_WORDS | english.LIGHT_WORDS | english.DEPENDENT
    assert {word for word in listed if fold(word) != word} == set()
    assert {word for word in english.ordinary_words() if fold(word) != word} == set()


def test_every_common_word_is_known_by_its_stem() -> None:
    language = Words("en")
    for word in english.ordinary_words():
        shortest = ordinary_word(language.stem(word))
        assert shortest is not None, word
        assert len(shortest) <= len(word), word
    assert [ordinary_word(stem) for stem in ("", "k", "kibalchich", "xqz", "révolut")] == [None] * 5
