"""Understands a question: its words, their weight in the reading, slips, and what the reading has no word for."""

import math
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from rapidfuzz.distance import OSA

from bot.library import english, stems
from bot.library.memory import Memory
from bot.library.phrasing import ASKING, LONGEST_SCRAP, Phrasing, is_code
from bot.library.question import Question, Stem, Term
from bot.library.slips import SHORTEST_CORRECTED, is_near, meant_by, whole_of
from bot.library.words import Word, fold, words
from bot.reading import Reading

MOST_WORDS = 96
MOST_TERMS = 12
RELATIVE, KINDRED = 0.55, 0.75
"""How much a word counts that shares only the root: "statism" for "state"; and "anarchist" for "anarchism"."""
_DOCTRINE = ("ism", "ist")
ABSENT_NAME, ABSENT_WORD = 1.4, 1.0
"""How heavy a word is that the reading does not have, as a share of the weight of its rarest word."""
ABSENT_SCRAP = 0.05
"""How much a word counts that says nothing: a framing, an everyday word or a scrap that the reading does not have."""
_REMEMBERED = 512
_SHORTEST_HALF, _LONGEST_FUSED = 3, 40
# Each takes five values, of which older SQLites allow 999 in one statement.
_MOST_PAIRS = 150

Lookup = Callable[[Sequence[str]], Awaitable[list[Stem]]]
"""Finds every stem of the reading that has one of these roots."""
Alike = Callable[[str], Awaitable[list[tuple[str, str, int]]]]
"""Finds words of the reading that a word could be a misspelling or a part of: (word, as shown, uses)."""
Pair = tuple[str, str]
Beside = Callable[[Sequence[Pair]], Awaitable[set[Pair]]]
"""Finds those of some pairs of stems that stand side by side in the reading."""


@dataclass(frozen=True, slots=True)
class _Sense:
    """What a stem finds in a reading.

    Attributes:
        found: Itself and its relatives, each with how much it counts; empty if the reading has none.
        verbatim: Whether the text itself has this very stem.
        name: Whether it is no common English word: most such are names.
    """

    found: Mapping[str, float] = field(default_factory=dict)
    weight: float = 0.0
    paragraph_weight: float = 0.0
    rows: int = 0
    dwelt: Sequence[int] = ()
    verbatim: bool = False
    name: bool = False


_NO_SENSE = _Sense()


@dataclass(slots=True)
class _Draft:
    word: Word
    stem: str
    sense: _Sense = _NO_SENSE
    initials: bool = False  # stands in capitals among words that do not: "AI"
    framing: bool = False  # leads up to what is asked, or ends it

    @property
    def found(self) -> Mapping[str, float]:
        return self.sense.found


