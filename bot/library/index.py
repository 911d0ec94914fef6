"""Builds the library's index: an SQLite file with FTS5 over sentences and paragraphs, made whole or not at all."""

import hashlib
import json
import logging
import os
import re
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from bot.library import english, stems
from bot.library.asks import GatheredAsks, write_asks
from bot.library.impacts import Averages
from bot.library.retrieval import dwelt_on, levels_of
from bot.library.source import DataError, Source, read_source
from bot.library.study import Study, check_study, make_study, names_in, read_study
from bot.library.words import compounds, words, years
from bot.reading import Paragraph, Place

log = logging.getLogger(__name__)

_SCHEMA = """
CREATE TABLE reading (id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, about TEXT NOT NULL, study TEXT NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, phrases TEXT NOT NULL) STRICT;
CREATE TABLE left_out (slug TEXT NOT NULL, problem TEXT NOT NULL) STRICT;
CREATE TABLE paragraph (id INTEGER PRIMARY KEY, number INTEGER NOT NULL, section INTEGER NOT NULL, text TEXT NOT NULL,
    notes TEXT NOT NULL, stems TEXT NOT NULL, asks TEXT NOT NULL) STRICT;
CREATE TABLE stem (reading INTEGER NOT NULL, root TEXT NOT NULL, stem TEXT NOT NULL, sentences INTEGER NOT NULL,
    paragraphs INTEGER NOT NULL, asked INTEGER NOT NULL, dwelt TEXT NOT NULL, PRIMARY KEY (reading, root, stem))
    STRICT, WITHOUT ROWID;
CREATE TABLE word (reading INTEGER NOT NULL, initial TEXT NOT NULL, length INTEGER NOT NULL, word TEXT NOT NULL,
    shown TEXT NOT NULL, uses INTEGER NOT NULL, PRIMARY KEY (reading, initial, length, word)) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE paragraph_index USING fts5(body, asks, dwelt, content='',
    tokenize='porter unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE sentence_index USING fts5(body, asks, content='', tokenize='porter unicode61 remove_diacritics 2');
"""
SENTENCES_PER_PARAGRAPH = 4096
"""A sentence's row in ``sentence_index`` is its paragraph's row times this, plus its number."""

# How much a match counts that is not one of the sentence's own words, by where the word comes from.
SPELLING, SYNONYM, FIRST_ANCHOR, FURTHER_ANCHOR, CITED = 0.95, 0.8, 0.85, 0.7, 0.6
# "(Serge, in Lenin & Trotsky, 1979; p. 137)": a source, which is not what the sentence is about.
_BRACKETS = re.compile(r"\([^()]*\)")
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")
_LONGEST_CITATION = 10
_ABANDONED_SECONDS = 3600


def reading_folders(roots: Sequence[Path]) -> list[Path]:
    """Return every reading's folder in ``roots``, in order; a slug that comes again is left out.

    A folder with a ``source.txt`` or a ``reading.toml`` is a reading's; so is a root that has one itself.
    """
    folders: dict[str, Path] = {}
    for root in roots:
        if not root.is_dir():
            log.warning("there is no folder of readings %s", root)
        marked = [path for name in ("source.txt", "reading.toml") for path in (*root.glob(f"*/{name}"), root / name)]
        for folder in sorted({path.parent for path in marked if path.exists()}):
            if folder.name in folders:
                log.warning("reading left out: %s is there twice", folder.name)
            else:
                folders[folder.name] = folder
    return list(folders.values())


