"""The library, opened: readings, their paragraphs and study material, and the search in them."""

import asyncio
import errno
import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosqlite
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from bot.errors import UserError
from bot.library import index
from bot.library.answered import answers
from bot.library.concordance import Candidate, Concordance, Phrases
from bot.library.impacts import BY_PARAGRAPH, BY_SENTENCE, Averages, Balance, Impacts
from bot.library.memory import Memory
from bot.library.passages import Passages
from bot.library.question import Question, Stem
from bot.library.ranking import claimed, named_first, rank
from bot.library.retrieval import FEW_PARAGRAPHS, candidates
from bot.library.sharing import rows_sharing
from bot.library.source import DataError
from bot.library.stems import Words, root
from bot.library.study import Study, make_study
from bot.library.understanding import Pair, Understanding
from bot.library.words import words
from bot.reading import Erratum, Paragraph, Place, Quoted, Reading, Section, Speaker

_MOST_ALIKE = 20_000
_MOST_SLIPS = 3
_REMEMBERED_PARAGRAPHS, _REMEMBERED_READINGS, _REMEMBERED_TEXTS = 512, 32, 64
_NEAR, _MOST_NEAR = 0.88, 5
# To find what shares words with a long text, so many of them are looked up.
_MOST_SHARED = 500
# Readings of which every word is at hand; one of 64 paragraphs takes a few MB.
_REMEMBERED_WHOLE = 8
NOT_WRITTEN = (
    "the index of the readings cannot be written in {folder} ({reason}). KRUZHOK_STATE must name a folder that can be "
    "written, with room on its disk."
)
_CANNOT_WRITE = (errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EFBIG, errno.EACCES)


