"""What a word adds to the sentences and paragraphs that have it, before a question weighs it (their "impacts").

They are BM25's terms (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009) without the inverse
frequency: how often the word stands there, saturated, against the length of the sentence or paragraph.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from bot.library.concordance import Concordance
from bot.library.memory import Memory
from bot.reading import Reading

K1 = 1.2
_B_SENTENCE, _B_PARAGRAPH = 0.35, 0.6
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


class InSentence(NamedTuple):
    """A sentence that has a word.

    Attributes:
        share: How much of the word it has: 1, or less for a relative.
        score: What it adds to the sentence's score.
        beyond: How much of it the sentence covers beyond what its paragraph does.
    """

    sentence: int
    paragraph: int
    share: float
    score: float
    beyond: float


class InParagraph(NamedTuple):
    """A paragraph that has a word: what it adds to its score, and how much of it all its sentences cover."""

    paragraph: int
    score: float
    covered: float


class Impact(NamedTuple):
    """All that a word adds."""

    sentences: tuple[InSentence, ...]
    paragraphs: tuple[InParagraph, ...]


class Impacts:
    """The impacts of words in some paragraphs, each reckoned once.

    Attributes:
        text: Where the words of the paragraphs stand.
    """

    def __init__(self, text: Concordance, averages: Averages) -> None:
        self.text = text
        self._averages = averages
        self._lengths: dict[int, int] = {}
        self._known: Memory[Impact] = Memory(_REMEMBERED)

    def of(self, stems: Mapping[str, float]) -> Impact:
        """Return the impact of a word with its relatives, each with how much it counts."""
        key = tuple(stems.items())
        known = self._known.get(key)
        return known if known is not None else self._known.put(key, self._reckoned(stems))

    def _reckoned(self, stems: Mapping[str, float]) -> Impact:
        text = self.text
        hits = _hits(stems, text)
        best: dict[int, float] = {}
        often: dict[int, float] = {}
        for sentence, (share, count) in hits.items():
            paragraph = text.paragraphs[sentence]
            often[paragraph] = often.get(paragraph, 0) + count
            if share > best.get(paragraph, 0):
                best[paragraph] = share
        average = self._averages.sentence
        return Impact(
            tuple(
                [
                    InSentence(
                        sentence,
                        paragraph := text.paragraphs[sentence],
                        share,
                        share * _saturated(max(1, count), len(text.sentences[sentence]), average, _B_SENTENCE),
                        max(0.0, share - _NEIGHBOUR * best[paragraph]),
                    )
                    for sentence, (share, count) in hits.items()
                ]
            ),
            tuple(
                [
                    InParagraph(
                        paragraph, share * self._saturated_around(paragraph, often[paragraph]), _NEIGHBOUR * share
                    )
                    for paragraph, share in best.items()
                ]
            ),
        )

    def _saturated_around(self, paragraph: int, count: float) -> float:
        length = self._lengths.get(paragraph)
        if length is None:
            length = self._lengths[paragraph] = self.text.length(paragraph)
        return _saturated(count or 1, length, self._averages.paragraph, _B_PARAGRAPH)


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


def _saturated(count: float, length: int, average: float, b: float) -> float:
    return count * (K1 + 1) / (count + K1 * (1 - b + b * length / average))
