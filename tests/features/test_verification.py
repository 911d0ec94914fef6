"""Whether ``verify`` tells words that stand in the essay from those that nearly do, and from those that do not."""

import random
import re

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from bot.app import App
from bot.errors import UserError
from bot.library.letters import Letters, letters, plain
from bot.library.source import read_source
from bot.reading import Paragraph
from bot.reply import Differences, Prose, Reply
from bot.settings import SHIPPED_DATA
from tests.conftest import CALLER, Ask
from tests.examples import examples

EXACT, NEARLY, ABSENT = "Word for word", "Nearly, not word for word", "Not in the text"
PARAGRAPHS = read_source(SHIPPED_DATA / "price-serge").paragraphs
MATTER = (
    "Victor Serge and the Russian Revolution",
    "By Wayne Price",
    "Wayne Price is a long-time writer, theorist, and activist on the Left.",
    "What Can Anarchists Learn From His Revolutionary Life?",
    "February 17, 2022; 9:53:42 AM",
    "The Life of Victor Serge Victor",
)


def places(reply: Reply) -> list[str]:
    """Return where the quotations of an answer stand."""
    return [str(quotation.address.place) for quotation in reply.quotations]


def prose(reply: Reply) -> str:
    """Return the bot's own sentences."""
    return " ".join(piece.text for piece in reply.pieces if isinstance(piece, Prose))


def differences(reply: Reply) -> list[tuple[str, str]]:
    """Return what differs, without what is the same."""
    parts = [part for piece in reply.pieces if isinstance(piece, Differences) for part in piece.parts]
    return [(part.kind, part.text) for part in parts if part.kind != "same"]


@pytest.mark.parametrize(
    ("typed", "place", "voice"),
    [
        ("Lenin and Trotsky were not Stalin", "16.1", "Wayne Price"),
        ('  "lenin AND trotsky -- were not stalin!"  ', "16.1", "Wayne Price"),
        (
            "self-inflicted death in 1918 with the establishment of the Cheka",
            "7.3",
            "Wayne Price, quoting Victor Serge (in Weissman 2001, p. 7)",
        ),
        ("self inflicted death in 1918", "7.3", "Wayne Price, quoting Victor Serge (in Weissman 2001, p. 7)"),
        ("two Russian political emigres", "5.1", "Wayne Price"),
        ("two Russian political e\u0301migre\u0301s", "5.1", "Wayne Price"),
        ("the Bolsheviks' pet anarchist", "2.5", "Wayne Price, quoting Sreenan (1998)"),
        ("it meant ... giving up", "18.7", "Wayne Price"),
        ("humanist values of anarchism without being", "3.4", "Wayne Price"),
        ("the anarcho-\nsyndicalists in the failed 1917 revolu-\ntion", "5.5", "Wayne Price"),
        ("from the US", "6.6", "Wayne Price"),
        ("Serge broke withTrotsky", "17.1", "Wayne Price"),
        ("serge broke withtrotsky", "17.1", "Wayne Price"),
        ("anarchists, they made the October Russian Revolution", "16.2", "Wayne Price"),
    ],
)  # fmt: skip
async def test_words_of_the_text_are_found_whatever_their_dress(ask: Ask, typed: str, place: str, voice: str) -> None:
    reply = await ask(f"/verify {typed}")
    assert (reply.title, places(reply)) == (EXACT, [place])
    assert [str(quotation.voice) for quotation in reply.quotations] == [voice]


async def test_a_part_of_a_sentence_is_quoted_as_one(ask: Ask) -> None:
    (part,) = (await ask("/verify the captured sailors were shot in batches")).quotations
    assert part.text == "the captured sailors were shot in batches"
    assert not part.whole
    (whole,) = (await ask("/verify there were several issues")).quotations
    assert whole.text == "There were several issues."
    assert whole.whole


