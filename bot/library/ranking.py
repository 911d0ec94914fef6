"""Ranks passages: how much of a question a sentence, with its paragraph, covers; phrases first.

The score of a sentence is a BM25 sum over the question's terms (Robertson and Zaragoza, "The Probabilistic Relevance
Framework", 2009), with more for words in the order of the question and for phrases by which the sentence is asked, plus
the BM25 sum of its paragraph.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from bot.library import english
from bot.library.question import Question, Term
from bot.reading import Place, Reading

_K1 = 1.2
_B_SENTENCE, _B_PARAGRAPH = 0.35, 0.6
# Found by trial on tests/questions/tuning.toml and held against FTS5's own ranking; tests/library has both.
_PARAGRAPH_SHARE = 1.3
_NEIGHBOUR = 0.35
_PAIR, _WHOLE_PHRASE = 0.4, 0.8
_ASKED_PHRASE = 0.6
_FURTHER_SENTENCE = 0.15
_SECOND_PASSAGE, _SECOND_COVERAGE = 0.7, 0.9
# A passage counts so much less that lacks the names of the question, and it does not answer it. A name tells nothing
# that stands in every fifth sentence: it weighs less than the second figure.
_TELLING = 1.6
# What tells whether a question is answered: of a word that always stands beside another, as "Emma" beside "Goldman", so
# much of its weight, for the two ask for one thing; and so much of a word that only leads up to the question.
_COMPANION, _ASIDE = 0.2, 0.15
# A sentence that has so little of what the best one has answers nothing.
_LEAST_SHARE = 0.25
LONGEST_PASSAGE = 3
_MOST_WORDS = 90


# Single words, each with how much it counts, and whole phrases.
_Asks = tuple[dict[str, float], tuple[tuple[float, frozenset[str]], ...]]
_NO_ASKS: tuple[_Asks, ...] = (({}, ()),)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A paragraph's words in the index.

    Attributes:
        sentences: The stems of each sentence.
        asks: What each sentence can be asked by.
        sets: All that each sentence can be found by.
        all: All that one of them can be found by.
        length: How many words there are.
    """

    number: int
    section: int
    sentences: tuple[tuple[str, ...], ...]
    asks: tuple[_Asks, ...]
    sets: tuple[frozenset[str], ...]
    all: frozenset[str]
    length: int

    @classmethod
    def load(cls, number: int, section: int, stems: str, asks: str) -> "Candidate":
        """Make a candidate of its row."""
        sentences = tuple(tuple(line.split(" ")) if line else () for line in stems.split("\n"))
        sets = tuple(map(frozenset, sentences))
        asked = _NO_ASKS * len(sentences)
        if asks:
            asked = tuple(
                (words, tuple((each, frozenset(phrase)) for each, phrase in phrases))
                for words, phrases in json.loads(asks)
            )
            sets = tuple(own.union(words) for own, (words, _) in zip(sets, asked, strict=True))
        return cls(number, section, sentences, asked, sets, frozenset().union(*sets), sum(map(len, sentences)))


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that answers a question.

    Attributes:
        coverage: The share of what the question asks for that it has.
        named: Whether one of the names that the question has stands in it or beside it, if there are any.
    """

    place: Place
    score: float
    coverage: float
    named: bool


@dataclass(frozen=True, slots=True)
class Averages:
    """The average lengths in a reading, in words."""

    sentence: float
    paragraph: float

    @classmethod
    def of(cls, reading: Reading) -> "Averages":
        """Measure a reading."""
        length = sum(section.words for section in reading.sections)
        return cls(max(1, length / max(1, reading.sentences)), max(1, length / max(1, reading.paragraphs)))


def rank(question: Question, candidates: Iterable[Candidate], averages: Averages) -> list[Found]:
    """Rank the passages of these paragraphs, best first; equal ones in the order of the text."""
    candidates = list(candidates)
    wanted = _Wanted.of(question, candidates)
    matched = [(candidate, _matches(wanted, candidate)) for candidate in candidates]
    most = max((match.own for _, matches in matched for match in matches.values()), default=0.0)
    found = [
        passage
        for candidate, matches in matched
        if matches
        for passage in _passages(wanted, candidate, matches, averages, _LEAST_SHARE * most)
    ]
    return sorted(found, key=lambda each: (-each.score, each.place))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is asked of every sentence, made ready once.

    Attributes:
        by_stem: Which terms a stem answers, each with how much it counts.
        claims: How much each term counts for whether the question is answered.
        names: The stems of the names in the question.
        kin: Those and their relatives.
        exact: The stems of the question's own words.
        pairs: The question's words two by two.
    """

    terms: tuple[Term, ...]
    weights: tuple[float, ...]
    weight: float
    claims: tuple[float, ...]
    names: frozenset[str]
    kin: frozenset[str]
    by_stem: dict[str, list[tuple[int, float]]]
    exact: frozenset[str]
    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, question: Question, candidates: Sequence[Candidate]) -> "_Wanted":
        named = [term.stems for term in question.terms if term.name and term.weight >= _TELLING]
        by_stem: dict[str, list[tuple[int, float]]] = {}
        for n, term in enumerate(question.terms):
            for stem, share in term.stems.items():
                by_stem.setdefault(stem, []).append((n, share))
        return cls(
            question.terms,
            tuple(term.weight for term in question.terms),
            question.weight,
            _claims(question, candidates),
            frozenset(stem for family in named for stem, share in family.items() if share == 1),
            frozenset(stem for family in named for stem in family),
            by_stem,
            frozenset(stem for term in question.terms for stem, share in term.stems.items() if share == 1),
            tuple(pairwise(question.tokens)),
        )