class Understanding:
    """Understands questions about one reading.

    Where ``framed``, words that lead up to a question, or end it, count for hardly anything.
    """

    def __init__(
        self,
        reading: Reading,
        language: stems.Words,
        lookup: Lookup,
        alike: Alike,
        beside: Beside,
        *,
        framed: bool = True,
    ) -> None:
        self._words = language
        self._sentences = reading.sentences
        self._paragraphs = reading.paragraphs
        self._phrasing = Phrasing(reading.author, language, framed=framed)
        self._lookup = lookup
        self._senses: Memory[_Sense] = Memory(_REMEMBERED)
        self._alike = alike
        self._beside = beside

    async def question(self, text: str) -> Question:
        """Understand a question; one without a searchable word has no terms."""
        found = self._phrasing.demanding(words(text, MOST_WORDS))
        first, last = self._phrasing.frame(found)
        core = {word.text for word in found[first:last]}
        drafts = [
            _Draft(word, self._words.stem(word.text), framing=word.text not in core)
            for word in self._phrasing.topical(found)
        ]
        coded = is_code(text)
        queries = self._phrasing.queries(found, coded)
        found = found[first:last]
        tokens = tuple(self._words.stem(word.text) for word in found)
        await self._find(drafts)
        for draft in drafts:
            written = text[draft.word.start : draft.word.end]
            draft.initials = written.isupper() and len(written) == LONGEST_SCRAP and not text.isupper()
            draft.framing |= draft.word.text in queries and not draft.sense.verbatim
        if coded and any(draft.sense.verbatim and draft.word.text not in queries for draft in drafts):
            drafts = [draft for draft in drafts if draft.found]
        drafts = await self._join(drafts, found)
        drafts, corrections = await self._mended(drafts, found)
        drafts = [draft for draft in drafts if draft.found or not draft.framing]
        if corrections:
            meant = [part for word in found for part in corrections.get(word.text, word.text).split()]
            tokens = tuple(self._words.stems(map(fold, meant)))
        often = Counter(word.text for word in found) if not self._phrasing.is_framed else Counter[str]()
        terms = self._heaviest([self._term(draft, max(1, often[draft.word.text])) for draft in drafts])
        if queries and not any(term.topical for term in terms):
            terms = []
        return Question(
            terms=tuple(terms),
            stems=frozenset(stem for term in terms for stem in term.stems),
            tokens=tokens,
            corrections=tuple(corrections.items()),
            absent=tuple(draft.word.text for draft in drafts if not draft.found),
        )

    async def _mended(self, drafts: list[_Draft], found: Sequence[Word]) -> tuple[list[_Draft], dict[str, str]]:
        """Read words that the reading does not have as it has them; say also what was typed and what it was taken for.

        Args:
            found: All words of the question, function words too.
        """
        mended = list(drafts)
        corrections: dict[str, str] = {}
        for draft in [each for each in drafts if not (each.stem in each.found or each.framing)][:MOST_TERMS]:
            parts = await self._part(draft, corrections)
            if parts:
                at = mended.index(draft)
                mended[at : at + 1] = parts
            elif await self._is_slip_in_context(draft, found):
                draft.framing = True
            else:
                await self._correct(draft, corrections)
        return mended, corrections

    async def _find(self, drafts: Sequence[_Draft]) -> None:
        """Give each draft the stems of the reading that answer it."""
        missing = []
        for draft in drafts:
            sense = self._senses.get(draft.stem)
            if sense is None:
                missing.append(draft)
            else:
                draft.sense = sense
        if not missing:
            return
        by_root: dict[str, list[Stem]] = {}
        for each in await self._lookup(sorted({stems.root(draft.stem) for draft in missing})):
            by_root.setdefault(each.root, []).append(each)
        for draft in missing:
            sense = self._sense(draft.stem, by_root.get(stems.root(draft.stem), []))
            draft.sense = self._senses.put(draft.stem, sense)

    def _sense(self, stem: str, family: Sequence[Stem]) -> _Sense:
        """Reckon what a stem finds, from every stem of the reading that has its root."""
        exact = next((each for each in family if each.stem == stem), None)
        counted = [exact] if exact else family
        return _Sense(
            found={each.stem: _kinship(stem, each.stem) for each in family},
            weight=inverse_frequency(self._sentences, sum(each.sentences or each.asked for each in counted)),
            paragraph_weight=inverse_frequency(
                self._paragraphs, sum(each.paragraphs or each.asked for each in counted)
            ),
            rows=sum(max(each.paragraphs, each.asked) for each in family),
            dwelt=tuple(map(int, exact.dwelt.split())) if exact else (),
            verbatim=exact is not None and exact.sentences > 0,
            name=self._is_name(stem),
        )

    async def _join(self, drafts: list[_Draft], found: Sequence[Word]) -> list[_Draft]:
        """Take two words that the reading writes as one for that one: "counter revolutionary"."""
        absent = {draft.word.text for draft in drafts if not draft.found}
        pairs = [(a, b) for a, b in pairwise(found) if a.text in absent or b.text in absent]
        pairs = [(a, b) for a, b in pairs if a.text + b.text not in self._words.stop_words]  # "U S Army" is not "us"
        joined = [_Draft(Word(a.text + b.text, a.start, b.end), self._words.stem(a.text + b.text)) for a, b in pairs]
        await self._find(joined)
        for draft, (a, b) in zip(joined, pairs, strict=True):
            if draft.stem in draft.found:
                drafts = [each for each in drafts if each.word.text not in (a.text, b.text)] + [draft]
        return drafts

    async def _part(self, draft: _Draft, corrections: dict[str, str]) -> list[_Draft]:
        """Take a word for two that lost the space between them, if they stand side by side in the reading."""
        typed = draft.word.text
        if len(typed) > _LONGEST_FUSED or self._is_word(typed, draft.stem):
            return []
        halves = [(typed[:n], typed[n:]) for n in range(_SHORTEST_HALF, len(typed) - _SHORTEST_HALF + 1)]
        pairs = {
            (self._words.stem(first), self._words.stem(second)): (first, second)
            for first, second in halves
            if not self._words.stop_words.issuperset((first, second))
        }
        for pair in await self._beside(list(pairs)):
            first, second = pairs[pair]
            middle = draft.word.start + len(first)
            found = [Word(first, draft.word.start, middle), Word(second, middle, draft.word.end)]
            parts = [_Draft(word, self._words.stem(word.text)) for word in self._phrasing.topical(found)]
            await self._find(parts)
            if all(part.sense.verbatim for part in parts):
                corrections[typed] = f"{first} {second}"
                return parts
        return []

    async def _is_slip_in_context(self, draft: _Draft, found: Sequence[Word]) -> bool:
        """Tell whether a common English word is a slip away from one that the reading has beside the next word.

        In "hart attack" it is: a common word is never corrected, but here it is not what is asked for either.
        """
        typed = draft.word.text
        if draft.found or len(typed) < SHORTEST_CORRECTED or not self._is_word(typed, draft.stem):
            return False
        at = next((n for n, word in enumerate(found) if word.start == draft.word.start), None)
        if at is None:
            return False
        # What is left without the word must still name a topic: of "great purse" only "great" would be.
        beside = [word for word in self._phrasing.topical(found) if self._phrasing.share_of(word.text) >= 1]
        before = [self._words.stem(word.text) for word in beside if word in found[max(0, at - 1) : at]]
        after = [self._words.stem(word.text) for word in beside if word in found[at + 1 : at + 2]]
        pairs: list[Pair] = []
        for word, _, _ in await self._alike(typed):
            if word[0] == typed[0] and OSA.distance(typed, word, score_cutoff=1) <= 1:
                stem = self._words.stem(word)
                pairs += [(other, stem) for other in before] + [(stem, other) for other in after]
        return bool(await self._beside(pairs[:_MOST_PAIRS]))

    async def _correct(self, draft: _Draft, corrections: dict[str, str]) -> None:
        """Read a word that the reading does not have as one that it is part of, or misspells."""
        typed = draft.word.text
        if len(typed) < SHORTEST_CORRECTED or typed.isdigit():
            return
        if self._is_word(typed, draft.stem) or typed in english.KNOWN_NAMES:
            return
        alike = await self._alike(typed)
        name = draft.word.capital and draft.word.start > 0
        best = whole_of(typed, alike) or meant_by(typed, alike, name)
        near = best is not None and (best[0].startswith(typed) or OSA.distance(typed, best[0]) <= 1)
        if draft.found and not near:
            return  # it has relatives, which may well be what is meant
        draft.framing = not name and not near and is_near(typed, self._phrasing.asides)
        if best is None or draft.framing:
            return
        word, shown = best
        draft.stem = self._words.stem(word)
        await self._find([draft])
        if draft.found:
            corrections[typed] = shown

    def _ordinary(self, stem: str) -> str | None:
        return stems.ordinary_word(stem) if self._words.stop_words else None

    def _is_word(self, typed: str, stem: str) -> bool:
        """Tell an English word from a misspelling that happens to have the stem of one."""
        for ending in ("", *_DOCTRINE):
            listed = self._ordinary(stem.removesuffix(ending))
            if listed and (typed.startswith(listed[:-1]) or typed in english.IRREGULAR):
                return True
        return False

    def _term(self, draft: _Draft, often: int) -> Term:
        word = draft.word
        share = self._phrasing.share_of(word.text)
        if draft.framing and share > ASKING:
            share = ABSENT_SCRAP
        if draft.found:
            sense, topical = draft.sense, share > ASKING
            return Term(
                word.text,
                sense.found,
                often * share * sense.weight,
                often * share * sense.paragraph_weight,
                sense.rows,
                sense.dwelt,
                sense.verbatim,
                topical,
                sense.name,
            )
        if share < 1 or word.text in english.QUERY_WORDS or (len(word.text) <= LONGEST_SCRAP and not draft.initials):
            share = ABSENT_SCRAP
        name = (word.capital and word.start > 0) or draft.initials or self._ordinary(draft.stem) is None
        rarest = inverse_frequency(self._sentences, 0)
        weight = share * rarest * (ABSENT_NAME if name else ABSENT_WORD)
        return Term(word.text, {}, weight, 0.0, 0, (), False, share > ASKING)

    def _is_name(self, stem: str) -> bool:
        """Tell a name by what it is not: a common English word, or a doctrine."""
        named = stem.isalpha() and not stem.endswith(_DOCTRINE)
        return named and bool(self._words.stop_words) and stems.ordinary_word(stem) is None

    @staticmethod
    def _heaviest(terms: list[Term]) -> list[Term]:
        kept = set(sorted(range(len(terms)), key=lambda n: -terms[n].weight)[:MOST_TERMS])
        return [term for n, term in enumerate(terms) if n in kept]


def _kinship(stem: str, other: str) -> float:
    """Return how much a stem of the same root counts for another."""
    if stem == other:
        return 1.0
    return KINDRED if stem.endswith(_DOCTRINE) and other.endswith(_DOCTRINE) else RELATIVE


def inverse_frequency(total: int, having: int) -> float:
    """Return BM25's weight of a word that stands in ``having`` of ``total``."""
    having = min(having, total)
    return math.log(1 + (total - having + 0.5) / (having + 0.5))
