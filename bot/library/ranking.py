"""Ranks passages: how much of a question a sentence, with its paragraph, covers; phrases first.

The score of a sentence is a BM25 sum over the question's terms (Robertson and Zaragoza, "The Probabilistic Relevance
Framework", 2009), with more for words in the order of the question and for phrases by which the sentence is asked, plus
the BM25 sum of its paragraph.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise

from bot.library.concordance import Concordance
from bot.library.english import DEPENDENT
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


def rank(question: Question, claims: Sequence[float], text: Concordance, averages: Averages) -> list[Found]:
    """Rank the passages of some paragraphs, best first; equal ones in the order of the text.

    Args:
        claims: What :func:`claimed` says of the question and these paragraphs.
    """
    matched = _matched(question, claims, text, averages)
    if not matched:
        return []
    weight = question.weight
    for sentence, score in _wordings(question, text).items():
        if sentence in matched:
            matched[sentence].score += weight * score
    least = _LEAST_SHARE * max(match.own for match in matched.values())
    by_paragraph: dict[int, list[_Match]] = {}
    for match in matched.values():
        if match.own >= least:
            by_paragraph.setdefault(match.around.paragraph, []).append(match)
    asked = _Asked(question, weight, sum(claims), _Names.of(question, text))
    found = [
        passage for paragraph, matches in by_paragraph.items() for passage in _passages(asked, text, paragraph, matches)
    ]
    return sorted(found, key=lambda each: (-each.score, each.place))


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
    together = len(text.pairs.get(pair, ()))
    return together > 0 and any(together == sum(count > 0 for _, count, _ in text.words.get(stem, ())) for stem in pair)


@dataclass(slots=True)
class _Around:
    """A paragraph with words of the question: its score, and how much of the question it covers for its sentences."""

    paragraph: int
    length: int
    score: float = 0.0
    covered: float = 0.0


@dataclass(slots=True)
class _Match:
    """A sentence with words of the question.

    Attributes:
        own: The weight of the question's terms that it has.
        covered: How much of the question it covers beyond what its paragraph does.
        terms: Which terms it has.
    """

    sentence: int
    around: _Around
    own: float = 0.0
    score: float = 0.0
    covered: float = 0.0
    terms: list[int] = field(default_factory=list)


def _matched(question: Question, claims: Sequence[float], text: Concordance, averages: Averages) -> dict[int, _Match]:
    """Return every sentence that answers anything of the question, by its number."""
    matched: dict[int, _Match] = {}
    paragraphs: dict[int, _Around] = {}
    for n, term in enumerate(question.terms):
        hits = _hits(term, text)
        best: dict[int, float] = {}
        often: dict[int, float] = {}
        for sentence, (share, count) in hits.items():
            paragraph = text.paragraphs[sentence]
            often[paragraph] = often.get(paragraph, 0) + count
            if share > best.get(paragraph, 0):
                best[paragraph] = share
        for paragraph, share in best.items():
            around = paragraphs.get(paragraph)
            if around is None:
                around = paragraphs[paragraph] = _Around(paragraph, text.length(paragraph))
            saturated = _saturated(often[paragraph] or 1, around.length, averages.paragraph, _B_PARAGRAPH)
            around.score += term.paragraph_weight * share * saturated
            around.covered += claims[n] * _NEIGHBOUR * share
        weight, claim = term.weight, claims[n]
        for sentence, (share, count) in hits.items():
            match = matched.get(sentence)
            if match is None:
                match = matched[sentence] = _Match(sentence, paragraphs[text.paragraphs[sentence]])
            own = weight * share
            match.own += own
            match.score += own * _saturated(
                max(1, count), len(text.sentences[sentence]), averages.sentence, _B_SENTENCE
            )
            beyond = share - _NEIGHBOUR * best[match.around.paragraph]
            if beyond > 0:
                match.covered += claim * beyond
            match.terms.append(n)
    return matched


def _hits(term: Term, text: Concordance) -> dict[int, tuple[float, float]]:
    """Return by sentence how much it counts for a term that it has it, and how often it does."""
    hits: dict[int, tuple[float, float]] = {}
    for stem, share in term.stems.items():
        for sentence, count, value in text.words.get(stem, ()):
            before = hits.get(sentence)
            if before is None:
                hits[sentence] = share * value, share * count
            else:
                hits[sentence] = max(share * value, before[0]), before[1] + share * count
    return hits


def _saturated(count: float, length: int, average: float, b: float) -> float:
    return count * (_K1 + 1) / (count + _K1 * (1 - b + b * length / average))


def _wordings(question: Question, text: Concordance) -> dict[int, float]:
    """Return by sentence how much of the question stands in it in the same order, and is asked of it."""
    pairs = list(pairwise(question.tokens))
    kept = Counter(chain.from_iterable(text.pairs.get(pair, ()) for pair in pairs))
    scores = {
        sentence: _PAIR * (count / len(pairs)) + (_WHOLE_PHRASE if count == len(pairs) else 0)
        for sentence, count in kept.items()
    }
    for sentence, alike in _alike(question, text).items():
        scores[sentence] = scores.get(sentence, 0.0) + _ASKED_PHRASE * alike
    return scores


def _alike(question: Question, text: Concordance) -> dict[int, float]:
    """Return how alike the question is to the phrase that it is most alike to, by Dice's coefficient over stems."""
    exact = {stem for term in question.terms for stem, share in term.stems.items() if share == 1}
    shared = Counter(chain.from_iterable(text.phrases.get(stem, ()) for stem in exact))
    best: dict[int, float] = {}
    for number, count in shared.items():
        if count > 1:
            length, sentences = text.asked[number]
            alike = 2 * count / (length + len(question.terms))
            for sentence, value in sentences:
                best[sentence] = max(best.get(sentence, 0.0), value * alike * alike)
    return best


