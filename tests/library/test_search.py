"""What search gives, through the real door, in the essay and in a text that nobody tuned it on."""

import sqlite3
import tomllib
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from bot.app import App, open_app
from bot.library.library import open_library
from bot.library.ranking import LONGEST_PASSAGE
from bot.reading import Place
from bot.reply import Reply
from bot.settings import SHIPPED_DATA, Settings
from tests.conftest import CALLER, NOW, Ask
from tests.library.shelf import write_reading

QUESTIONS = Path(__file__).parent.parent / "questions"
COLLECTION = tomllib.loads(Path(__file__).with_name("collection.toml").read_text("utf-8"))
# As in the benchmark on public collections: no more than so much below FTS5's plain ranking.
MARGIN = 0.01


def every_question() -> list[str]:
    """Return all questions about the essay."""
    files = [tomllib.loads(path.read_text("utf-8")) for path in sorted(QUESTIONS.glob("*.toml"))]
    return [question["ask"] for file in files for question in file["question"]]


def places(reply: Reply) -> list[Place]:
    """Return where the answer's quotations stand."""
    return [quotation.address.place for quotation in reply.quotations]


@pytest.mark.extended
async def test_the_first_that_search_lists_is_what_quote_gives(ask: Ask) -> None:
    different = []
    for question in every_question():
        if not question.strip():
            continue
        quoted, searched = await ask(f"/quote {question}"), await ask(f"/search {question}")
        if places(quoted) != places(searched)[:1] or quoted.suggestions != searched.suggestions:
            different.append(question)
    assert not different, f"{len(different)} questions"


FRAMES = [
    "looking for the passage on {}",
    "according to the essay, {}",
    "hey bot, quick question: {}",
    "please give me a good short quote concerning {} for our discussion tonight",
    "i remember reading about {} somewhere, which paragraph was it",
    "is there anything interesting on {} in chapter 2",
    "waht does the author say abuot {}",
]


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("topic", ["Kronstadt", "Orwell", "the Bonnot gang", "Makhno", "cooperatives", "the POUM"])
async def test_what_leads_up_to_a_question_does_not_hide_it(ask: Ask, frame: str, topic: str) -> None:
    plain = {place.paragraph for place in places(await ask(f"/search {topic}"))}
    quoted = places(await ask(f"/quote {frame.format(topic)}"))
    assert quoted
    assert quoted[0].paragraph in plain


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("topic", ["photosynthesis", "Rosa Luxemburg", "surrealism"])
async def test_what_leads_up_to_a_question_is_no_topic(ask: Ask, frame: str, topic: str) -> None:
    assert not places(await ask(f"/quote {frame.format(topic)}"))


@pytest.mark.parametrize(
    "text", ["Emma Goldman on marriage", "Romain Rolland and Gandhi", "Where did Makhno live in exile?"]
)
async def test_a_name_alone_is_no_answer_to_a_question_about_its_bearer(ask: Ask, text: str) -> None:
    assert not places(await ask(f"/quote {text}"))


async def test_a_slip_that_has_the_stem_of_another_word_is_corrected(ask: Ask) -> None:
    assert places(await ask("/quote coalition goverment")) == places(await ask("/quote coalition government"))


async def test_no_answer_has_a_sentence_twice(ask: Ask) -> None:
    for question in every_question()[::8]:
        if question.strip():
            given = places(await ask(f"/search {question}"))
            assert all(place.last - place.first < LONGEST_PASSAGE for place in given)
            sentences = [(place.paragraph, n) for place in given for n in range(place.first, place.last + 1)]
            assert len(sentences) == len(set(sentences))


async def test_quoting_on_and_on_gives_every_passage_once(ask: Ask) -> None:
    given: list[Place] = []
    line = "quote revolution"
    while True:
        reply = await ask(line)
        given += places(reply)
        further = [action.line for action in reply.actions if action.label == "Another"]
        if not further:
            break
        line = further[0]
    assert len(given) == len(set(given)) > 5
    first_pages = [place for page in (1, 2) for place in places(await ask(f"/search revolution page:{page}"))]
    assert given[: len(first_pages)] == first_pages


async def test_every_sentence_of_the_essay_finds_itself_first(app: App) -> None:
    reading = await app.library.reading("price-serge")
    missed = []
    for paragraph in await app.library.paragraphs("price-serge", 1, reading.paragraphs):
        for number, (start, end) in enumerate(paragraph.spans, 1):
            place = Place(paragraph.number, number, number)
            passages = (await app.library.search("price-serge", paragraph.text[start:end])).passages
            if not passages or not passages[0].place.overlaps(place):
                missed.append(f"{place} {paragraph.text[start:end]}")
    assert missed == []


@pytest.mark.parametrize("question", ["Cheka", "who was shot at Kronstadt?", "Macdonald", "zzzz"])
async def test_the_same_question_gets_the_same_answer(ask: Ask, question: str) -> None:
    assert await ask(f"/search {question}") == await ask(f"/search {question}")


