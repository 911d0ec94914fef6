"""Chooses the paragraphs that are worth ranking: few enough to be ranked at once, in a reading of any size.

Each word of the question gives lists of paragraphs: those that have it, and those that dwell on it, which the index
keeps by how much they do. The lists are added up by weight, and the paragraphs that come first are the candidates.
Where the lists are too long for that, only those of the rarer words and of the paragraphs that dwell most on the common
ones are gone through whole; the others are looked up in them ("MaxScore", Turtle and Flood 1995, by whole lists).
"""

from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import aiosqlite

from bot.library.impacts import Averages
from bot.library.question import Question, Term

MOST_CANDIDATES = 160
"""So many paragraphs are ranked with their words."""
_MOST_OF_MANY = 100
"""Where very common words are asked for, only so many: each has many of them, and there are more that are as good."""
FEW_PARAGRAPHS = 64
"""So few are ranked all: choosing among them would cost more than it saves."""
_AFFORDABLE_ROWS = 20_000
"""So many rows of lists are added up in some 6 ms. Where they are not more, nothing is left out."""
_SIFTED_ROWS = 8_000
"""Where they are more, so many are gone through to look the common words up in them; fewer for more words."""
_MOST_TOGETHER = 2_000
"""And of paragraphs that have all the words, or two side by side, so many each."""
_FEW_TERMS, _FEW_PAIRS = 6, 3
"""To look for more very common words together, or for more pairs, takes longer than what is found is worth."""

# How much a word counts in a paragraph, 1 where it stands once in an average sentence of an average paragraph: about
# this much where it merely occurs, and so much from level to level.
_PLAIN = 0.9
_LEVELS = (1.15, 1.3, 1.45, 1.6, 1.75, 1.9)
MARKS = tuple(chr(0xE001 + level) for level in range(len(_LEVELS)))
"""Written behind a stem to make another word of it; for private use, so that no text has them, and letters to FTS5."""
# BM25's constants; ranking has its own, which this need not follow exactly.
_K1, _B_SENTENCE, _B_PARAGRAPH, _PARAGRAPH_SHARE = 1.4, 0.35, 0.7, 0.4


def dwelt_on(sentences: Sequence[Sequence[str]], averages: Averages, ignored: frozenset[str]) -> list[str]:
    """Return the words that tell FTS5 on which stems a paragraph dwells, and how much."""
    length = sum(map(len, sentences)) / averages.paragraph
    counts = Counter(stem for sentence in sentences for stem in sentence)
    alone = _PARAGRAPH_SHARE * _saturated(1, length, _B_PARAGRAPH)
    best = dict.fromkeys(counts, 0.0)
    for sentence in sentences:
        share = len(sentence) / averages.sentence
        once = _saturated(1, share, _B_SENTENCE)
        for stem, count in Counter(sentence).items():
            here = once if count == 1 else _saturated(count, share, _B_SENTENCE)
            best[stem] = max(here, best[stem])
    dwelt = []
    for stem, value in best.items():
        often = counts[stem]
        value += alone if often == 1 else _PARAGRAPH_SHARE * _saturated(often, length, _B_PARAGRAPH)
        level = bisect(_LEVELS, value / (1 + _PARAGRAPH_SHARE))
        if level and stem not in ignored:
            dwelt.append(stem + MARKS[level - 1])
    return dwelt


def levels_of(stem: str, dwelt: Mapping[str, int]) -> str:
    """Return how many paragraphs dwell on a stem, from level to level; empty if none does.

    Args:
        dwelt: How many paragraphs have each word of :func:`dwelt_on`.
    """
    paragraphs = [dwelt.get(stem + mark, 0) for mark in MARKS]
    return " ".join(map(str, paragraphs)) if any(paragraphs) else ""


def _saturated(count: int, length: float, b: float) -> float:
    return count * (_K1 + 1) / (count + _K1 * (1 - b + b * length))


class _Rows(NamedTuple):
    """A list of paragraphs as a MATCH expression, how much it counts to be on it, and the most of it that are read."""

    match: str
    weight: float
    most: int = _AFFORDABLE_ROWS


class _Level(NamedTuple):
    """The list of the paragraphs that dwell so much on a term, and how many there are in the reading."""

    list: _Rows
    paragraphs: int


def _any(stems: Iterable[str]) -> str:
    return " OR ".join(f'"{stem}"' for stem in stems)


def _exact(term: Term) -> list[str]:
    return [stem for stem, share in term.stems.items() if share == 1]


def _occurrences(term: Term) -> Iterator[_Rows]:
    """Yield the lists of a term's paragraphs; one with a mere relative of the word gets that share of its weight."""
    shares = sorted(set(term.stems.values()))
    for below, share in zip([0.0, *shares], shares, strict=False):
        stems = [stem for stem, own in term.stems.items() if own >= share]
        yield _Rows(_any(stems), term.weight * (share - below) * _PLAIN)