def checksum(folders: Sequence[Path]) -> str:
    """Return a checksum of everything that the index is made from, this code included."""
    digest = hashlib.blake2b(digest_size=12)
    code = sorted(Path(__file__).parent.glob("*.py")) + sorted(Path(__file__).parent.glob("*.txt"))
    for path in [*code, *(path for folder in folders for path in sorted(folder.glob("*.t*")) if path.is_file())]:
        content = path.read_bytes()
        digest.update(f"{path.parent.name}/{path.name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def current_index(data: Sequence[Path], state: Path) -> Path:
    """Return the index of the readings under ``data`` in ``state``, built anew if it is not of these sources.

    Raises:
        DataError: There is no reading without problems.
    """
    folders = reading_folders(data)
    path = state / f"library-{checksum(folders)}.sqlite"
    if not path.exists():
        log.info("building the index of %d readings", len(folders))
        build_index(folders, path)
        for old in state.glob("library-*.sqlite"):
            if old != path:
                old.unlink(missing_ok=True)
    return path


def build_index(folders: Sequence[Path], path: Path) -> None:
    """Write the index of these readings to ``path``, replacing what is there in one step.

    A reading that has problems is left out and said so in the log.

    Raises:
        DataError: No reading is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".library-", suffix=".building", dir=path.parent)
    os.close(handle)
    _clear(path.parent, Path(name).stat().st_mtime - _ABANDONED_SECONDS)
    try:
        with_problems = _write(folders, name)
        Path(name).chmod(_READABLE)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    for problem in with_problems:
        log.warning("reading left out: %s", problem)


_READABLE = 0o644  # mkstemp's is 0600; other users' processes may share the index, in which there is nothing secret


def _clear(folder: Path, before: float) -> None:
    """Delete what a crash left of an index that was being built; one that is being built is younger."""
    for left in folder.glob(".library-*.building*"):
        with suppress(FileNotFoundError):
            if left.stat().st_mtime < before:
                left.unlink()


def _write(folders: Sequence[Path], name: str) -> list[str]:
    problems: list[str] = []
    connection = sqlite3.connect(name, isolation_level=None)
    try:
        connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA page_size=8192;" + _SCHEMA)
        connection.execute("BEGIN")
        first, number = 1, 0
        for folder in folders:
            try:
                first += _Writer(connection, number + 1, first).write(folder)
                number += 1
            except DataError as error:
                problems += error.problems
                connection.executemany(
                    "INSERT INTO left_out VALUES (?, ?)", [(folder.name, problem) for problem in error.problems]
                )
        if not number:
            raise DataError(problems or ["there is no reading: no folder with a source.txt"])
        connection.execute("COMMIT")
        for table in ("paragraph_index", "sentence_index"):
            connection.execute(f"INSERT INTO {table}({table}) VALUES ('optimize')")  # noqa: S608 (our own names)
        connection.execute("ANALYZE")
    finally:
        connection.close()
    with Path(name).open("rb") as written:
        os.fsync(written.fileno())
    return problems


class _Writer:
    """Writes one reading's rows; ``first`` is the row of its first paragraph."""

    def __init__(self, connection: sqlite3.Connection, number: int, first: int) -> None:
        self._connection = connection
        self._number = number
        self._first = first
        self._sentences: Counter[str] = Counter()
        self._paragraphs: Counter[str] = Counter()
        self._asked: Counter[str] = Counter()
        self._dwelt: Counter[str] = Counter()
        self._uses: Counter[str] = Counter()
        self._shown: dict[str, str] = {}
        self._words = stems.Words()
        self._averages = Averages(1, 1)
        self._phrases: dict[str, int] = {}

    def write(self, folder: Path) -> int:
        """Write a reading and return how many paragraphs it has."""
        source = read_source(folder)
        raw = read_study(folder)
        problems = check_study(folder, raw, source.reading, source.paragraphs)
        if problems:
            raise DataError(problems)
        study = make_study(raw, source.reading, source.paragraphs)
        self._words = stems.Words(source.reading.language)
        self._averages = Averages.of(source.reading)
        asks = self._collect_asks(source, study)
        for ask in asks.values():
            for phrase in ask.phrases:
                self._phrases.setdefault(phrase, len(self._phrases))
        last = self._first + len(source.paragraphs) - 1
        self._connection.execute(
            "INSERT INTO reading VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                self._number,
                source.reading.slug,
                _json(asdict(source.reading) | {"prompts": len(study.prompts)}),
                _json(raw),
                self._first,
                last,
                "\n".join(self._phrases),
            ),
        )
        for row, paragraph in enumerate(source.paragraphs, self._first):
            self._write_paragraph(row, paragraph, asks)
        self._write_vocabulary()
        return len(source.paragraphs)

    def _write_paragraph(self, row: int, paragraph: Paragraph, asks: dict[tuple[int, int], GatheredAsks]) -> None:
        own: list[list[str]] = []
        asked: list[GatheredAsks] = []
        for number in range(1, len(paragraph.spans) + 1):
            sentence, variants, cited = self._sentence(paragraph, number)
            extra = asks.get((paragraph.number, number)) or GatheredAsks()
            extra.add(cited, CITED)
            extra.add(variants, SPELLING)
            extra.words = {stem: weight for stem, weight in extra.words.items() if stem not in sentence}
            own.append(sentence)
            asked.append(extra)
            self._sentences.update(set(sentence))
            self._asked.update(extra.words.keys())
        self._paragraphs.update({stem for sentence in own for stem in sentence})
        notes = {
            "spans": paragraph.spans,
            "quoted": [(q.start, q.end, q.speaker and (q.speaker.name, q.speaker.source)) for q in paragraph.quoted],
            "errata": [(e.start, e.end, e.corrected) for e in paragraph.errata],
        }
        lines = [" ".join(sentence) for sentence in own]
        self._connection.execute(
            "INSERT INTO paragraph VALUES (?, ?, ?, ?, ?, ?, ?)",
            (row, paragraph.number, paragraph.section, paragraph.text, _json(notes), "\n".join(lines),
             write_asks(asked, self._phrases)),
        )  # fmt: skip
        extras = [" ".join(extra.words) for extra in asked]
        dwelt = dwelt_on(own, self._averages, self._words.stop_words)
        self._dwelt.update(dwelt)
        self._connection.execute(
            "INSERT INTO paragraph_index (rowid, body, asks, dwelt) VALUES (?, ?, ?, ?)",
            (row, " ".join(lines), " ".join(extras), " ".join(dwelt)),
        )
        self._connection.executemany(
            "INSERT INTO sentence_index (rowid, body, asks) VALUES (?, ?, ?)",
            (
                (row * SENTENCES_PER_PARAGRAPH + number, line, extra)
                for number, (line, extra) in enumerate(zip(lines, extras, strict=True), 1)
            ),
        )

    def _sentence(self, paragraph: Paragraph, number: int) -> tuple[list[str], list[str], list[str]]:
        """Return a sentence's stems as it should read, those of other spellings, and those of the sources it cites."""
        start, end = paragraph.spans[number - 1]
        printed = paragraph.text[start:end]
        correct = printed
        variants: list[str] = []
        for erratum in sorted(paragraph.errata, key=lambda each: each.start, reverse=True):
            if start <= erratum.start and erratum.end <= end:
                wrong = paragraph.text[erratum.start : erratum.end]
                correct = correct[: erratum.start - start] + erratum.corrected + correct[erratum.end - start :]
                variants += [each.text for each in words(wrong)] + ["".join(each.text for each in words(wrong))]
        found = words(correct)
        variants += compounds(found) + years(printed)
        for word in found:
            self._uses[word.text] += 1
            shown = self._shown.get(word.text)
            if shown is None or (shown[0].isupper() and not word.capital):
                self._shown[word.text] = correct[word.start : word.end].removesuffix("’s").removesuffix("'s")
        for variant in variants:
            self._uses.setdefault(variant, 1)
            self._shown.setdefault(variant, variant)
        sources = [match.span() for match in _BRACKETS.finditer(correct) if _is_citation(match.group())]
        cited = [word for word in found if any(a <= word.start < b for a, b in sources)] if sources else []
        own = [word.text for word in found if word not in cited]
        return self._words.stems(own), self._words.stems(variants), self._words.stems(word.text for word in cited)

    def _stems(self, text: str) -> list[str]:
        found = words(text)
        kept = [word.text for word in found if word.text not in self._words.stop_words] + compounds(found)
        return self._words.stems(kept)

    def _collect_asks(self, source: Source, study: Study) -> dict[tuple[int, int], GatheredAsks]:
        """Gather by (paragraph, sentence) what concepts, synonyms and the glossary's aliases add to it."""
        asks: dict[tuple[int, int], GatheredAsks] = {}

        def at(paragraph: int, sentence: int) -> GatheredAsks:
            return asks.setdefault((paragraph, sentence), GatheredAsks())

        for concept in study.concepts:
            phrases = [self._stems(each) for each in concept.asks]
            for position, place in enumerate(concept.anchors):
                weight = FURTHER_ANCHOR if position else FIRST_ANCHOR
                for key in _sentences_of(place):
                    at(*key).add_phrases(phrases, weight)
        for entry in study.glossary:
            aliases = [self._stems(alias) for alias in (*entry.aliases, *entry.names, entry.term)]
            for where in _naming(source.paragraphs, entry.names):
                at(*where).add_phrases(aliases, SYNONYM)
        groups = [[self._stems(word) for word in group] for group in study.synonyms]
        for paragraph in source.paragraphs if groups else ():
            for number in range(1, len(paragraph.spans) + 1):
                own, text = self._sentence_stems(paragraph, number)
                if self._words.stop_words and _YEAR.search(_BRACKETS.sub("", text)):
                    at(paragraph.number, number).add(self._words.stems(english.DATED), SYNONYM)
                for group in groups:
                    if any(_stands_in(member, own) for member in group):
                        at(paragraph.number, number).add((stem for member in group for stem in member), SYNONYM)
        return asks

    def _sentence_stems(self, paragraph: Paragraph, number: int) -> tuple[list[str], str]:
        start, end = paragraph.spans[number - 1]
        text = paragraph.text[start:end]
        return self._stems(text), text

    def _write_vocabulary(self) -> None:
        everything = self._sentences.keys() | self._asked.keys()
        self._connection.executemany(
            "INSERT OR IGNORE INTO stem VALUES (?, ?, ?, ?, ?, ?, ?)",
            sorted(
                (
                    self._number,
                    stems.root(stem),
                    stem,
                    self._sentences[stem],
                    self._paragraphs[stem],
                    self._asked[stem],
                    levels_of(stem, self._dwelt),
                )
                for stem in everything
            ),
        )
        self._connection.executemany(
            "INSERT OR IGNORE INTO word VALUES (?, ?, ?, ?, ?, ?)",
            sorted(
                (self._number, word[0], len(word), word, self._shown[word], uses) for word, uses in self._uses.items()
            ),
        )


def _is_citation(brackets: str) -> bool:
    return len(brackets.split()) <= _LONGEST_CITATION and _YEAR.search(brackets) is not None


def _sentences_of(place: Place) -> Iterator[tuple[int, int]]:
    return ((place.paragraph, number) for number in range(place.first, place.last + 1))


def _naming(paragraphs: Sequence[Paragraph], names: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield (paragraph, sentence) of each sentence that contains one of the names."""
    for paragraph in paragraphs:
        starts = [start for start, _ in names_in(paragraph.text, names)]
        for number, (first, last) in enumerate(paragraph.spans, 1):
            if any(first <= start < last for start in starts):
                yield paragraph.number, number


def _stands_in(member: Sequence[str], own: Sequence[str]) -> bool:
    return bool(member) and all(stem in own for stem in member)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
