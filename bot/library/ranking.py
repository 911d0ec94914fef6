"""Ranks passages: how much of a question a sentence, with its paragraph, covers; phrases first.

The score of a sentence is a BM25 sum over the question's terms (Robertson and Zaragoza, "The Probabilistic Relevance
Framework", 2009), with more for words in the order of the question and for phrases by which the sentence is asked, plus
the BM25 sum of its paragraph.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace
from itertools import chain, pairwise
from typing import NamedTuple

from bot.library.concordance import Concordance
from bot.library.english import DEPENDENT
from bot.library.impacts import Impacts
from bot.library.question import Question
from bot.reading import Place

# Found by trial on tests/questions/tuning.toml and held against FTS5's own ranking; tests/library has both.
_PAIR = 0.4
_ASKED_PHRASE = 0.6
_FURTHER_SENTENCE = 0.15
_SECOND_PASSAGE, _SECOND_COVERAGE = 0.7, 0.9
# A passage that lacks the names of the question does not answer it. A name that weighs less tells nothing: it stands in
# every fifth sentence.
_TELLING = 1.6
# What tells whether a question is answered: of a word that always stands beside another, as "Emma" beside "Goldman", so
# much of its weight, for the two ask for one thing; and so much of a word that only leads up to the question.
_COMPANION, _ASIDE = 0.2, 0.15
# A sentence that has so little of what the best one has answers nothing.
_LEAST_SHARE = 0.25
LONGEST_PASSAGE = 3
_MOST_WORDS = 90


class Found(NamedTuple):
    """A passage that answers a question: sentences ``first`` to ``last`` of a paragraph.

    Attributes:
        coverage: The share of what the question asks for that it has.
        named: Whether one of the names that the question has stands in it or beside it, if there are any.
    """

    score: float
    paragraph: int
    first: int
    last: int
    coverage: float
    named: bool

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.paragraph, self.first, self.last)


def rank(question: Question, claims: Sequence[float], impacts: Impacts) -> Iterator[Found]:
    """Rank the passages of some paragraphs, best first; equal ones in the order of the text.

    They are put together one by one, as they are asked for.

    Args:
        claims: What :func:`claimed` says of the question and these paragraphs.
    """
    text = impacts.text
    matched, arounds = _matched(question, claims, impacts)
    if not matched:
        return
    weight = question.weight
    for sentence, score in _wordings(question, impacts).items():
        if sentence in matched:
            matched[sentence].score += weight * score
    least = _LEAST_SHARE * max([match.own for match in matched.values()])
    by_paragraph: dict[int, list[_Match]] = {}
    for match in matched.values():
        if match.own >= least:
            by_paragraph.setdefault(match.paragraph, []).append(match)
    asked = _Asked(question, weight, sum(claims), _Names.of(question, text))
    waiting: list[tuple[float, int, Found | None, Iterator[Found]]] = []
    for paragraph, matches in by_paragraph.items():
        around = arounds[paragraph]
        best = max([match.score for match in matches])
        passages = _passages(asked, text, paragraph, around, matches)
        waiting.append((-(best + around.score), text.numbers[paragraph], None, passages))
    yield from _merged(waiting)


def _merged(waiting: list[tuple[float, int, Found | None, Iterator[Found]]]) -> Iterator[Found]:
    """Yield the passages of several paragraphs, best first.

    Args:
        waiting: Of each paragraph the score of its next passage, below zero; its number; that passage, if it is put
            together already; and those after it.
    """
    heapify(waiting)
    while waiting:
        _, paragraph, found, passages = waiting[0]
        yield found or next(passages)
        following = next(passages, None)
        if following is None:
            heappop(waiting)
        else:
            heapreplace(waiting, (-following.score, paragraph, following, passages))


def named_first(found: Iterator[Found]) -> Iterator[Found]:
    """Yield the passages that have the names of the question before those that have not."""
    nameless = []
    for passage in found:
        if passage.named:
            yield passage
        else:
            nameless.append(passage)
    yield from nameless


def claimed(question: Question, text: Concordance) -> list[float]:
    """Return how much each term counts for whether the question is answered."""
    claims = [term.weight * (1 if term.topical else _ASIDE) for term in question.terms]
    exact = {stem: n for n, term in enumerate(question.terms) for stem, share in term.stems.items() if share == 1}
    for pair in pairwise(question.tokens):
        first, second = exact.get(pair[0]), exact.get(pair[1])
        if first is not None and second is not None and first != second and _are_companions(pair, text):
            lesser = min(first, second, key=lambda n: claims[n])
            claims[lesser] = min(claims[lesser], _COMPANION * question.terms[lesser].weight)
    return claims


def _are_companions(pair: tuple[str, str], text: Concordance) -> bool:
    """Tell whether one of two words never stands without the other behind or before it."""
    together = frozenset(text.pairs.get(pair, ()))
    return bool(together) and any(
        all(number in together for number, count, _ in text.words.get(stem, ()) if count > 0) for stem in pair
    )


@dataclass(slots=True)
class _Around:
    """A paragraph with words of the question: what it adds to the score of its sentences, and covers for them."""

    score: float = 0.0
    covered: float = 0.0


@dataclass(slots=True)
class _Match:
    """A sentence with words of the question.

    Attributes:
        own: The weight of the question's terms that it has.
        covered: How much of the question it covers beyond what its paragraph does.
        terms: Which terms it has: a bit for each.
    """

    sentence: int
    paragraph: int
    own: float
    score: float
    covered: float
    terms: int


def _by_score(match: _Match) -> tuple[float, int]:
    return -match.score, match.sentence


def _matched(
    question: Question, claims: Sequence[float], impacts: Impacts
) -> tuple[dict[int, _Match], dict[int, _Around]]:
    """Return every sentence, and every paragraph, that answers anything of the question, by its number."""
    matched: dict[int, _Match] = {}
    arounds: dict[int, _Around] = {}
    for n, term in enumerate(question.terms):
        sentences, paragraphs = impacts.of(term.stems)
        weight, claim, bit = term.weight, claims[n], 1 << n
        for sentence, paragraph, share, score, beyond in sentences:
            match = matched.get(sentence)
            if match is None:
                matched[sentence] = _Match(sentence, paragraph, weight * share, weight * score, claim * beyond, bit)
            else:
                match.own += weight * share
                match.score += weight * score
                match.covered += claim * beyond
                match.terms |= bit
        weight = term.paragraph_weight * impacts.balance.share
        for paragraph, score, covered in paragraphs:
            around = arounds.get(paragraph)
            if around is None:
                around = arounds[paragraph] = _Around()
            around.score += weight * score
            around.covered += claim * covered
    return matched, arounds


def _wordings(question: Question, impacts: Impacts) -> dict[int, float]:
    """Return by sentence how much of the question stands in it in the same order, and is asked of it."""
    text = impacts.text
    pairs = list(pairwise(question.tokens))
    kept = Counter(chain.from_iterable(text.pairs.get(pair, ()) for pair in pairs))
    scores = {
        sentence: _PAIR * (count / len(pairs)) + (impacts.balance.phrase if count == len(pairs) else 0)
        for sentence, count in kept.items()
    }
    for sentence, alike in _alike(question, text).items():
        scores[sentence] = scores.get(sentence, 0.0) + _ASKED_PHRASE * alike
    return scores


def _alike(question: Question, text: Concordance) -> dict[int, float]:
    """Return how alike the question is to the phrase that it is most alike to, by Dice's coefficient over stems."""
    exact = {stem for term in question.terms for stem, share in term.stems.items() if share == 1}
    shared = Counter(chain.from_iterable(text.phrases.having.get(stem, ()) for stem in exact))
    best: dict[int, float] = {}
    for number, count in shared.items():
        if count > 1:
            alike = 2 * count / (text.phrases.lengths[number] + len(question.terms))
            for sentence, value in text.asked.get(number, ()):
                best[sentence] = max(best.get(sentence, 0.0), value * alike * alike)
    return best