def _dwelling(term: Term) -> Iterator[_Level]:
    """Yield the lists of the paragraphs that dwell on a term, those that do so most last; none that is empty."""
    for stem in _exact(term):
        for mark, level, paragraphs in zip(MARKS, _LEVELS, term.dwelt, strict=False):
            if paragraphs:
                yield _Level(_Rows(_any([stem + mark]), term.weight * (level - _PLAIN)), paragraphs)


def _lists(term: Term) -> Iterator[_Rows]:
    """Yield all lists of a term."""
    yield from _occurrences(term)
    yield from (level.list for level in _dwelling(term))


def _pairs(question: Question) -> Iterator[_Rows]:
    """Yield the lists of the paragraphs that have two words of the question side by side."""
    topical = {stem: term.weight for term in question.terms for stem in _exact(term)}
    for one, other in dict.fromkeys(pairwise(question.tokens)):
        if one in topical and other in topical:
            yield _Rows(f'"{one} {other}"', topical[one] + topical[other])


class Candidates(NamedTuple):
    """The rows of the paragraphs that may answer best, in no order; and whether there are further ones."""

    rows: Sequence[int]
    more: bool


async def candidates(connection: aiosqlite.Connection, question: Question, first: int, last: int) -> Candidates:
    """Choose among the paragraphs from row ``first`` to ``last``."""
    terms = sorted((term for term in question.terms if term.stems), key=lambda term: term.rows)
    if not terms:
        return Candidates((), more=False)
    paragraphs = last - first + 1
    listed, most = sum(min(term.rows, paragraphs) for term in terms), MOST_CANDIDATES
    if paragraphs <= FEW_PARAGRAPHS or paragraphs <= min(listed, MOST_CANDIDATES):
        return Candidates(range(first, last + 1), more=False)
    if min(listed, paragraphs) <= MOST_CANDIDATES:
        lists = [_Rows(_any(stem for term in terms for stem in term.stems), 1)]
    elif listed <= _AFFORDABLE_ROWS:
        lists = [*(rows for term in terms for rows in _lists(term)), *_pairs(question)]
    else:
        lists, most = _affordable(terms, list(_pairs(question))), _MOST_OF_MANY
    rows = await _add_up(connection, lists, first, last, most)
    return Candidates(rows, more=len(rows) >= most)


def _affordable(terms: Sequence[Term], pairs: Sequence[_Rows]) -> list[_Rows]:
    """Return lists that are short, or cut down to the paragraphs of short ones; ``terms`` are from rare to common."""
    left = _SIFTED_ROWS * 4 // (3 + len(terms))
    rare: list[Term] = []
    for term in terms:
        if term.rows > left:
            break
        rare.append(term)
        left -= term.rows
    common = terms[len(rare) :]
    strong = _strongest(common, left)
    lists = [*strong, *(rows for term in rare for rows in _lists(term))]
    if len(terms) == 1:
        return lists or [_Rows(_any(terms[0].stems), 1, MOST_CANDIDATES)]
    if rare or len(terms) <= _FEW_TERMS:
        everywhere = " AND ".join(f"({_any(term.stems)})" for term in terms)
        lists.append(_Rows(everywhere, sum(term.weight for term in terms), _MOST_TOGETHER))
    sifted = [rows for term in common for rows in _occurrences(term)]
    if len(pairs) <= _FEW_PAIRS:
        lists += (_Rows(rows.match, rows.weight, _MOST_TOGETHER) for rows in pairs)
    else:
        sifted += sorted(pairs, key=lambda rows: -rows.weight)[:_FEW_PAIRS]
    anywhere = " OR ".join([*(_any(term.stems) for term in rare), *(rows.match for rows in strong)])
    if anywhere:
        lists += (_Rows(f"({anywhere}) AND ({rows.match})", rows.weight) for rows in sifted)
    return lists


def _strongest(terms: Sequence[Term], left: int) -> list[_Rows]:
    """Return the lists of the paragraphs that dwell most on each term, of not more than ``left`` rows in all."""
    strongest: list[_Rows] = []
    for number, term in enumerate(terms):
        share = left // (len(terms) - number)
        for level in reversed(list(_dwelling(term))):
            if level.paragraphs > share:
                break
            share -= level.paragraphs
            left -= level.paragraphs
            strongest.append(level.list)
    return strongest


async def _add_up(
    connection: aiosqlite.Connection, lists: Sequence[_Rows], first: int, last: int, most: int
) -> list[int]:
    """Return the rows that are on the heaviest lists; none of them is read further than can be afforded."""
    one = (
        "SELECT * FROM (SELECT rowid AS row, ? AS weight FROM paragraph_index "
        "WHERE paragraph_index MATCH ? AND rowid BETWEEN ? AND ? LIMIT ?)"
    )
    every = " UNION ALL ".join([one] * len(lists))
    heaviest = f"SELECT row FROM ({every}) GROUP BY row ORDER BY sum(weight) DESC, row LIMIT ?"  # noqa: S608 - no values
    values = [value for rows in lists for value in (rows.weight, rows.match, first, last, rows.most)]
    rows = await connection.execute_fetchall(heaviest, [*values, most])
    return [row[0] for row in rows]
