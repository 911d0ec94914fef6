"""Understands a question: its words, their weight in the reading, slips, and what the reading has no word for."""

import math
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from rapidfuzz.distance import OSA

from bot.library import english, stems
from bot.library.memory import Memory
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
LIGHT, ASKING, DEMANDED = 0.6, 0.3, 1.7
"""How much an everyday word counts beside one that names a topic; a word by which people ask for a passage; and one for
what an answer must tell, as its age of somebody."""
ABSENT_SCRAP, _SCRAP = 0.05, 2
"""How much a word counts that says nothing: a framing, an everyday word or a scrap that the reading does not have."""
_REMEMBERED = 512
_SHORTEST_HALF, _LONGEST_FUSED = 3, 40
# Signs of code, of which prose has one kind at most: "'%cheka%' ; --", "^(austria|norway)$".
_CODE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f*^{}|%\\=<>~;$]")


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
    """Understands questions about one reading; its author's name asks for no topic of it.

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
        author = {word.text for word in words(reading.author)}
        self._author = author | {"author"}
        self._asking = language.question_words | author
        self._framing = language.framing_words | author if framed else frozenset[str]()
        self._asides = language.stop_words | language.question_words | self._framing
        self._lookup = lookup
        self._senses: Memory[_Sense] = Memory(_REMEMBERED)
        self._alike = alike
        self._beside = beside

    async def question(self, text: str) -> Question:
        """Understand a question; one without a searchable word has no terms."""
        found = self._demanding(words(text, MOST_WORDS))
        first, last = self._frame(found)
        core = {word.text for word in found[first:last]}
        drafts = [
            _Draft(word, self._words.stem(word.text), framing=word.text not in core) for word in self._topical(found)
        ]
        coded = len(set(_CODE.findall(text))) > 1
        queries = self._queries(found, coded)
        found = found[first:last]
        tokens = tuple(self._words.stem(word.text) for word in found)
        await self._find(drafts)
        for draft in drafts:
            written = text[draft.word.start : draft.word.end]
            draft.initials = written.isupper() and len(written) == _SCRAP and not text.isupper()
            draft.framing |= draft.word.text in queries and not draft.sense.verbatim
        if coded and any(draft.sense.verbatim and draft.word.text not in queries for draft in drafts):
            drafts = [draft for draft in drafts if draft.found]
        drafts = await self._join(drafts, found)
        corrections: dict[str, str] = {}
        for draft in [each for each in drafts if not (each.stem in each.found or each.framing)][:MOST_TERMS]:
            parts = await self._part(draft, corrections)
            if parts:
                at = drafts.index(draft)
                drafts[at : at + 1] = parts
            elif not await self._correct_beside(draft, found, corrections):
                await self._correct(draft, corrections, given=self._is_given(draft, drafts))
        drafts = [draft for draft in drafts if draft.found or not draft.framing]
        if corrections:
            meant = [part for word in found for part in corrections.get(word.text, word.text).split()]
            tokens = tuple(self._words.stems(map(fold, meant)))
        terms = self._heaviest([self._term(draft) for draft in drafts])
        if queries and not any(term.topical for term in terms):
            terms = []
        return Question(
            terms=tuple(terms),
            stems=frozenset(stem for term in terms for stem in term.stems),
            tokens=tokens,
            corrections=tuple(corrections.items()),
            absent=tuple(draft.word.text for draft in drafts if not draft.found),
        )

    def _advised(self, found: list[Word]) -> list[Word]:
        """Put one word for those that ask what to do or what is to come: "how do I", "should we", "will"."""
        texts = tuple(word.text for word in found)
        for opening, asked in english.ADVICE.items():
            if texts[: len(opening)] == opening and not self._leads_up(texts[len(opening) :]):
                return [Word(asked, found[0].start, found[len(opening) - 1].end), *found[len(opening) :]]
        dying = [n for n, text in enumerate(texts) if text in ("die", "died")][-1:]
        if dying and ((texts[:2] == ("how", "did") and texts[-1] == "die") or texts[dying[0] + 1 :] == ("of",)):
            word = found[dying[0]]
            return [*found[: dying[0]], Word(english.DEMISE, word.start, word.end)]
        return found

    def _leads_up(self, following: Sequence[str]) -> bool:
        """Tell whether nothing follows, or what one asks of the bot or of the text: "how do I find"."""
        return not following or following[0] in self._framing or following[0] == "you"

    def _demanding(self, found: list[Word]) -> list[Word]:
        """Put one word for several that ask for something together: "age" for "how old"."""
        if not self._framing or not self._words.stop_words:
            return found
        kept: list[Word] = []
        for word in self._advised(found):
            attribute = kept and english.ATTRIBUTES.get((kept[-1].text, word.text))
            if attribute:
                kept[-1] = Word(attribute, kept[-1].start, word.end)
            else:
                kept.append(word)
        return self._of_the_author(kept)

    def _of_the_author(self, found: list[Word]) -> list[Word]:
        """Put one word for the author's name and a word that asks for the author's life beside it: "Price live"."""
        content = [n for n, word in enumerate(found) if word.text not in self._words.stop_words]
        for n, m in pairwise(content):
            first, second = found[n].text, found[m].text
            if any(word.text == "who" for word in found[n + 1 : m]):
                continue  # "an author who ever lived" is any
            beside = m == n + 1 or all(word.text in self._author for word in found[m + 1 :])
            named = first in self._author and second in english.LIFE
            if beside and (named or (first == "age" and second in self._author)):
                life = Word(english.LIFE_OF_THE_AUTHOR, found[n].start, found[m].end)
                return [*found[:n], life, *found[m + 1 :]]
        return found

    def _queries(self, found: Sequence[Word], coded: bool) -> set[str]:
        """Return the words of a query language where two of them stand together, "DROP TABLE", or where all is code."""
        if coded:
            return {word.text for word in found} & english.QUERY_WORDS
        listed = [word.text in english.QUERY_WORDS - self._words.stop_words for word in found]
        pairs = zip(pairwise(found), pairwise(listed), strict=True)
        return {word.text for pair, both in pairs if all(both) for word in pair}

    def _is_given(self, draft: _Draft, drafts: Sequence[_Draft]) -> bool:
        """Tell whether a word is written as a name and a name of the reading follows it: "Gorge Orwell"."""
        following = drafts[drafts.index(draft) + 1 :][:1]
        return draft.word.capital and any(
            each.word.capital and each.found and each.word.start == draft.word.end + 1 and self._is_name(each.stem)
            for each in following
        )

    def _frame(self, found: Sequence[Word]) -> tuple[int, int]:
        """Return where what is asked about begins and ends, without "find me the passage on" or "in chapter 2"."""
        frames = [word.text in self._framing for word in found]
        for n, word in enumerate(found[1:], 1):
            frames[n] |= frames[n - 1] and word.text.isdigit() and len(word.text) <= _SCRAP
        for n in reversed(range(len(found) - 1)):
            frames[n] |= frames[n + 1] and found[n].text in english.PRAISE
        said = [frame or word.text in self._words.stop_words for frame, word in zip(frames, found, strict=True)]
        if all(said):
            return 0, len(found)
        first, last = said.index(False), len(found) - said[::-1].index(False)
        return (first if any(frames[:first]) else 0), (last if any(frames[last:]) else len(found))

    def _topical(self, found: Sequence[Word]) -> list[Word]:
        asked = {"when"} if self._framing and found and found[0].text == "when" else frozenset[str]()
        content = [word for word in found if word.text not in self._words.stop_words or word.text in asked]
        return list({word.text: word for word in reversed(content)}.values())[::-1]

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
        pairs = {(self._words.stem(first), self._words.stem(second)): (first, second) for first, second in halves}
        for pair in await self._beside(list(pairs)):
            first, second = pairs[pair]
            middle = draft.word.start + len(first)
            found = [Word(first, draft.word.start, middle), Word(second, middle, draft.word.end)]
            parts = [_Draft(word, self._words.stem(word.text)) for word in self._topical(found)]
            await self._find(parts)
            if all(part.sense.verbatim for part in parts):
                corrections[typed] = f"{first} {second}"
                return parts
        return []

    async def _correct_beside(self, draft: _Draft, found: Sequence[Word], corrections: dict[str, str]) -> bool:
        """Read a common English word as one that is a slip away, if that stands beside the next word in the reading.

        "Hart attack" is "heart attack", though "hart" is a word; only where the reading has the two side by side.
        """
        typed = draft.word.text
        if draft.found or len(typed) < SHORTEST_CORRECTED or not self._is_word(typed, draft.stem):
            return False
        at = next((n for n, word in enumerate(found) if word.start == draft.word.start), None)
        if at is None:
            return False
        before, after = found[max(0, at - 1) : at], found[at + 1 : at + 2]
        pairs: dict[Pair, tuple[str, str]] = {}
        for word, shown, _ in await self._alike(typed):
            if word[0] == typed[0] and OSA.distance(typed, word, score_cutoff=1) <= 1:
                stem = self._words.stem(word)
                pairs |= {(self._words.stem(each.text), stem): (word, shown) for each in self._topical(before)}
                pairs |= {(stem, self._words.stem(each.text)): (word, shown) for each in self._topical(after)}
        for pair in await self._beside(list(pairs)):
            word, corrections[typed] = pairs[pair]
            draft.stem = self._words.stem(word)
            await self._find([draft])
            return True
        return False

    async def _correct(self, draft: _Draft, corrections: dict[str, str], *, given: bool) -> None:
        """Read a word that the reading does not have as one that it is part of, or misspells."""
        typed = draft.word.text
        if len(typed) < SHORTEST_CORRECTED or typed.isdigit():
            return
        is_word = self._is_word(typed, draft.stem)
        if (is_word and not given) or typed in english.KNOWN_NAMES:
            return
        alike = await self._alike(typed)
        name = given or (draft.word.capital and draft.word.start > 0)
        best = (not is_word and whole_of(typed, alike)) or meant_by(typed, alike, name)
        near = best is not None and (best[0].startswith(typed) or OSA.distance(typed, best[0]) <= 1)
        if draft.found and not near:
            return  # it has relatives, which may well be what is meant
        draft.framing = not name and not near and is_near(typed, self._asides)
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

    def _term(self, draft: _Draft) -> Term:
        word = draft.word
        share = self._share_of(word.text)
        if draft.framing and share > ASKING:
            share = ABSENT_SCRAP
        if draft.found:
            sense, topical = draft.sense, share > ASKING
            return Term(
                word.text,
                sense.found,
                share * sense.weight,
                share * sense.paragraph_weight,
                sense.rows,
                sense.dwelt,
                sense.verbatim,
                topical,
                sense.name,
            )
        if share < 1 or word.text in english.QUERY_WORDS or (len(word.text) <= _SCRAP and not draft.initials):
            share = ABSENT_SCRAP
        name = (word.capital and word.start > 0) or draft.initials or self._ordinary(draft.stem) is None
        rarest = inverse_frequency(self._sentences, 0)
        weight = share * rarest * (ABSENT_NAME if name else ABSENT_WORD)
        return Term(word.text, {}, weight, 0.0, 0, (), False, share > ASKING)

    def _is_name(self, stem: str) -> bool:
        """Tell a name by what it is not: a common English word, or a doctrine."""
        named = stem.isalpha() and not stem.endswith(_DOCTRINE)
        return named and bool(self._words.stop_words) and stems.ordinary_word(stem) is None

    def _share_of(self, word: str) -> float:
        if word in self._asking:
            return ASKING
        if self._framing and word in english.DEMANDED:
            return DEMANDED
        return LIGHT if word in self._words.light_words else 1.0

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