@dataclass(frozen=True, slots=True)
class Findings:
    """What a search found.

    Attributes:
        passages: Best first; empty where the reading does not answer.
        question: The question as it was understood.
        nearest: Words of the reading that come nearest to the question's.
        more: Whether further paragraphs have words of the question than those that were ranked.
    """

    passages: Passages
    question: Question
    nearest: tuple[str, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class _Shelf:
    """A reading with its place in the index: rows ``first`` to ``last``."""

    number: int
    reading: Reading
    first: int
    last: int
    words: Words
    averages: Averages
    phrases: Phrases
    has_concepts: bool
    understanding: Understanding

    @property
    def is_short(self) -> bool:
        """Whether all of its paragraphs are ranked."""
        return self.last - self.first < FEW_PARAGRAPHS

    @property
    def balance(self) -> Balance:
        """How its paragraphs count beside their sentences."""
        return BY_SENTENCE if self.has_concepts else BY_PARAGRAPH


class Library:
    """Every reading of the index; read only, safe to share between tasks."""

    def __init__(self, connections: Sequence[aiosqlite.Connection]) -> None:
        self._connections = connections
        self._turn = 0
        self._slugs: list[str] = []
        self._shelves: Memory[_Shelf] = Memory(_REMEMBERED_READINGS)
        self._studies: Memory[Study] = Memory(_REMEMBERED_READINGS)
        self._candidates: Memory[Candidate] = Memory(_REMEMBERED_PARAGRAPHS)
        self._wholes: Memory[Impacts] = Memory(_REMEMBERED_WHOLE)
        self._paragraphs: Memory[Paragraph] = Memory(_REMEMBERED_TEXTS)
        self._places: Memory[tuple[tuple[str, int, int], ...]] = Memory(_REMEMBERED_PARAGRAPHS)

    @property
    def _connection(self) -> aiosqlite.Connection:
        self._turn = (self._turn + 1) % len(self._connections)
        return self._connections[self._turn]

    async def slugs(self) -> list[str]:
        """Return the slug of every reading, in the order of the folders."""
        if not self._slugs:
            rows = await self._connection.execute_fetchall("SELECT slug FROM reading ORDER BY id")
            self._slugs = [row[0] for row in rows]
        return list(self._slugs)

    async def reading(self, slug: str) -> Reading:
        """Return a reading.

        Raises:
            UserError: There is none of this name; says which there are.
        """
        return (await self._shelf(slug)).reading

    async def _shelf(self, slug: str) -> _Shelf:
        known = self._shelves.get(slug)
        if known is not None:
            return known
        row = await self._one(
            "SELECT id, about, first, last, phrases, json_extract(study, '$.concepts.concept') IS NOT NULL"
            " FROM reading WHERE slug = ?",
            slug,
        )
        if row is None:
            problem = await self._one("SELECT problem FROM left_out WHERE slug = ?", slug)
            if problem:
                raise UserError(f"The reading “{slug}” is left out until it is mended. {problem[0]}.")
            there = await self.slugs()
            some = ", ".join(there[:10]) + (" …" if len(there) > 10 else "")
            raise UserError(f"There is no reading “{slug}”. There is: {some}.")
        about = json.loads(row[1])
        about["sections"] = tuple(Section(**section) for section in about["sections"])
        reading = Reading(**about)
        number, _, first, last, phrases, has_concepts = row
        language = Words(reading.language)

        async def families(roots: Sequence[str]) -> list[Stem]:
            return await self._related(shelf, roots)

        async def alike(word: str) -> list[tuple[str, str, int]]:
            return await self._alike(shelf, word)

        async def beside(pairs: Sequence[Pair]) -> set[Pair]:
            return await self._beside(shelf, pairs)

        # Where any passage will do, no word is in the way of an answer, and each helps to rank.
        understanding = Understanding(reading, language, families, alike, beside, framed=bool(has_concepts))
        shelf = _Shelf(
            number,
            reading,
            first,
            last,
            language,
            Averages.of(reading),
            Phrases(phrases),
            bool(has_concepts),
            understanding,
        )
        return self._shelves.put(slug, shelf)

    async def _one(self, sql: str, *values: object) -> Any:
        rows = await self._connection.execute_fetchall(sql, values)
        return next(iter(rows), None)

    async def paragraphs(self, slug: str, first: int, last: int) -> list[Paragraph]:
        """Return paragraphs ``first`` to ``last`` of a reading, as far as there are any."""
        shelf = await self._shelf(slug)
        rows = await self._connection.execute_fetchall(
            "SELECT number, section, text, notes FROM paragraph WHERE id BETWEEN ? AND ? ORDER BY id",
            (shelf.first + max(1, first) - 1, min(shelf.first + last - 1, shelf.last)),
        )
        return [_paragraph(*row) for row in rows]

    async def paragraphs_at(self, slug: str, numbers: Iterable[int]) -> dict[int, Paragraph]:
        """Return those of some paragraphs of a reading that there are, by their numbers."""
        found = {number: self._paragraphs.get((slug, number)) for number in numbers}
        missing = [number for number, paragraph in found.items() if paragraph is None]
        if missing:
            shelf = await self._shelf(slug)
            marks = ",".join("?" * len(missing))
            rows = await self._connection.execute_fetchall(
                "SELECT number, section, text, notes FROM paragraph"  # noqa: S608 (marks)
                f" WHERE id IN ({marks}) AND id BETWEEN ? AND ?",
                (*(shelf.first + number - 1 for number in missing), shelf.first, shelf.last),
            )
            for row in rows:
                found[row[0]] = self._paragraphs.put((slug, row[0]), _paragraph(*row))
        return {number: paragraph for number, paragraph in found.items() if paragraph is not None}

    async def paragraph(self, slug: str, number: int) -> Paragraph:
        """Return one paragraph.

        Raises:
            UserError: The reading does not have so many.
        """
        found = await self.paragraphs_at(slug, [number])
        if not found:
            last = (await self.reading(slug)).paragraphs
            raise UserError(f"There is no ¶ {number}: the reading has ¶ 1 to ¶ {last}.")
        return found[number]

    async def study(self, slug: str) -> Study:
        """Return what was authored for a reading; empty where nothing was."""
        known = self._studies.get(slug)
        if known is not None:
            return known
        reading = await self.reading(slug)
        row = await self._one("SELECT study FROM reading WHERE slug = ?", slug)
        raw = json.loads(row[0])
        needed = await self.paragraphs(slug, 1, reading.paragraphs) if any(raw.values()) else []
        return self._studies.put(slug, make_study(raw, reading, needed))

    async def search(self, slug: str, text: str, section: int | None = None) -> Findings:
        """Find the passages of a reading that answer a question, best first."""
        shelf = await self._shelf(slug)
        question = await shelf.understanding.question(text)
        if section is None and shelf.is_short:
            impacts, more = await self._whole(shelf), False
        else:
            impacts, more = await self._best(shelf, question, section)
        claims = claimed(question, impacts.text)
        found = rank(question, claims, impacts)
        passages = Passages(named_first(found) if shelf.has_concepts else found)
        if not passages or not answers(passages[0], question, claims, shelf.has_concepts):
            return Findings(Passages(), question, await self._nearest(shelf, question))
        return Findings(passages, question, more=more)

    async def _best(self, shelf: _Shelf, question: Question, section: int | None) -> tuple[Impacts, bool]:
        """Return the impacts of a question's words in the paragraphs that may answer best; whether there are more."""
        first, last = shelf.first, shelf.last
        if section is not None:
            part = shelf.reading.sections[section - 1]
            first, last = shelf.first + part.first - 1, shelf.first + part.last - 1
        chosen = await candidates(self._connection, question, first, last)
        text = Concordance(await self._load(chosen.rows), shelf.phrases, question)
        return Impacts(text, shelf.averages, shelf.balance), chosen.more

    async def _load(self, rows: Iterable[int]) -> list[Candidate]:
        known = {row: self._candidates.get(row) for row in rows}
        missing = [row for row, candidate in known.items() if candidate is None]
        if missing:
            marks = ",".join("?" * len(missing))
            fetched = await self._connection.execute_fetchall(
                f"SELECT id, number, stems, asks FROM paragraph WHERE id IN ({marks})",  # noqa: S608 (marks)
                missing,
            )
            for row, *values in fetched:
                known[row] = self._candidates.put(row, Candidate.load(*values))
        return [candidate for candidate in known.values() if candidate is not None]

    async def _whole(self, shelf: _Shelf) -> Impacts:
        """Return the impacts of all the words of a short reading."""
        known = self._wholes.get(shelf.number)
        if known is not None:
            return known
        rows = await self._connection.execute_fetchall(
            "SELECT number, stems, asks FROM paragraph WHERE id BETWEEN ? AND ?", (shelf.first, shelf.last)
        )
        text = Concordance((Candidate.load(*row) for row in rows), shelf.phrases)
        return self._wholes.put(shelf.number, Impacts(text, shelf.averages, shelf.balance))

    async def _related(self, shelf: _Shelf, roots: Sequence[str]) -> list[Stem]:
        """Return every stem of a reading that has one of these roots."""
        marks = ",".join("?" * len(roots))
        rows = await self._connection.execute_fetchall(
            f"SELECT stem, root, sentences, paragraphs, asked, dwelt FROM stem WHERE reading = ? AND root IN ({marks})",  # noqa: S608 (marks)
            (shelf.number, *roots),
        )
        return [Stem(*row) for row in rows]

    async def _alike(self, shelf: _Shelf, word: str) -> list[tuple[str, str, int]]:
        rows = await self._connection.execute_fetchall(
            "SELECT word, shown, uses FROM word WHERE reading = ? AND initial = ? ORDER BY uses DESC LIMIT ?",
            (shelf.number, word[0], _MOST_ALIKE),
        )
        others = await self._connection.execute_fetchall(
            "SELECT word, shown, uses FROM word WHERE reading = ? AND initial != ? AND length >= ? LIMIT ?",
            (shelf.number, word[0], len(word) - _MOST_SLIPS, _MOST_ALIKE),
        )
        return [(row[0], row[1], row[2]) for row in (*rows, *others) if row[0] not in shelf.words.stop_words]

    async def _beside(self, shelf: _Shelf, pairs: Sequence[Pair]) -> set[Pair]:
        """Return those of some pairs of stems that stand side by side in a reading."""
        pairs = [pair for pair in pairs if all(pair)]  # of a scrap, as "s", there may be no stem
        if not pairs:
            return set()
        there = "SELECT 1 FROM paragraph_index WHERE paragraph_index MATCH ? AND rowid BETWEEN ? AND ?"
        one = f"SELECT ?, ? WHERE EXISTS ({there})"
        values = [
            value
            for first, second in pairs
            for value in (first, second, f'body: "{first} {second}"', shelf.first, shelf.last)
        ]
        rows = await self._connection.execute_fetchall(" UNION ALL ".join([one] * len(pairs)), values)
        return {(row[0], row[1]) for row in rows}

    async def _nearest(self, shelf: _Shelf, question: Question) -> tuple[str, ...]:
        """Return the words that it does have, those like the ones that it does not, or else what it speaks of most."""
        near: dict[str, None] = {term.typed: None for term in question.terms if term.topical and term.verbatim}
        for typed in question.absent[:3]:
            alike = [each for each in await self._alike(shelf, typed) if len(each[0]) > 3]
            matches = process.extract(
                typed, [each[0] for each in alike], scorer=JaroWinkler.similarity, score_cutoff=_NEAR, limit=2
            )
            near.update({alike[number][1]: None for _, _, number in matches})
        if not near:
            study = await self.study(shelf.reading.slug)
            near = {entry.term: None for entry in sorted(study.glossary, key=lambda each: -len(each.mentions))}
        return tuple(near)[:_MOST_NEAR]

    async def marks(
        self, slug: str, paragraph: Paragraph, question: Question, place: Place | None = None
    ) -> tuple[tuple[int, int], ...]:
        """Return where words that answer the question stand in a paragraph, or only in some sentences of it."""
        shelf = await self._shelf(slug)
        place = place or paragraph.place
        places = self._places.get((slug, place))
        if places is None:
            start, end = paragraph.spans[place.first - 1][0], paragraph.spans[place.last - 1][1]
            found = words(paragraph.text[start:end])
            places = self._places.put(
                (slug, place),
                tuple([(shelf.words.stem(word.text), start + word.start, start + word.end) for word in found]),
            )
        wanted = question.stems
        return tuple([(start, end) for stem, start, end in places if stem in wanted])

    async def sharing(self, slug: str, text: str, most: int = 50) -> list[int]:
        """Return the numbers of the paragraphs that share most words with ``text``; of a short reading, all of them."""
        shelf = await self._shelf(slug)
        if shelf.is_short:
            return list(range(1, shelf.last - shelf.first + 2))
        stems = shelf.words.stems(word.text for word in words(text, _MOST_SHARED))
        roots = sorted({root(stem) for stem in stems})
        marks = ",".join("?" * len(roots))
        rows = await self._connection.execute_fetchall(
            f"SELECT stem, paragraphs + asked FROM stem WHERE reading = ? AND root IN ({marks})",  # noqa: S608 (marks)
            (shelf.number, *roots),
        )
        counts = {stem: count for stem, count in rows if stem in stems}
        found = await rows_sharing(self._connection, stems, counts, shelf.first, shelf.last, most)
        return [row - shelf.first + 1 for row in found]

    async def language(self, slug: str) -> Words:
        """Return the stems of a reading's language."""
        return (await self._shelf(slug)).words

    async def vocabulary(self, slug: str, most: int = 2000) -> list[tuple[str, int]]:
        """Return the topical words of a reading as they are written, with how often, commonest first."""
        shelf = await self._shelf(slug)
        rows = await self._connection.execute_fetchall(
            "SELECT word, shown, uses FROM word WHERE reading = ? ORDER BY uses DESC, word LIMIT ?",
            (shelf.number, most),
        )
        ignored = shelf.words.stop_words | shelf.words.question_words
        return [(shown, uses) for word, shown, uses in rows if word not in ignored and len(word) > 2]


def _paragraph(number: int, section: int, text: str, notes: str) -> Paragraph:
    parts = json.loads(notes)
    return Paragraph(
        number,
        section,
        text,
        tuple((start, end) for start, end in parts["spans"]),
        tuple(Quoted(start, end, Speaker(*who) if who else None) for start, end, who in parts["quoted"]),
        tuple(Erratum(*each) for each in parts["errata"]),
    )


async def open_library(stack: AsyncExitStack, data: Sequence[Path], state: Path, connections: int = 1) -> Library:
    """Open the library of the readings under ``data``, building its index in ``state`` if that is not up to date.

    Raises:
        DataError: There is no reading without problems, or the index cannot be written.
    """
    try:
        path = await asyncio.to_thread(index.current_index, data, state)
    except (sqlite3.OperationalError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _CANNOT_WRITE:
            raise
        raise DataError([NOT_WRITTEN.format(folder=state, reason=getattr(error, "strerror", None) or error)]) from error
    opened = [
        await stack.enter_async_context(aiosqlite.connect(f"{path.as_uri()}?immutable=1", uri=True))
        for _ in range(connections)
    ]
    return Library(opened)