@pytest.mark.parametrize("question", ['"', "🙂", "?!", "-- ;", "\0", "\u202e", "\ud800", "“ ”"])
async def test_a_question_without_a_searchable_word_finds_nothing(ask: Ask, question: str) -> None:
    for command in ("quote", "search"):
        reply = await ask(f"/{command} {question}")
        assert places(reply) == []
        assert reply.suggestions


async def test_a_section_holds_the_answers_to_itself(ask: Ask) -> None:
    for section, (first, last) in enumerate([(1, 6), (7, 10), (11, 16), (17, 21), (22, 23)], 1):
        given = places(await ask(f"/search Serge section:{section}"))
        assert given
        assert all(first <= place.paragraph <= last for place in given)


# What a made-up question has that no text has must not hide what the text has.
@pytest.mark.parametrize("extra", ["", " according to any respectable handbook of zymurgy", " xyzzy plugh"])
async def test_free_text_asks_for_any_of_its_words(tmp_path: Path, extra: str) -> None:
    ours = await search_ranks(tmp_path, extra)
    plain = plain_ranks(extra)
    assert mean_reciprocal(ours) >= mean_reciprocal(plain) - MARGIN, (ours, plain)


async def search_ranks(tmp_path: Path, extra: str) -> list[int]:
    """Return the rank of each answer in ``/search`` in the collection, 0 where it is not on the first page."""
    write_reading(tmp_path / "data" / "collection", COLLECTION["paragraphs"])
    ranks = []
    async with open_app(Settings(tmp_path / "state", (tmp_path / "data",)), now=lambda: NOW) as app:
        for question in COLLECTION["questions"]:
            reply = await app.commands.answer(CALLER, f"/search {question['ask']}{extra}")
            found = list(dict.fromkeys(place.paragraph for place in places(reply)))
            ranks.append(found.index(question["answer"]) + 1 if question["answer"] in found else 0)
    return ranks


def plain_ranks(extra: str) -> list[int]:
    """Return the rank of each answer among the first ten by FTS5's own ranking of any of the words."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE plain USING fts5(body, tokenize='porter unicode61')")
    connection.executemany("INSERT INTO plain VALUES (?)", [(text,) for text in COLLECTION["paragraphs"]])
    ranks = []
    for question in COLLECTION["questions"]:
        words = "".join(char if char.isalnum() else " " for char in question["ask"] + extra).split()
        match = " OR ".join(f'"{word}"' for word in words)
        rows: Sequence[Any] = connection.execute(
            "SELECT rowid FROM plain WHERE plain MATCH ? ORDER BY rank LIMIT 10", (match,)
        ).fetchall()
        found = [row[0] for row in rows]
        ranks.append(found.index(question["answer"]) + 1 if question["answer"] in found else 0)
    connection.close()
    return ranks


def mean_reciprocal(ranks: Sequence[int]) -> float:
    """Return the mean reciprocal rank."""
    return sum(1 / rank for rank in ranks if rank) / len(ranks)


async def test_readings_are_searched_apart(tmp_path: Path) -> None:
    for name, word in (("one", "lighthouse"), ("two", "harbour")):
        write_reading(tmp_path / "data" / name, [f"A {word} stands there.", "Rain falls."])
    async with AsyncExitStack() as stack:
        library = await open_library(stack, [tmp_path / "data", SHIPPED_DATA], tmp_path / "state")
        assert await library.slugs() == ["one", "two", "price-serge"]
        assert (await library.search("one", "lighthouse")).passages
        assert not (await library.search("two", "lighthouse")).passages
        assert not (await library.search("price-serge", "lighthouse")).passages
        assert not (await library.search("one", "Cheka")).passages


@pytest.mark.parametrize(
    ("question", "paragraph"),
    [
        ("herring barrels salt harbour", 2),  # all of it in a paragraph, though another sentence has more
        ("salt for the herring", 1),  # a phrase comes before more of its words elsewhere
        ("pilot, pilot, and gulls", 4),  # what is asked for twice counts twice
    ],
)
async def test_of_a_text_without_concepts_paragraphs_lead_and_phrases_come_first(
    tmp_path: Path, question: str, paragraph: int
) -> None:
    write_reading(
        tmp_path / "data" / "quay",
        [
            "The cooper sold salt for the herring. He kept a cat. His brother mended nets and never spoke of the sea.",
            "Herring came in. Barrels were filled. Salt was dear. The harbour was loud. They salted herring.",
            "Gulls sat on the roofs. The gulls cried all night. Nobody slept well in that street.",
            "The harbour froze twice. A harbour pilot lived on the quay near the harbour light.",
            "Salt barrels blocked the harbour. Nobody minded.",
        ],
    )
    async with open_app(Settings(tmp_path / "state", (tmp_path / "data",)), now=lambda: NOW) as app:
        assert places(await app.commands.answer(CALLER, f"/quote {question}"))[0].paragraph == paragraph
