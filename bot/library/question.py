"""Understands a question: its words, their weight in the reading, misspellings, and what the reading has no word for."""

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.library import english, stems
from bot.library.words import Word, words

MOST_WORDS = 96
MOST_TERMS = 12
RELATIVE = 0.55
"""How much a word counts that shares only the root: "anarchist" for "anarchism"."""
ABSENT_NAME, ABSENT_WORD = 1.4, 1.0
"""How heavy a word is that the reading does not have, as a share of the weight of its rarest word."""
LIGHT, ASKING = 0.6, 0.15
"""How much an everyday word counts beside one that names a topic, and a word by which people ask for a passage."""
HEAVIEST_ABSENT = 6.0
"""So heavy is a word that the reading does not have at most: in a large reading it says less that one is missing."""
_SHORTEST_CORRECTED = 4
_SHORTEST_PART = 4


@dataclass(frozen=True, slots=True)
class Stem:
    """How often a stem stands in a reading: in how many sentences, paragraphs, and sentences' asks."""

    stem: str
    root: str
    sentences: int
    paragraphs: int
    asked: int


@dataclass(frozen=True, slots=True)
class Term:
    """One topic word of a question.

    Attributes:
        typed: As it was typed, folded.
        stems: The stems that answer it, each with how much it counts; empty if the reading has none.
        weight: Inverse sentence frequency: the rarer, the heavier.
        paragraph_weight: Inverse paragraph frequency.
        rows: An upper bound of the paragraphs that have one of the stems.
    """

    typed: str
    stems: Mapping[str, float]
    weight: float
    paragraph_weight: float
    rows: int


@dataclass(frozen=True, slots=True)
class Question:
    """A question as the search understands it.

    Attributes:
        tokens: Every stem in order, function words too: for phrases.
        corrections: What was typed, and what it was taken for.
    """

    terms: tuple[Term, ...]
    tokens: tuple[str, ...]
    corrections: tuple[tuple[str, str], ...] = ()
    absent: tuple[str, ...] = ()

    @property
    def weight(self) -> float:
        """The weight of all the terms."""
        return sum(term.weight for term in self.terms)

    @property
    def stems(self) -> dict[str, float]:
        """Every stem that answers a term."""
        return {stem: share for term in self.terms for stem, share in term.stems.items()}


Lookup = Callable[[Sequence[str]], Awaitable[list[Stem]]]
"""Finds every stem of the reading that has one of these roots."""
Alike = Callable[[str], Awaitable[list[tuple[str, str, int]]]]
"""Finds words of the reading that a word could be a misspelling or a part of: (word, as shown, uses)."""


@dataclass(slots=True)
class _Draft:
    word: Word
    stem: str
    found: dict[str, float] = field(default_factory=dict)
    sentences: int = 0
    paragraphs: int = 0
    rows: int = 0


