"""Where the words of some paragraphs stand, so that a question touches only the sentences that have its words."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from bot.library.question import Question

# Single words, each with how much it counts, and whole phrases.
_Asks = tuple[dict[str, float], tuple[tuple[float, frozenset[str]], ...]]
_value = lru_cache(maxsize=64)(float)  # there are few, and thousands of each
_NO_ASKS: tuple[_Asks, ...] = (({}, ()),)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A paragraph's words in the index.

    Attributes:
        sentences: The stems of each sentence.
        asks: What each sentence can be asked by.
    """

    number: int
    sentences: tuple[tuple[str, ...], ...]
    asks: tuple[_Asks, ...]

    @classmethod
    def load(cls, number: int, stems: str, asks: str) -> "Candidate":
        """Make a candidate of its row."""
        sentences = tuple([tuple(line.split(" ")) if line else () for line in stems.split("\n")])
        if not asks:
            return cls(number, sentences, _NO_ASKS * len(sentences))
        asked = (
            (words, tuple((value, frozenset(phrase)) for value, phrase in phrases))
            for words, phrases in json.loads(asks, parse_float=_value)
        )
        return cls(number, sentences, tuple(asked))


Standing = tuple[int, int, float]
"""A sentence that can be found by a word; how often it has it; how much that counts, 1 if it has it at all."""
Phrase = tuple[int, list[tuple[int, float]]]
"""How many words a phrase has; the sentences that can be asked by it, each with how much that counts."""


class Concordance:
    """Some paragraphs by their words. Paragraphs, and the sentences of all of them, are counted from 0.

    Attributes:
        numbers: The number of each paragraph in the reading.
        starts: The first sentence of each paragraph, and at the end how many there are.
        paragraphs: The paragraph of each sentence.
        sentences: The stems of each.
        words: Where each stem stands.
        pairs: Which sentences have one stem right behind another.
        asked: Every phrase that a sentence can be asked by.
        phrases: Which of these have a stem.
    """

    def __init__(self, candidates: Iterable[Candidate], question: Question | None = None) -> None:
        """Go through all the words of some paragraphs, or only through those of a question."""
        self.numbers: list[int] = []
        self.starts = [0]
        self.paragraphs: list[int] = []
        self.sentences: list[tuple[str, ...]] = []
        self.words: dict[str, list[Standing]] = {}
        self.pairs: dict[tuple[str, str], list[int]] = {}
        self.asked: list[Phrase] = []
        self.phrases: dict[str, list[int]] = {}
        wanted = None if question is None else frozenset(question.stems).union(question.tokens)
        known: dict[frozenset[str], int] = {}
        for candidate in candidates:
            self._add_words(candidate, wanted)
            self._add_phrases(candidate, known)
            self.paragraphs.extend([len(self.numbers)] * len(candidate.sentences))
            self.numbers.append(candidate.number)
            self.sentences.extend(candidate.sentences)
            self.starts.append(len(self.sentences))
        if question is None:
            for number, sentence in enumerate(self.sentences):
                for pair in set(pairwise(sentence)):
                    self.pairs.setdefault(pair, []).append(number)
        else:
            self.pairs = {pair: self._having(*pair) for pair in pairwise(question.tokens)}

    def length(self, paragraph: int) -> int:
        """Return how many words a paragraph has."""
        return sum(map(len, self.sentences[self.starts[paragraph] : self.starts[paragraph + 1]]))

    def _add_words(self, candidate: Candidate, wanted: frozenset[str] | None) -> None:
        both = zip(candidate.sentences, candidate.asks, strict=True)
        for number, (sentence, (words, _)) in enumerate(both, self.starts[-1]):
            for stem in set(sentence) if wanted is None else wanted.intersection(sentence):
                self.words.setdefault(stem, []).append((number, sentence.count(stem), 1.0))
            for stem in words if wanted is None else wanted.intersection(words):
                self.words.setdefault(stem, []).append((number, 0, words[stem]))

    def _add_phrases(self, candidate: Candidate, known: dict[frozenset[str], int]) -> None:
        for number, (_, phrases) in enumerate(candidate.asks, self.starts[-1]):
            shared = {value: (number, value) for value, _ in phrases}
            for value, phrase in phrases:
                if phrase not in known:
                    known[phrase] = len(self.asked)
                    self.asked.append((len(phrase), []))
                    for stem in phrase:
                        self.phrases.setdefault(stem, []).append(known[phrase])
                self.asked[known[phrase]][1].append(shared[value])

    def _having(self, one: str, other: str) -> list[int]:
        """Return which sentences have one word right behind another."""
        ones, others = ({number for number, _, _ in self.words.get(stem, ())} for stem in (one, other))
        return [number for number in ones & others if (one, other) in pairwise(self.sentences[number])]