def _claims(question: Question, candidates: Sequence[Candidate]) -> tuple[float, ...]:
    claims = [term.weight * (1 if term.topical else _ASIDE) for term in question.terms]
    exact = {stem: n for n, term in enumerate(question.terms) for stem, share in term.stems.items() if share == 1}
    for one, other in pairwise(question.tokens):
        first, second = exact.get(one), exact.get(other)
        if first is not None and second is not None and first != second and _are_companions(one, other, candidates):
            lesser = min(first, second, key=lambda n: claims[n])
            claims[lesser] = min(claims[lesser], _COMPANION * question.terms[lesser].weight)
    return tuple(claims)


def _are_companions(one: str, other: str, candidates: Sequence[Candidate]) -> bool:
    """Tell whether one of two words never stands without the other behind or before it."""
    together = one_alone = other_alone = False
    for candidate in candidates:
        if one not in candidate.all and other not in candidate.all:
            continue
        for sentence in candidate.sentences:
            has_one, has_other = one in sentence, other in sentence
            if has_one and has_other and (one, other) in pairwise(sentence):
                together = True
            else:
                one_alone |= has_one
                other_alone |= has_other
        if one_alone and other_alone:
            return False
    return together


class _Match(NamedTuple):
    """Which terms a sentence answers: how much that counts, how often it has them, and their weight altogether."""

    shares: dict[int, float]
    counts: dict[int, float]
    own: float


class _Scored(NamedTuple):
    score: float
    coverage: float
    own: dict[int, float]


def _matches(wanted: _Wanted, candidate: Candidate) -> dict[int, _Match]:
    """Return which sentences answer anything of the question."""
    if candidate.all.isdisjoint(wanted.by_stem):
        return {}
    return {
        s: _match(wanted, stems, candidate.sentences[s], candidate.asks[s][0])
        for s, stems in enumerate(candidate.sets)
        if not stems.isdisjoint(wanted.by_stem)
    }


def _passages(
    wanted: _Wanted, candidate: Candidate, matches: Mapping[int, _Match], averages: Averages, least: float
) -> Iterator[Found]:
    """Yield the passages of a paragraph around the sentences that have at least so much of the question's weight."""
    anywhere: dict[int, float] = {}
    counts: dict[int, float] = {}
    for match in matches.values():
        for n, share in match.shares.items():
            anywhere[n] = max(share, anywhere.get(n, 0))
            counts[n] = counts.get(n, 0) + match.counts[n]
    paragraph = around = 0.0
    for n, share in sorted(anywhere.items()):
        saturated = _saturated(counts[n] or 1, candidate.length, averages.paragraph, _B_PARAGRAPH)
        paragraph += wanted.terms[n].paragraph_weight * share * saturated
        around += wanted.claims[n] * _NEIGHBOUR * share
    scored = {
        s: _score(wanted, candidate, s, match, anywhere, around, averages)
        for s, match in matches.items()
        if match.own >= least
    }
    taken: set[int] = set()
    order = sorted(scored, key=lambda s: (-scored[s].score, s))
    for s in order:
        if s in taken or (taken and matches[s].own < _SECOND_COVERAGE * matches[order[0]].own):
            continue
        first, last = _widen(wanted, scored, s, taken)
        first = _lean_back(candidate, first, last, taken)
        share = _SECOND_PASSAGE if taken else 1.0
        taken.update(range(first, last + 1))
        yield Found(
            Place(candidate.number, first + 1, last + 1),
            share * (scored[s].score + _PARAGRAPH_SHARE * paragraph),
            scored[s].coverage,
            _is_named(wanted, candidate, first, last),
        )


