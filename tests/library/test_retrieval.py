"""What is worth ranking, of a reading in which not all can be ranked."""

import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, AsyncExitStack, closing
from pathlib import Path

import pytest

from bot.library.concordance import Candidate, Concordance, Phrases
from bot.library.impacts import BY_PARAGRAPH, BY_SENTENCE, Averages, Impacts
from bot.library.library import Library, open_library
from bot.library.ranking import claimed, rank
from bot.library.retrieval import MARKS, MOST_CANDIDATES, dwelt_on
from bot.settings import SHIPPED_DATA
from tests.bench.generated import write_readings
from tests.library.test_search import every_question

SENTENCES = 6000
SLUG = "made-up-0000"


pytestmark = pytest.mark.extended  # the library that is made takes longer than all of these tests


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with two readings, so that one must not be found when the other is asked."""
    made = tmp_path_factory.mktemp("large")
    write_readings(made / "data", 2 * SENTENCES, SENTENCES)
    return made


@pytest.fixture
async def library(folder: Path) -> AsyncIterator[Library]:
    """The made-up library, opened."""
    async with AsyncExitStack() as stack:
        yield await open_library(stack, [folder / "data"], folder / "state")


def index(folder: Path) -> AbstractContextManager[sqlite3.Connection]:
    """The library's index, opened as a plain database, and closed in the end (its own `with` would only commit)."""
    return closing(sqlite3.connect(next((folder / "state").glob("library-*.sqlite"))))


async def questions(library: Library, count: int) -> list[str]:
    """Questions of one to twelve words, rare and common ones mixed."""
    dice = random.Random(5)
    words = [word for word, _ in await library.vocabulary(SLUG, 100_000)]
    ranges = (words[:20], words[20:100], words[100:400], words[400:])
    return [
        " ".join(dice.choice(dice.choice(ranges)) for _ in range(length))
        for length in dice.choices((1, 2, 3, 5, 12), k=count)
    ]


async def test_the_best_ten_are_those_of_a_ranking_of_every_paragraph(library: Library, folder: Path) -> None:
    with index(folder) as connection:
        rows = connection.execute(
            "SELECT number, stems, asks FROM paragraph, reading WHERE slug = ? AND paragraph.id <= last",
            (SLUG,),
        )
        text = Concordance((Candidate.load(*row) for row in rows), Phrases(""))
    every = Impacts(text, Averages.of(await library.reading(SLUG)), BY_PARAGRAPH)
    assert len(text.numbers) > 2 * MOST_CANDIDATES
    same = total = 0
    for question in await questions(library, 60):
        findings = await library.search(SLUG, question)
        best = list(rank(findings.question, claimed(findings.question, text), every))[:10]
        if findings.passages:
            assert findings.passages[0].score == best[0].score, question
            same += sum(found.score >= best[-1].score for found in findings.passages[:10])
            total += len(best)
    assert total > 300
    assert same / total > 0.98


async def test_all_the_words_of_a_text_rank_it_as_those_of_the_question_do(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        essay = await open_library(stack, [SHIPPED_DATA], tmp_path / "state")
        averages = Averages.of(await essay.reading("price-serge"))
        with index(tmp_path) as connection:
            candidates = [
                Candidate.load(*row) for row in connection.execute("SELECT number, stems, asks FROM paragraph")
            ]
            phrases = Phrases(connection.execute("SELECT phrases FROM reading").fetchone()[0])
        every = Concordance(candidates, phrases)
        for ask in every_question()[::40]:
            question = (await essay.search("price-serge", ask)).question
            whole, own = (
                list(rank(question, claimed(question, text), Impacts(text, averages, BY_SENTENCE)))
                for text in (every, Concordance(candidates, phrases, question))
            )
            assert whole == own, ask


async def test_what_plain_bm25_puts_first_is_found(library: Library, folder: Path) -> None:
    with index(folder) as connection:
        first, last = connection.execute("SELECT first, last FROM reading WHERE slug = ?", (SLUG,)).fetchone()
        found = wanted = 0
        for question in await questions(library, 60):
            match = "body: (" + " OR ".join(f'"{word}"' for word in question.split()) + ")"
            plain = connection.execute(
                "SELECT rowid FROM paragraph_index WHERE paragraph_index MATCH ? AND rowid BETWEEN ? AND ? "
                "ORDER BY bm25(paragraph_index) LIMIT 10",
                (match, first, last),
            )
            best = {row - first + 1 for (row,) in plain}
            passages = (await library.search(SLUG, question)).passages
            if passages:
                found += len(best & {passage.place.paragraph for passage in passages})
                wanted += len(best)
    assert found / wanted > 0.97


def test_the_index_says_how_many_paragraphs_dwell_on_a_word(folder: Path) -> None:
    with index(folder) as connection:
        first, last = connection.execute("SELECT first, last FROM reading WHERE slug = ?", (SLUG,)).fetchone()
        known = connection.execute(
            "SELECT stem, dwelt FROM stem, reading WHERE slug = ? AND reading = reading.id AND dwelt ORDER BY stem",
            (SLUG,),
        ).fetchall()
        assert len(known) > 100
        for stem, dwelt in known[::20]:
            for mark, paragraphs in zip(MARKS, dwelt.split(), strict=True):
                (counted,) = connection.execute(
                    "SELECT count(*) FROM paragraph_index WHERE paragraph_index MATCH ? AND rowid BETWEEN ? AND ?",
                    (f'"{stem}{mark}"', first, last),
                ).fetchone()
                assert counted == int(paragraphs), stem


async def test_one_reading_is_never_answered_from_another(library: Library) -> None:
    paragraphs = (await library.reading("made-up-0001")).paragraphs
    for question in await questions(library, 20):
        passages = (await library.search("made-up-0001", question)).passages
        assert all(passage.place.paragraph <= paragraphs for passage in passages)


def test_a_paragraph_dwells_on_what_it_repeats() -> None:
    averages = Averages(5, 10)
    sentences = [["a", "bee", "hum", "a", "tune"], ["the", "bee", "bee", "bee", "fly"]]
    dwelt = dwelt_on(sentences, averages, frozenset({"a"}))
    assert [word[:-1] for word in dwelt] == ["bee"]