@pytest.mark.parametrize(
    ("typed", "place", "printed"),
    [
        ("After the naval base was conquered", "9.7", "naval bae"),
        ("There was also a personal conflict", "17.7", "Tthere"),
        ("Serge broke with Trotsky", "17.1", "withTrotsky"),
        ("the way the Leninists handled the rebellion", "9.3", "Leninsts"),
    ],
)
async def test_a_misprint_may_be_corrected_and_is_said(ask: Ask, typed: str, place: str, printed: str) -> None:
    reply = await ask(f"/verify {typed}")
    assert (reply.title, places(reply)) == (EXACT, [place])
    assert f"The text as received prints “{printed}”." in prose(reply)
    assert printed in reply.quotations[0].text
    assert [erratum.corrected for erratum in reply.quotations[0].errata]


@pytest.mark.parametrize("typed", ["After the naval bae was conquered", "After the naval bae [sic] was conquered"])
async def test_a_misprint_may_be_quoted(ask: Ask, typed: str) -> None:
    reply = await ask(f"/verify {typed}")
    assert (reply.title, places(reply), prose(reply)) == (EXACT, ["9.7"], "")


@pytest.mark.parametrize(
    ("typed", "title", "place", "changed"),
    [
        (
            "He declared […] they made a terrible mistake",
            f"{EXACT}, but for what is left out",
            "7.2",
            [("missing", "that as early as the first year of Bolshevik power,")],
        ),
        (
            "Serge severely criticized ... this began the degeneration of the regime",
            f"{EXACT}, but for what is left out",
            "7.1-5",
            None,
        ),
        (
            "a terrible [and fatal] mistake in permitting",
            f"{EXACT}, but for what is in brackets",
            "7.2",
            [("added", "[and fatal]")],
        ),
        (
            "[Serge] declared that . . . they made [Lenin included] a terrible mistake",
            f"{EXACT}, but for what is left out and what is in brackets",
            "7.2",
            [
                ("added", "[Serge]"),
                ("missing", "as early as the first year of Bolshevik power,"),
                ("added", "[Lenin included]"),
            ],
        ),
        ("the political police [the Cheka] the power to arrest", EXACT, "7.2", []),
        ("[T]hey made a terrible mistake", EXACT, "7.2", []),
    ],
)
async def test_signs_of_quoting_are_understood(
    ask: Ask, typed: str, title: str, place: str, changed: list[tuple[str, str]] | None
) -> None:
    reply = await ask(f"/verify {typed}")
    assert (reply.title, places(reply)) == (title, [place])
    assert changed is None or differences(reply) == changed


async def test_what_is_left_out_lies_within_one_paragraph(ask: Ask) -> None:
    reply = await ask("/verify Serge severely criticized some of Lenin’s policies … Serge considered resigning")
    assert reply.title != f"{EXACT}, but for what is left out"


async def test_words_across_paragraphs_give_a_quotation_for_each(ask: Ask) -> None:
    reply = await ask("/verify We can only judge his life as a whole. What are we to make of such a person")
    assert (reply.title, places(reply)) == (EXACT, ["21.8", "22.1"])


async def test_words_that_stand_in_several_places_are_listed(ask: Ask) -> None:
    reply = await ask("/verify the Cheka")
    assert reply.title == f"{EXACT}, in 3 places"
    assert places(reply) == ["7.2", "7.3", "7.4"]
    many = await ask("/verify Trotsky")
    assert len(many.quotations) == 3
    assert "¶ 16.10" in prose(many)


@pytest.mark.parametrize(
    ("typed", "place", "changed"),
    [
        ("Lenin and Trotsky were really not Stalin", "16.1", [("added", "really")]),
        ("Lenin and Trotsky were Stalin", "16.1", [("missing", "not")]),
        ("Trotskyists always cite him against anarchism", "1.3", [("missing", "often"), ("added", "always")]),
        ("the Bonot gang", "5.3", [("missing", "anarchist Bonnot"), ("added", "Bonot")]),
        ("Bonot gang", "5.3", [("missing", "Bonnot"), ("added", "Bonot")]),
        (
            "He declared … they made a horrible mistake",
            "7.2",
            [
                ("missing", "that as early as the first year of Bolshevik power,"),
                ("missing", "terrible"),
                ("added", "horrible"),
            ],
        ),
        ("Kronstad", "9.1", [("missing", "Kronstadt"), ("added", "Kronstad")]),
    ],
)
async def test_nearly_the_same_words_are_shown_beside_the_text(
    ask: Ask, typed: str, place: str, changed: list[tuple[str, str]]
) -> None:
    reply = await ask(f"/verify {typed}")
    assert (reply.title, places(reply)) == (NEARLY, [place])
    assert differences(reply) == changed