@dataclass(frozen=True, slots=True)
class _Names:
    """Where the names of a question stand, and those with their relatives: numbers of sentences; None: it has none."""

    names: frozenset[int]
    kin: frozenset[int] | None

    @classmethod
    def of(cls, question: Question, text: Concordance) -> "_Names":
        topics = [term for term in question.terms if term.topical]
        # One word asks for sentences that have it, name or not, before those that can only be asked by it.
        if len(question.terms) == len(question.tokens) == len(topics) == 1 and topics[0].verbatim:
            exact = (stem for stem, share in topics[0].stems.items() if share == 1)
            return cls(frozenset(), _sentences(exact, text, said=True))
        named = [term.stems for term in question.terms if term.name and term.weight >= _TELLING and term.stems]
        if not named:
            return cls(frozenset(), None)
        names = [stem for family in named for stem, share in family.items() if share == 1]
        return cls(_sentences(names, text), _sentences(chain.from_iterable(named), text))

    def are_at(self, first: int, last: int, start: int, end: int) -> bool:
        """Tell whether a name, or a relative, stands in a passage, or the name itself beside it in the paragraph."""
        if self.kin is None or not self.kin.isdisjoint(range(first, last + 1)):
            return True
        return not self.names.isdisjoint(range(max(start, first - 1), min(end, last + 2)))


