"""Where the words of some paragraphs stand, so that a question touches only the sentences that have its words."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from bot.library.asks import Asks, read_asks
from bot.library.question import Question

_NEXT = "\n"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A paragraph's words in the index.

    Attributes:
        sentences: The stems of each sentence, with a space between them.
        words: The stems of all of them in order, with a line break between sentences.
        asks: What each sentence can be asked by; empty if that is nothing.
    """

    number: int
    sentences: list[str]
    words: list[str]
    asks: tuple[Asks, ...]

    @classmethod
    def load(cls, number: int, stems: str, asks: str) -> "Candidate":
        """Make a candidate of its row."""
        return cls(number, stems.split(_NEXT), stems.replace(_NEXT, f" {_NEXT} ").split(" "), read_asks(asks))


class Phrases:
    """The phrases by which sentences of a reading can be asked; they are numbered from 0.

    Attributes:
        lengths: How many words each has.
        having: The numbers of those that have a stem.
    """

    def __init__(self, text: str) -> None:
        """Read them as they stand in the index: a line for each, with a space between stems."""
        self.lengths: list[int] = []
        self.having: dict[str, list[int]] = {}
        for number, phrase in enumerate(text.split(_NEXT) if text else ()):
            stems = phrase.split(" ")
            self.lengths.append(len(stems))
            for stem in stems:
                self.having.setdefault(stem, []).append(number)


Standing = tuple[int, int, float]
"""A sentence that can be found by a word; how often it has it; how much that counts, 1 if it has it at all."""


class Concordance:
    """Some paragraphs by their words. Paragraphs, and the sentences of all of them, are counted from 0.

    Attributes:
        numbers: The number of each paragraph in the reading.
        starts: The first sentence of each paragraph, and at the end how many there are.
        paragraphs: The paragraph of each sentence.
        sentences: The stems of each, with a space between them.
        lengths: How many words each has.
        words: Where each stem stands.
        pairs: Which sentences have one stem right behind another.
        phrases: The phrases by which sentences of the reading can be asked.
        asked: By the number of a phrase the sentences that can be asked by it, each with how much that counts.
    """

    def __init__(self, candidates: Iterable[Candidate], phrases: Phrases, question: Question | None = None) -> None:
        """Go through all the words of some paragraphs, or only through those of a question."""
        self.numbers: list[int] = []
        self.starts = [0]
        self.paragraphs: list[int] = []
        self.sentences: list[str] = []
        self.words: defaultdict[str, list[Standing]] = defaultdict(list)
        self.phrases = phrases
        self.asked: dict[int, list[tuple[int, float]]] = {}
        wanted = None if question is None else question.stems.union(question.tokens, [_NEXT])
        for candidate in candidates:
            self._add_words(candidate, wanted)
            self._add_asks(candidate, wanted)
            self.paragraphs.extend([len(self.numbers)] * len(candidate.sentences))
            self.numbers.append(candidate.number)
            self.sentences.extend(candidate.sentences)
            self.starts.append(len(self.sentences))
        self.lengths = [sentence.count(" ") + 1 if sentence else 0 for sentence in self.sentences]
        self.pairs = self._every_pair() if question is None else self._pairs_of(question.tokens)

    def length(self, paragraph: int) -> int:
        """Return how many words a paragraph has."""
        return sum(self.lengths[self.starts[paragraph] : self.starts[paragraph + 1]])

    def _add_words(self, candidate: Candidate, wanted: frozenset[str] | None) -> None:
        # Most words are passed over: they are before any is looked at.
        found = candidate.words if wanted is None else filter(wanted.__contains__, candidate.words)
        number = self.starts[-1]
        for stem in found:
            if stem == _NEXT:
                number += 1
                continue
            standings = self.words[stem]
            if standings and standings[-1][0] == number:
                standings[-1] = number, standings[-1][1] + 1, 1.0
            else:
                standings.append((number, 1, 1.0))

    def _add_asks(self, candidate: Candidate, wanted: frozenset[str] | None) -> None:
        for number, asks in enumerate(candidate.asks, self.starts[-1]):
            for stem in asks.words if wanted is None else wanted.intersection(asks.words):
                self.words[stem].append((number, 0, asks.words[stem]))
            for weight, phrases in asks.phrases:
                asked = number, weight
                for phrase in phrases:
                    self.asked.setdefault(phrase, []).append(asked)

    def _every_pair(self) -> dict[tuple[str, str], list[int]]:
        pairs: dict[tuple[str, str], list[int]] = {}
        for number, sentence in enumerate(self.sentences):
            for pair in set(pairwise(sentence.split(" "))):
                pairs.setdefault(pair, []).append(number)
        return pairs

    def _pairs_of(self, tokens: Iterable[str]) -> dict[tuple[str, str], list[int]]:
        having = {stem: {number for number, _, _ in self.words.get(stem, ())} for stem in set(tokens)}
        pairs: dict[tuple[str, str], list[int]] = {}
        for one, other in set(pairwise(tokens)):
            beside = f" {one} {other} "
            both = having[one] & having[other]
            pairs[one, other] = [number for number in both if beside in f" {self.sentences[number]} "]
        return pairs
