"""What a word adds to the sentences and paragraphs that have it, before a question weighs it (their "impacts").

They are BM25's terms (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009) without the inverse
frequency: how often the word stands there, saturated, against the length of the sentence or paragraph.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from bot.library.concordance import Concordance
from bot.library.memory import Memory
from bot.reading import Reading

_K1 = 1.2
_B_SENTENCE = 0.35
# A sentence that has a word only in the sentences beside it covers so much of it.
_NEIGHBOUR = 0.35
_REMEMBERED = 2048


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


class Balance(NamedTuple):
    """How paragraphs count beside their sentences.

    Attributes:
        share: How much a paragraph's score adds to that of each of its sentences.
        length: How much longer paragraphs count for less: BM25's b.
        phrase: What a sentence gains that has all of the question in its order, as a share of the question's weight.
    """

    share: float
    length: float
    phrase: float


BY_SENTENCE = Balance(1.3, 0.6, 0.8)
"""Where concepts say by what each sentence can be asked; found by trial on tests/questions/tuning.toml."""
BY_PARAGRAPH = Balance(6, 0.75, 5)
"""Where nothing but its words is known of a text. A question is then met best by the paragraph that has most of it, and
among its sentences by the best; found by trial on descriptions of Debian's packages, asked for by a sentence of theirs
that was taken out and by their titles."""

InSentence = tuple[int, int, float, float, float]
"""A sentence that has a word; its paragraph; how much of the word it has: 1, or less for a relative; what that adds to
its score; and how much of the word it covers beyond what its paragraph does."""
InParagraph = tuple[int, float, float]
"""A paragraph that has a word; what that adds to its score; and how much of the word all its sentences cover."""
Impact = tuple[list[InSentence], list[InParagraph]]
"""All that a word adds."""


class Impacts:
    """The impacts of words in some paragraphs, each reckoned once.

    Attributes:
        text: Where the words of the paragraphs stand.
        balance: How the paragraphs count beside their sentences.
    """

    def __init__(self, text: Concordance, averages: Averages, balance: Balance) -> None:
        self.text = text
        self.balance = balance
        self._sentence_norms = _norms(text.lengths, averages.sentence, _B_SENTENCE)
        lengths = [text.length(paragraph) for paragraph in range(len(text.numbers))]
        self._paragraph_norms = _norms(lengths, averages.paragraph, balance.length)
        self._known: Memory[Impact] = Memory(_REMEMBERED)

    def of(self, stems: Mapping[str, float]) -> Impact:
        """Return the impact of a word with its relatives, each with how much it counts."""
        key = tuple(stems.items())
        known = self._known.get(key)
        return known if known is not None else self._known.put(key, self._reckoned(stems))

    def _reckoned(self, stems: Mapping[str, float]) -> Impact:
        paragraph_of = self.text.paragraphs
        hits = _hits(stems, self.text)
        best: dict[int, float] = {}
        often: dict[int, float] = {}
        for sentence, (share, count) in hits.items():
            paragraph = paragraph_of[sentence]
            if paragraph not in best:
                best[paragraph], often[paragraph] = share, count
            else:
                often[paragraph] += count
                if share > best[paragraph]:
                    best[paragraph] = share
        sentences = []
        for sentence, (share, count) in hits.items():
            paragraph, count = paragraph_of[sentence], max(1, count)
            beyond = share - _NEIGHBOUR * best[paragraph]
            score = share * count * (_K1 + 1) / (count + self._sentence_norms[sentence])
            sentences.append((sentence, paragraph, share, score, beyond if beyond > 0 else 0.0))
        paragraphs = []
        for paragraph, share in best.items():
            count = often[paragraph] or 1
            score = share * count * (_K1 + 1) / (count + self._paragraph_norms[paragraph])
            paragraphs.append((paragraph, score, _NEIGHBOUR * share))
        return sentences, paragraphs


def _hits(stems: Mapping[str, float], text: Concordance) -> dict[int, tuple[float, float]]:
    """Return by sentence how much it counts for a word that it has it, and how often it does."""
    hits: dict[int, tuple[float, float]] = {}
    for stem, share in stems.items():
        for sentence, count, value in text.words.get(stem, ()):
            before = hits.get(sentence)
            if before is None:
                hits[sentence] = share * value, share * count
            else:
                hits[sentence] = max(share * value, before[0]), before[1] + share * count
    return hits


def _norms(lengths: Iterable[int], average: float, b: float) -> list[float]:
    """Return for each length how many times a word must stand there to have half of its most."""
    return [_K1 * (1 - b + b * length / average) for length in lengths]
