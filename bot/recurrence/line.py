"""The words of a rule, read from left to right."""

from collections.abc import Callable, Mapping
from typing import TypeVar

_Meaning = TypeVar("_Meaning")


class Line:
    """Words that are read once each. ``take`` and its like consume what they find, or nothing."""

    def __init__(self, text: str) -> None:
        self._words = text.lower().replace(",", " , ").replace("&", " and ").split()
        self._at = 0

    @property
    def word(self) -> str:
        """The next word; empty at the end."""
        return self._words[self._at] if self._at < len(self._words) else ""

    @property
    def rest(self) -> list[str]:
        """The words that are not read yet."""
        return self._words[self._at :]

    def next(self) -> str:
        """Consume the next word, whatever it is."""
        word = self.word
        self._at += 1
        return word

    def take(self, *words: str) -> bool:
        """Consume these words in this order, if they are next."""
        found = tuple(self._words[self._at : self._at + len(words)]) == words
        self._at += len(words) if found else 0
        return found

    def take_one(self, *phrases: str) -> bool:
        """Consume the first of these phrases that is next."""
        return any(self.take(*phrase.split()) for phrase in phrases)

    def skip(self, *words: str) -> None:
        """Consume each of these words in turn, if it is next."""
        for word in words:
            self.take(word)

    def take_from(self, known: Mapping[str, _Meaning]) -> _Meaning | None:
        """Consume the next word if it is known, and return what it means."""
        found = known.get(self.word)
        self._at += found is not None
        return found

    def attempt(self, read: Callable[["Line"], _Meaning | None]) -> _Meaning | None:
        """Return what ``read`` finds; if that is None, nothing is consumed."""
        start = self._at
        found = read(self)
        if found is None:
            self._at = start
        return found

    def listed(self, read: Callable[["Line"], _Meaning | None]) -> list[_Meaning]:
        """Read "a, b and c"; a comma or "and" that nothing of the kind follows is left."""

        def another(line: "Line") -> _Meaning | None:
            return read(line) if line.take_one(", and", ",", "and") else None

        found = []
        item = self.attempt(read)
        while item is not None:
            found.append(item)
            item = self.attempt(another)
        return found