@pytest.mark.parametrize(
    "typed",
    [
        *(each for each in MATTER if "?" not in each and each != MATTER[0]),
        "Workers of the world unite, you have nothing to lose but your chains",
        "Serge was brave",
        "Serge died in Moscow, rich and happy, of old age",
        "The revolution died of self-inflicted wounds in 1918 when the Cheka was established",
        "zzzz",
        "Θέλουμε ψωμί",
        "الثورة الروسية",
    ],
)
async def test_what_is_not_in_the_text_is_not_quoted(ask: Ask, typed: str) -> None:
    reply = await ask(f"/verify {typed}")
    assert reply.title == ABSENT
    assert not reply.quotations
    assert "does not have these words" in prose(reply)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("victor serge and the russian revolution", "That is the title of the reading"),
        ("What can anarchists learn from his revolutionary life?", "That is the title of the reading"),
        ("“Criticisms of the Bolsheviks”", "That is the heading of section 2"),
    ],
)
async def test_a_title_or_heading_is_called_so(ask: Ask, typed: str, said: str) -> None:
    reply = await ask(f"/verify {typed}")
    assert not reply.quotations
    assert said in prose(reply)


async def test_what_is_rather_like_a_passage_is_pointed_to_it(ask: Ask) -> None:
    reply = await ask("/verify The revolution died of self-inflicted wounds in 1918 when the Cheka was established")
    assert "Nearest is ¶ 7.3" in prose(reply)
    assert "read ¶7.3" in [action.line for action in reply.actions]
    for action in reply.actions:
        assert (await ask(action.line)).title


@pytest.mark.parametrize("typed", ["🙂", "“”", "...", "[sic]", "\x00", "[…]", "-", "[" * 10_000, "\u202e"])
async def test_without_a_word_there_is_nothing_to_look_for(ask: Ask, typed: str) -> None:
    with pytest.raises(UserError, match=r"no word in that|needs quotation"):
        await ask(f"/verify {typed}")


@pytest.mark.parametrize(
    "typed",
    [
        "x" * 10_000, "the " * 2500, "a ... " * 1600, "[a] " * 2500, "the [x] " * 1200, "a\x00b" * 3000, "\ud800 the",
        "e" + "\u0301" * 9999, " ".join(f"w{n}ord" for n in range(1200)), "🙂 the " * 1500, "الثورة " * 1200,
        '" OR 1=1 -- NEAR(the) body:*', "the\u200bCheka\u202e", "«the» Cheka\t\v\f", "ß ﬁ Ⅷ ½ 中文 한국어",
    ],
)  # fmt: skip
async def test_hostile_words_get_an_answer(ask: Ask, typed: str) -> None:
    assert (await ask(f"/verify {typed}")).title


SHARED = examples(60, HealthCheck.function_scoped_fixture)


@st.composite
def spans(draw: st.DrawFn, fewest: int = 4, most: int = 40) -> tuple[Paragraph, int, list[str]]:
    """Draw some words that follow one another in a paragraph, with the number of the first."""
    paragraph = draw(st.sampled_from(PARAGRAPHS))
    words = paragraph.text.split()
    length = draw(st.integers(fewest, min(most, len(words))))
    first = draw(st.integers(0, len(words) - length))
    return paragraph, first, words[first : first + length]


TYPED_PLAINLY = str.maketrans("é“”’–", 'e""\'-')