def _sentences(stems: Iterable[str], text: Concordance, *, said: bool = False) -> frozenset[int]:
    """Return the sentences that can be found by some stems; or those alone that have one, if it must be said."""
    return frozenset(sentence for stem in stems for sentence, count, _ in text.words.get(stem, ()) if count or not said)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, how much its terms claim together, and where its names stand."""

    question: Question
    weight: float
    claims: float
    names: _Names


def _passages(
    asked: _Asked, text: Concordance, paragraph: int, around: _Around, matches: list[_Match]
) -> Iterator[Found]:
    """Yield the passages of a paragraph around some of its sentences, best first."""
    matches.sort(key=_by_score)
    scored = {match.sentence: match for match in matches}
    start, end = text.starts[paragraph : paragraph + 2]
    number, least = text.numbers[paragraph], _SECOND_COVERAGE * matches[0].own
    taken: set[int] = set()
    for match in matches:
        if taken and (match.own < least or match.sentence in taken):
            continue
        first, last = _widen(asked, scored, match, taken)
        first = _lean_back(text, start, first, last, taken)
        share = _SECOND_PASSAGE if taken else 1.0
        taken.update(range(first, last + 1))
        yield Found(
            share * (match.score + around.score),
            number,
            first - start + 1,
            last - start + 1,
            (around.covered + match.covered) / asked.claims,
            asked.names.are_at(first, last, start, end),
        )


def _lean_back(text: Concordance, start: int, first: int, last: int, taken: set[int]) -> int:
    """Begin earlier where the passage begins with a word like "he" or "yet", if that makes it stand alone.

    Args:
        start: The first sentence of its paragraph.
    """
    if not _leans(text.sentences[first]):
        return first
    earlier = first
    while earlier > start and _leans(text.sentences[earlier]):
        earlier -= 1
        length = sum(text.lengths[earlier : last + 1])
        if earlier in taken or last - earlier + 1 > LONGEST_PASSAGE or length > _MOST_WORDS:
            return first
    return first if _leans(text.sentences[earlier]) else earlier


def _leans(sentence: str) -> bool:
    return sentence.partition(" ")[0] in DEPENDENT


def _widen(asked: _Asked, scored: Mapping[int, _Match], match: _Match, taken: set[int]) -> tuple[int, int]:
    """Take in the sentence before or after where it adds a topic of the question."""
    first = last = match.sentence
    have = match.terms
    while last - first + 1 < LONGEST_PASSAGE:
        chosen, most = None, 0.0
        for n in (first - 1, last + 1):
            other = scored.get(n)
            if other is not None and other.terms & ~have and n not in taken:
                gain = _weight(asked.question, other.terms & ~have)
                if gain / asked.weight >= _FURTHER_SENTENCE and gain > most:
                    chosen, most = other, gain
        if chosen is None:
            break
        have |= chosen.terms
        first, last = min(first, chosen.sentence), max(last, chosen.sentence)
    return first, last


def _weight(question: Question, terms: int) -> float:
    """Return the weight of some terms: a bit for each."""
    return sum([term.weight for n, term in enumerate(question.terms) if terms >> n & 1])