def _is_named(wanted: _Wanted, candidate: Candidate, first: int, last: int) -> bool:
    """Tell whether a name of the question, or a relative of it, stands in a passage, or the name itself beside it."""
    if not wanted.kin:
        return True
    inside, beside = candidate.sets[first : last + 1], candidate.sets[max(0, first - 1) : last + 2]
    return not (all(map(wanted.kin.isdisjoint, inside)) and all(map(wanted.names.isdisjoint, beside)))


def _match(wanted: _Wanted, stems: frozenset[str], sentence: tuple[str, ...], asked: Mapping[str, float]) -> _Match:
    shares: dict[int, float] = {}
    counts: dict[int, float] = {}
    for stem, answers in wanted.by_stem.items():
        if stem not in stems:
            continue
        count = sentence.count(stem)
        value = 1 if count else asked[stem]
        for n, share in answers:
            counts[n] = counts.get(n, 0) + share * count
            shares[n] = max(share * value, shares.get(n, 0))
    return _Match(shares, counts, sum(wanted.weights[n] * share for n, share in shares.items()))


def _saturated(count: float, length: int, average: float, b: float) -> float:
    return count * (_K1 + 1) / (count + _K1 * (1 - b + b * length / average))


def _score(
    wanted: _Wanted,
    candidate: Candidate,
    s: int,
    match: _Match,
    anywhere: dict[int, float],
    around: float,
    averages: Averages,
) -> _Scored:
    sentence, stems = candidate.sentences[s], candidate.sets[s]
    score, covered = 0.0, around
    for n, here in match.shares.items():
        weight = wanted.weights[n]
        covered += wanted.claims[n] * max(0.0, here - _NEIGHBOUR * anywhere[n])
        count = max(1, match.counts[n])
        score += weight * here * _saturated(count, len(sentence), averages.sentence, _B_SENTENCE)
    score += wanted.weight * (_in_order(wanted, sentence, stems) + _asked(wanted, candidate.asks[s][1], stems))
    return _Scored(score, covered / sum(wanted.claims), match.shares)


def _in_order(wanted: _Wanted, sentence: Sequence[str], stems: frozenset[str]) -> float:
    """Return how much of the question stands in the sentence in the same order, word beside word."""
    if not wanted.pairs:
        return 0.0
    kept = sum(
        one in stems and other in stems and (one, other) in pairwise(sentence) for one, other in wanted.pairs
    ) / len(wanted.pairs)
    return _PAIR * kept + (_WHOLE_PHRASE if kept == 1 else 0)


def _asked(wanted: _Wanted, phrases: Sequence[tuple[float, frozenset[str]]], stems: frozenset[str]) -> float:
    """Return how alike the question is to the phrase that it is most alike to, by Dice's coefficient over stems."""
    best = 0.0
    if not phrases or len(wanted.exact & stems) < 2:
        return best
    for weight, phrase in phrases:
        shared = len(phrase & wanted.exact)
        if shared > 1:
            alike = 2 * shared / (len(phrase) + len(wanted.terms))
            best = max(best, weight * alike * alike)
    return _ASKED_PHRASE * best


def _lean_back(candidate: Candidate, first: int, last: int, taken: set[int]) -> int:
    """Begin earlier where the passage begins with a word like "he" or "yet", if that makes it stand alone."""
    start = first
    while start > 0 and candidate.sentences[start][:1] and candidate.sentences[start][0] in english.DEPENDENT:
        start -= 1
        length = sum(len(sentence) for sentence in candidate.sentences[start : last + 1])
        if start in taken or last - start + 1 > LONGEST_PASSAGE or length > _MOST_WORDS:
            return first
    leans = candidate.sentences[start][:1] and candidate.sentences[start][0] in english.DEPENDENT
    return first if leans else start


def _widen(wanted: _Wanted, scored: Mapping[int, _Scored], s: int, taken: set[int]) -> tuple[int, int]:
    """Take in the sentence before or after where it adds a topic of the question."""
    first = last = s
    have = set(scored[s].own)
    while last - first + 1 < LONGEST_PASSAGE:
        gains = []
        for other in (first - 1, last + 1):
            if other in scored and other not in taken:
                gain = sum(wanted.weights[n] for n in scored[other].own if n not in have) / wanted.weight
                gains.append((gain, -other, other))
        if not gains or max(gains)[0] < _FURTHER_SENTENCE:
            break
        chosen = max(gains)[2]
        have |= set(scored[chosen].own)
        first, last = min(first, chosen), max(last, chosen)
    return first, last