class Understanding:
    """Understands questions about one reading of so many sentences and paragraphs."""

    def __init__(
        self, language: stems.Words, sentences: int, paragraphs: int, lookup: Lookup, alike: Alike
    ) -> None:
        self._words = language
        self._sentences = sentences
        self._paragraphs = paragraphs
        self._lookup = lookup
        self._alike = alike

    async def question(self, text: str) -> Question:
        """Understand a question; one without a searchable word has no terms."""
        found = words(text, MOST_WORDS)
        tokens = tuple(self._words.stem(word.text) for word in found)
        drafts = [_Draft(word, self._words.stem(word.text)) for word in self._topical(found)]
        await self._find(drafts)
        drafts = await self._join(drafts, found)
        corrections: dict[str, str] = {}
        for draft in drafts:
            if not draft.found:
                await self._correct(draft, corrections)
        if corrections:
            tokens = tuple(self._words.stem(corrections.get(word.text, word.text).casefold()) for word in found)
        terms = self._heaviest([self._term(draft) for draft in drafts])
        return Question(
            terms=tuple(terms),
            tokens=tokens,
            corrections=tuple(corrections.items()),
            absent=tuple(draft.word.text for draft in drafts if not draft.found),
        )

    def _topical(self, found: Sequence[Word]) -> list[Word]:
        content = [word for word in found if word.text not in self._words.stop_words]
        return list({word.text: word for word in reversed(content)}.values())[::-1]

    async def _find(self, drafts: Sequence[_Draft]) -> None:
        """Give each draft the stems of the reading that answer it."""
        known = await self._lookup(sorted({stems.root(draft.stem) for draft in drafts})) if drafts else []
        by_root: dict[str, list[Stem]] = {}
        for each in known:
            by_root.setdefault(each.root, []).append(each)
        for draft in drafts:
            family = by_root.get(stems.root(draft.stem), ())
            for each in family:
                same = each.stem == draft.stem
                draft.found[each.stem] = 1.0 if same else RELATIVE
                draft.rows += max(each.paragraphs, each.asked)
            exact = next((each for each in family if each.stem == draft.stem), None)
            counted = [exact] if exact else list(family)
            draft.sentences = sum(each.sentences or each.asked for each in counted)
            draft.paragraphs = sum(each.paragraphs or each.asked for each in counted)

    async def _join(self, drafts: list[_Draft], found: Sequence[Word]) -> list[_Draft]:
        """Take two words that the reading writes as one for that one: "counter revolutionary"."""
        absent = {draft.word.text for draft in drafts if not draft.found}
        pairs = [(a, b) for a, b in zip(found, found[1:], strict=False) if a.text in absent or b.text in absent]
        joined = [_Draft(Word(a.text + b.text, a.start, b.end), self._words.stem(a.text + b.text)) for a, b in pairs]
        await self._find(joined)
        for draft, (a, b) in zip(joined, pairs, strict=True):
            if draft.stem in draft.found:
                drafts = [each for each in drafts if each.word.text not in (a.text, b.text)] + [draft]
        return drafts

    async def _correct(self, draft: _Draft, corrections: dict[str, str]) -> None:
        """Read a word that the reading does not have as one that it is part of, or misspells."""
        typed = draft.word.text
        if len(typed) < _SHORTEST_CORRECTED or typed.isdigit():
            return
        if draft.stem in self._ordinary():
            return
        alike = await self._alike(typed)
        best = _part(typed, alike) or _misspelt(typed, alike)
        if best is None:
            return
        word, shown = best
        draft.stem = self._words.stem(word)
        await self._find([draft])
        if draft.found:
            corrections[typed] = shown

    def _ordinary(self) -> frozenset[str]:
        return ordinary_stems() if self._words.stop_words else frozenset()

    def _term(self, draft: _Draft) -> Term:
        word = draft.word
        share = self._share_of(word.text)
        if draft.found:
            weight = share * inverse_frequency(self._sentences, draft.sentences)
            return Term(word.text, draft.found, weight, share * inverse_frequency(self._paragraphs, draft.paragraphs), draft.rows)
        name = (word.capital and word.start > 0) or draft.stem not in self._ordinary()
        rarest = min(HEAVIEST_ABSENT, inverse_frequency(self._sentences, 0))
        return Term(word.text, {}, share * rarest * (ABSENT_NAME if name else ABSENT_WORD), 0.0, 0)

    def _share_of(self, word: str) -> float:
        if word in self._words.question_words:
            return ASKING
        return LIGHT if word in self._words.light_words else 1.0

    @staticmethod
    def _heaviest(terms: list[Term]) -> list[Term]:
        kept = set(sorted(range(len(terms)), key=lambda n: -terms[n].weight)[:MOST_TERMS])
        return [term for n, term in enumerate(terms) if n in kept]


def inverse_frequency(total: int, having: int) -> float:
    """Return BM25's weight of a word that stands in ``having`` of ``total``."""
    having = min(having, total)
    return math.log(1 + (total - having + 0.5) / (having + 0.5))


def _part(typed: str, alike: Sequence[tuple[str, str, int]]) -> tuple[str, str] | None:
    """Return the word that begins with what was typed, or else contains it; the commonest of several."""
    if len(typed) < _SHORTEST_PART:
        return None
    begins = [each for each in alike if each[0].startswith(typed)]
    contains = [each for each in alike if typed in each[0]] if len(typed) > _SHORTEST_PART else []
    chosen = begins or contains
    if not chosen:
        return None
    word, shown, _ = max(chosen, key=lambda each: (each[2], -len(each[0])))
    return word, shown


def _misspelt(typed: str, alike: Sequence[tuple[str, str, int]]) -> tuple[str, str] | None:
    """Return the word that fewest slips away, by optimal string alignment; a longer word may have more slips."""
    allowed = 1 if len(typed) < 6 else 2 if len(typed) < 10 else 3
    choices = {number: each[0] for number, each in enumerate(alike) if each[0].isalpha()}
    matches = process.extract(typed, choices, scorer=OSA.distance, score_cutoff=allowed, limit=None)
    if not matches:
        return None
    _, _, number = min(matches, key=lambda m: (m[1] + (m[0][0] != typed[0]), -alike[m[2]][2]))
    return alike[number][0], alike[number][1]


@cache
def ordinary_stems() -> frozenset[str]:
    """Return the stems of common English words."""
    return frozenset(stems.Words("en").stems(english.ordinary_words()))
