"""Reduces words to stems, and stems to the root that a family of words shares."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache

import Stemmer

from bot.library import english

# Snowball's algorithms by ISO 639-1 code. English keeps Porter's first algorithm, which FTS5 uses as well.
_ALGORITHMS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "porter", "es": "spanish",
    "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian",
    "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch",
    "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish",
    "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
_SUFFIXES = tuple(
    "isation ization ionari istic ation ship ist ism ian aci ion ali iti at al ik ic iz is er or li i y".split()
)
_SHORTEST_ROOT = 4
_DOCTRINES = ("ism", "isms")


class Words:
    """The stems of one language, remembered as they are met."""

    def __init__(self, language: str = "en") -> None:
        code = language.split("-")[0].lower()
        algorithm = _ALGORITHMS.get(code)
        # Without its own memory, which takes longer than to stem anew, and ours is asked first.
        self._stemmer = Stemmer.Stemmer(algorithm, 0) if algorithm else None
        self._irregular = english.IRREGULAR if code == "en" else {}
        self.stop_words = english.STOP_WORDS if code == "en" else frozenset[str]()
        self.question_words = english.QUESTION_WORDS if code == "en" else frozenset[str]()
        self.framing_words = english.FRAMING_WORDS if code == "en" else frozenset[str]()
        self.light_words = english.LIGHT_WORDS if code == "en" else frozenset[str]()
        self._stems: dict[str, str] = {}

    def stem(self, word: str) -> str:
        """Return the stem of one folded word; a function word is its own."""
        known = self._stems.get(word)
        if known is None:
            known = self._stem(word)
            if len(self._stems) < 50_000:
                self._stems[word] = known
        return known

    def _stem(self, word: str) -> str:
        if word in self.stop_words or self._stemmer is None:
            return word
        if self._irregular and word.endswith(_DOCTRINES):
            return word.removesuffix("s")  # Lenin is not Leninism; root() knows that they are related
        if self._irregular:
            word = self._irregular.get(word) or english.american(word)
        stemmed: str = self._stemmer.stemWord(word)
        return stemmed

    def stems(self, found: Iterable[str]) -> list[str]:
        """Return the stems of several folded words."""
        return [self.stem(word) for word in found]


@lru_cache(maxsize=20_000)
def root(stem: str) -> str:
    """Return what a stem shares with its relatives: ``anarchist`` and ``anarch`` (of "anarchism") give ``anarch``.

    It is cruder than a stem: a match by root counts for less than one by stem.
    """
    shortened = True
    while shortened:
        shortened = False
        for suffix in _SUFFIXES:
            if stem.endswith(suffix) and len(stem) - len(suffix) >= _SHORTEST_ROOT:
                stem = stem[: -len(suffix)]
                shortened = True
                break
    return stem


def ordinary_word(stem: str) -> str | None:
    """Return the shortest common English word that has a stem, if there is any."""
    beginning = _beginning(stem)
    return _ordinary_stems(beginning).get(stem) if beginning in _ordinary_words() else None


def _beginning(word: str) -> str:
    """Return the letters of a word that its stem has as well, but for a "y" that Porter's algorithm makes an "i"."""
    return word[:2].replace("y", "i")


@cache
def _ordinary_words() -> Mapping[str, Sequence[str]]:
    """Return common English words by their beginning; a question asks for a few, and only their like are stemmed."""
    groups: dict[str, list[str]] = {}
    for word in english.ordinary_words():
        stemmed = word if word in english.STOP_WORDS else english.IRREGULAR.get(word, word)
        groups.setdefault(_beginning(stemmed), []).append(word)
    return groups


@cache
def _ordinary_stems(beginning: str) -> Mapping[str, str]:
    language = Words("en")
    return {language.stem(word): word for word in sorted(_ordinary_words()[beginning], key=len, reverse=True)}
