"""Made-up readings of any size, with the word frequencies of a natural language; the same for the same seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from bot.library import english

_WORDS = 60_000
_ONSETS = "b bl br c ch cl d dr f fl g gr h j k l m n p pl pr qu r s sh sl st str t th tr v w z".split()
_VOWELS = "a e i o u ai ea ee io ou".split()
_CODAS = ["", "", "", "n", "r", "l", "m", "ck", "nd", "rt", "lt", "st", "x"]
# Mandelbrot's constants for English prose (Manning and Schütze, "Foundations of Statistical NLP", 1999, section 1.4.3).
_OFFSET, _EXPONENT = 2.7, 1.07
_SENTENCES = (1, 6)
_SENTENCE_WORDS = (12, 28)
# A paragraph comes back to what it is about: so many words of its own, and so many of them in each sentence.
_TOPIC, _TOPICAL = 8, 4


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words from the commonest to the rarest, with how probable each is together with those before it."""

    words: list[str]
    cumulated: list[float]

    def draw(self, dice: random.Random, count: int) -> list[str]:
        """Draw words as a text uses them."""
        return dice.choices(self.words, cum_weights=self.cumulated, k=count)


def vocabulary(seed: int = 1) -> Vocabulary:
    """Make the words up, the commonest being short; none is English, so no list of stop words lightens a question."""
    dice = random.Random(seed)
    made: set[str] = set()
    english_words = english.STOP_WORDS | english.QUESTION_WORDS
    while len(made) < _WORDS:
        word = "".join(map(dice.choice, (_ONSETS, _VOWELS, _CODAS) * dice.choice((1, 2, 2, 3))))
        if len(word) > 2 and word not in english_words:
            made.add(word)
    weights = accumulate((rank + _OFFSET) ** -_EXPONENT for rank in range(1, _WORDS + 1))
    return Vocabulary(sorted(made, key=lambda word: (len(word), word)), list(weights))


def write_readings(folder: Path, passages: int, each: int, seed: int = 1) -> None:
    """Write readings of ``each`` sentences under ``folder``, ``passages`` in all."""
    words = vocabulary(seed)
    for number in range(passages // each):
        reading = folder / f"made-up-{number:04}"
        reading.mkdir(parents=True)
        about = f'title = "Made up {number}"\nauthor = "Nobody"\nlanguage = "en"\n'
        (reading / "reading.toml").write_text(about, encoding="utf-8")
        with (reading / "source.txt").open("w", encoding="utf-8") as source:
            source.writelines(
                f"{paragraph}\n\n" for paragraph in _paragraphs(random.Random(f"{seed} {number}"), words, each)
            )


def _paragraphs(dice: random.Random, words: Vocabulary, sentences: int) -> Iterator[str]:
    while sentences > 0:
        count = min(sentences, dice.randint(*_SENTENCES))
        sentences -= count
        topic = words.draw(dice, _TOPIC)
        yield " ".join(_sentence(dice, words, topic) for _ in range(count))


def _sentence(dice: random.Random, words: Vocabulary, topic: list[str]) -> str:
    drawn = words.draw(dice, dice.randint(*_SENTENCE_WORDS) - _TOPICAL) + dice.choices(topic, k=_TOPICAL)
    dice.shuffle(drawn)
    return " ".join(drawn).capitalize() + "."
