"""Reduces text to its letters, so that words can be compared and found whatever stands between them."""

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from bot.library.words import fold
from bot.reading import Erratum

# What stands before a letter: another one; a mark within a word; a hyphen, or marks without a space; a space.
NOTHING, WITHIN, MARK, SPACE = "0123"
_WITHIN = frozenset("'’‘ʼ´`.＇‛")
_HYPHENS = frozenset("-‐‑‒–—―−/")

Char = tuple[str, int, int]
"""A character, and the offsets between which it stands in the original."""


@dataclass(frozen=True, slots=True)
class Letters:
    """The letters and digits of a text, folded.

    Attributes:
        text: One character for each.
        gaps: What stands before each.
        starts: Where each begins in the original.
        ends: Where each ends there, with the combining marks that belong to it.
    """

    text: str
    gaps: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def words(self) -> list[tuple[int, int]]:
        """Return where each word begins and ends in ``text``."""
        begins = [at for at, gap in enumerate(self.gaps) if gap in (MARK, SPACE)]
        return list(zip(begins, [*begins[1:], len(self.text)], strict=True)) if begins else []

    def within(self, start: int, end: int) -> tuple[int, int]:
        """Return which letters stand between two offsets of the original."""
        return bisect_left(self.starts, start), bisect_left(self.starts, end)


def plain(text: str) -> Iterator[Char]:
    """Give a text as it stands."""
    return ((char, at, at + 1) for at, char in enumerate(text))


def corrected(text: str, errata: Iterable[Erratum]) -> Iterator[Char]:
    """Give a text with its misprints corrected; what is corrected stands where the misprint did."""
    at = 0
    for erratum in sorted(errata, key=lambda each: each.start):
        if erratum.start < at:
            continue
        yield from ((text[n], n, n + 1) for n in range(at, erratum.start))
        yield from ((char, erratum.start, erratum.end) for char in erratum.corrected)
        at = erratum.end
    yield from ((text[n], n, n + 1) for n in range(at, len(text)))


def letters(chars: Iterable[Char]) -> Letters:
    """Reduce a text to its letters."""
    found: list[str] = []
    gaps: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    between = {"space"}
    for char, start, end in chars:
        kind = _kind(char)
        if kind == "unseen":
            if ends and not between:
                ends[-1] = max(end, ends[-1])
        elif len(kind) > 1:
            between.add("mark" if kind in between and kind == "within" else kind)  # three stops are no abbreviation
        else:
            for folded in _folded(char):
                found.append(folded)
                gaps.append(_gap(between) if between else NOTHING)
                starts.append(start)
                ends.append(end)
                between.clear()
    return Letters("".join(found), "".join(gaps), tuple(starts), tuple(ends))


def _gap(between: set[str]) -> str:
    if "space" in between:
        return MARK if "hyphen" in between else SPACE
    return WITHIN if between == {"within"} else MARK


@lru_cache(maxsize=5000)
def _kind(char: str) -> str:
    """Tell what a character is: a letter (its own one), a combining mark or nothing to see, a space, a mark."""
    if char.isspace():
        return "space"
    if _folded(char):
        return "a"
    if unicodedata.category(char) in ("Mn", "Mc", "Me", "Cf", "Cc"):
        return "unseen"
    if char in _HYPHENS:
        return "hyphen"
    return "within" if char in _WITHIN else "mark"


@lru_cache(maxsize=5000)
def _folded(char: str) -> str:
    return "".join(each for each in fold(char) if each.isalnum() or unicodedata.category(each) in ("Mn", "Mc"))


def occurrences(text: Letters, wanted: Letters, first: int = 0, last: int | None = None) -> Iterator[tuple[int, int]]:
    """Yield every range of letters in which ``wanted`` stands as whole words, between ``first`` and ``last``."""
    end = len(text.text) if last is None else last
    length = len(wanted.text)
    at = text.text.find(wanted.text, first, end) if length else -1
    while at >= 0:
        whole = text.gaps[at] in (MARK, SPACE) and text.gaps[at + length : at + length + 1] in ("", MARK, SPACE)
        if whole and _agree(text.gaps[at + 1 : at + length], wanted.gaps[1:]):
            yield at, at + length
        at = text.text.find(wanted.text, at + 1, end)


def _agree(gaps: str, others: str) -> bool:
    """Whether no two words are one there, and no word two, unless a mark parts them: ``labor-camp`` may be either."""
    return gaps == others or not any({a, b} == {NOTHING, SPACE} for a, b in zip(gaps, others, strict=True))


def alike(one: str, other: str) -> bool:
    """Whether two texts are the same word for word."""
    first, second = letters(plain(one)), letters(plain(other))
    return first.text == second.text and _agree(first.gaps, second.gaps)