def disguise(words: list[str], chance: random.Random) -> str:
    """Change what does not matter: case, punctuation, quotation marks, accents, dashes, spaces."""
    changed = []
    for word in words:
        word = chance.choice([word, word.upper(), word.lower(), word.title()])
        word = word.translate(TYPED_PLAINLY) if chance.random() < 0.5 else word
        word = word.strip(chance.choice(["", ",.;:", "“”()"])) or word
        changed.append(word + chance.choice(["", "", "", ",", "!", " —"]))
    return chance.choice(["{}", '"{}"', "“{}”", "{}.", "‘{}’"]).format(chance.choice([" ", "\n", "  "]).join(changed))


def own_letters(text: str) -> Letters:
    """Reduce a text to its letters."""
    return letters(plain(text))


@SHARED
@given(spans(), st.randoms(use_true_random=False))
async def test_any_words_of_the_essay_are_exact_in_any_dress(
    app: App, span: tuple[Paragraph, int, list[str]], chance: random.Random
) -> None:
    paragraph, _, words = span
    reply = await app.commands.answer(CALLER, f"/verify {disguise(words, chance)}")
    assert reply.title.startswith(EXACT)
    wanted = own_letters(" ".join(words)).text
    assert all(own_letters(quotation.text).text == wanted for quotation in reply.quotations)
    assert all(quotation.text in _paragraph(quotation.address.place.paragraph).text for quotation in reply.quotations)
    found = [quotation.address.place.paragraph for quotation in reply.quotations]
    assert paragraph.number in found or len(found) >= 3


def _paragraph(number: int) -> Paragraph:
    return PARAGRAPHS[number - 1]


@SHARED
@given(spans(fewest=5), st.data())
async def test_one_changed_word_is_near_and_shown(
    app: App, span: tuple[Paragraph, int, list[str]], data: st.DataObject
) -> None:
    paragraph, _, words = span
    plain_words = [n for n, word in enumerate(words) if re.fullmatch(r"[A-Za-z]+", word)]
    if not plain_words:
        return
    changed = data.draw(st.sampled_from(plain_words))
    asked = [*words[:changed], "qqzzxx", *words[changed + 1 :]]
    reply = await app.commands.answer(CALLER, f"/verify {' '.join(asked)}")
    assert reply.title == NEARLY
    if len(words) >= 12:  # fewer may stand as nearly elsewhere
        assert paragraph.number in [quotation.address.place.paragraph for quotation in reply.quotations]
    assert ("added", "qqzzxx") in [(kind, text.strip(" .,—–&")) for kind, text in differences(reply)]


VOCABULARY = sorted({word.strip(".,;:“”()—?!") for p in PARAGRAPHS for word in p.text.split() if len(word) > 4})


@SHARED
@given(st.lists(st.sampled_from(VOCABULARY), min_size=6, max_size=30, unique=True))
async def test_word_salad_is_absent(app: App, salad: list[str]) -> None:
    reply = await app.commands.answer(CALLER, f"/verify {' '.join(salad)}")
    assert reply.title == ABSENT


@SHARED
@given(st.text(min_size=1, max_size=300))
@example("[[…]sic]")
@example("([...)...]")
async def test_nothing_typed_is_a_bug(app: App, typed: str) -> None:
    try:
        assert (await app.commands.answer(CALLER, f"/verify {typed}")).title
    except UserError as error:
        assert str(error)  # noqa: PT017 - a sentence is an answer too


@pytest.mark.parametrize(
    ("typed", "changed"),
    [
        (
            "a needless crime had just been committed against the workers",
            [("missing", "proletariat"), ("added", "workers")],
        ),
        ("Kind sailors rebelled at the Kronstadt naval base", [("missing", "1921,"), ("added", "Kind")]),
    ],
)
async def test_a_word_at_either_end_stands_beside_the_one_in_its_place(
    ask: Ask, typed: str, changed: list[tuple[str, str]]
) -> None:
    assert [each for each in differences(await ask(f"/verify {typed}")) if each[0] != "same"] == changed
