"""Holds paragraphs that follow one another as one run of letters, and says what of a quotation stands where in it."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.library.letters import SPACE, Letters, corrected, letters, plain
from bot.reading import Erratum, Paragraph
from bot.reply import Difference

# Marks that belong to the word after them. No words that are shown end with these, or with what may stand before these.
OPENING_MARKS = "“‘«(["
OPENING = f" —–{OPENING_MARKS}"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words within one paragraph, from one offset into its text up to another."""

    paragraph: Paragraph
    start: int
    end: int


class Run:
    """Paragraphs that follow one another, as letters; with their misprints, or as they should read."""

    def __init__(self, paragraphs: Sequence[Paragraph], correct: bool = False) -> None:
        self.paragraphs = paragraphs
        each = [letters(corrected(p.text, p.errata) if correct else plain(p.text)) for p in paragraphs]
        self.firsts: list[int] = []
        text, gaps = [], []
        starts: list[int] = []
        ends: list[int] = []
        length = 0
        for own in each:
            self.firsts.append(length)
            text.append(own.text)
            gaps.append(SPACE + own.gaps[1:] if own.gaps else "")
            starts += own.starts
            ends += own.ends
            length += len(own.text)
        self.letters = Letters("".join(text), "".join(gaps), tuple(starts), tuple(ends))

    def bounds(self, number: int) -> tuple[int, int]:
        """Return the range of letters of one of the paragraphs, counted from 0."""
        last = self.firsts[number + 1] if number + 1 < len(self.firsts) else len(self.letters.text)
        return self.firsts[number], last

    def stretches(self, first: int, last: int) -> Iterator[Stretch]:
        """Give what stands in a range of letters, paragraph by paragraph."""
        while first < last:
            number = bisect_right(self.firsts, first) - 1
            end = min(last, self.bounds(number)[1])
            yield Stretch(self.paragraphs[number], self.letters.starts[first], self.letters.ends[end - 1])
            first = end

    def text(self, first: int, last: int) -> str:
        """Return what is printed in a range of letters, with the marks that follow it."""
        shown = []
        for each in self.stretches(first, last):
            text = each.paragraph.text
            end = each.end
            while end < len(text) and not text[end].isalnum() and not text[end].isspace():
                end += 1
            shown.append(text[each.start : end].rstrip(OPENING))
        return " ".join(shown)


@dataclass(frozen=True, slots=True)
class Match:
    """Where a quotation stands.

    Attributes:
        stretches: In the order of the text; in one paragraph each.
        likeness: 1 where every word is the same; else the share of the words that are.
        differences: Empty where there are none.
        misprints: Those that the quotation has corrected.
        signs: Which of ``omitted`` and ``inserted`` are in it.
    """

    stretches: tuple[Stretch, ...]
    likeness: float = 1.0
    differences: tuple[Difference, ...] = ()
    misprints: tuple[tuple[Paragraph, Erratum], ...] = ()
    signs: frozenset[str] = frozenset()