@dataclass(frozen=True, slots=True)
class _Names:
    """Where the names of a question stand, and those with their relatives: numbers of sentences; None: it has none."""

    names: frozenset[int]
    kin: frozenset[int] | None

    @classmethod
    def of(cls, question: Question, text: Concordance) -> "_Names":
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


def _sentences(stems: Iterable[str], text: Concordance) -> frozenset[int]:
    return frozenset(sentence for stem in stems for sentence, _, _ in text.words.get(stem, ()))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, how much its terms claim together, and where its names stand."""

    question: Question
    weight: float
    claims: float
    names: _Names


def _passages(asked: _Asked, text: Concordance, paragraph: int, matches: list[_Match]) -> Iterator[Found]:
    """Yield the passages of a paragraph around some of its sentences."""
    matches.sort(key=lambda match: (-match.score, match.sentence))
    scored = {match.sentence: match for match in matches}
    around, most = matches[0].around, matches[0].own
    start, end = text.starts[paragraph : paragraph + 2]
    taken: set[int] = set()
    for sentence, match in scored.items():
        if sentence in taken or (taken and match.own < _SECOND_COVERAGE * most):
            continue
        first, last = _widen(asked, scored, sentence, taken)
        first = _lean_back(text, start, first, last, taken)
        share = _SECOND_PASSAGE if taken else 1.0
        taken.update(range(first, last + 1))
        yield Found(
            Place(text.numbers[paragraph], first - start + 1, last - start + 1),
            share * (match.score + _PARAGRAPH_SHARE * around.score),
            (around.covered + match.covered) / asked.claims,
            asked.names.are_at(first, last, start, end),
        )


def _lean_back(text: Concordance, start: int, first: int, last: int, taken: set[int]) -> int:
    """Begin earlier where the passage begins with a word like "he" or "yet", if that makes it stand alone.

    Args:
        start: The first sentence of its paragraph.
    """
    earlier = first
    while earlier > start and _leans(text.sentences[earlier]):
        earlier -= 1
        length = sum(map(len, text.sentences[earlier : last + 1]))
        if earlier in taken or last - earlier + 1 > LONGEST_PASSAGE or length > _MOST_WORDS:
            return first
    return first if _leans(text.sentences[earlier]) else earlier


def _leans(sentence: Sequence[str]) -> bool:
    return bool(sentence) and sentence[0] in DEPENDENT


def _widen(asked: _Asked, scored: Mapping[int, _Match], s: int, taken: set[int]) -> tuple[int, int]:
    """Take in the sentence before or after where it adds a topic of the question."""
    first = last = s
    have = set(scored[s].terms)
    while last - first + 1 < LONGEST_PASSAGE:
        chosen, most = None, 0.0
        for other in (first - 1, last + 1):
            if other in scored and other not in taken:
                gain = sum([asked.question.terms[n].weight for n in scored[other].terms if n not in have])
                if gain / asked.weight >= _FURTHER_SENTENCE and gain > most:
                    chosen, most = other, gain
        if chosen is None:
            break
        have.update(scored[chosen].terms)
        first, last = min(first, chosen), max(last, chosen)
    return first, last
