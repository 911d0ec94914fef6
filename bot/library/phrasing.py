"""Tells what the words of a question are there for: to lead up to it, to ask for something, or to name a topic."""

import re
from collections.abc import Sequence
from itertools import pairwise

from bot.library import english
from bot.library.stems import Words
from bot.library.words import Word, words

LIGHT, ASKING, DEMANDED = 0.6, 0.3, 1.7
"""How much an everyday word counts beside one that names a topic; a word by which people ask for a passage; and one for
what an answer must tell, as its age of somebody."""
LONGEST_SCRAP = 2
"""So many letters alone say nothing."""
# Chats know bold type, emoticons and links; two of these, or noise that no keyboard makes, are a machine's.
_SIGNS = (re.compile(r"[{}]"), re.compile(r"\\"), re.compile(r"\^"))
_NOISE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CAPITALS = re.compile(r"\b[A-Z]{4,}\b")


def is_code(text: str) -> bool:
    """Tell a query, a pattern or a machine's noise from what people say: "SELECT * FROM t", "^(austria|norway)\\s"."""
    if _NOISE.search(text) or sum(bool(sign.search(text)) for sign in _SIGNS) > 1:
        return True
    commands = {word.casefold() for word in _CAPITALS.findall(text)} & english.QUERY_WORDS
    return len(commands) > 1 and not text.isupper()


class Phrasing:
    """How questions about one reading are put; its author's name asks for no topic of it.

    Where they are ``framed``, words that lead up to a question, or end it, count for hardly anything.

    Attributes:
        asides: Words that name no topic, wherever or only at the ends of a question.
    """

    def __init__(self, author: str, language: Words, *, framed: bool) -> None:
        self.is_framed = framed
        names = {word.text for word in words(author)}
        self._language = language
        self._author = names | {"author"}
        self._asking = language.question_words | names
        self._framing = language.framing_words | names if framed else frozenset[str]()
        self.asides = language.stop_words | language.question_words | self._framing

    def demanding(self, found: list[Word]) -> list[Word]:
        """Put one word for several that ask for something together: "age" for "how old"."""
        if not self._framing or not self._language.stop_words:
            return found
        kept: list[Word] = []
        for word in self._advised(found):
            attribute = kept and english.ATTRIBUTES.get((kept[-1].text, word.text))
            if attribute:
                kept[-1] = Word(attribute, kept[-1].start, word.end)
            else:
                kept.append(word)
        return self._of_the_author(kept)

    def _advised(self, found: list[Word]) -> list[Word]:
        """Put one word for those that ask what to do or what is to come: "how do I", "should we", "will"."""
        texts = tuple(word.text for word in found)
        for opening, asked in english.ADVICE.items():
            if texts[: len(opening)] == opening and not self._leads_up(texts[len(opening) :]):
                return [Word(asked, found[0].start, found[len(opening) - 1].end), *found[len(opening) :]]
        dying = [n for n, text in enumerate(texts) if text in ("die", "died")][-1:]
        if dying and ((texts[:2] == ("how", "did") and texts[-1] == "die") or texts[dying[0] + 1 :] == ("of",)):
            word = found[dying[0]]
            return [*found[: dying[0]], Word(english.DEMISE, word.start, word.end)]
        return found

    def _leads_up(self, following: Sequence[str]) -> bool:
        """Tell whether nothing follows, or what one asks of the bot or of the text: "how do I find"."""
        return not following or following[0] in self._framing or following[0] == "you"

    def _of_the_author(self, found: list[Word]) -> list[Word]:
        """Put one word for the author's name and a word that asks for the author's life beside it: "Price live"."""
        content = [n for n, word in enumerate(found) if word.text not in self._language.stop_words]
        for n, m in pairwise(content):
            first, second = found[n].text, found[m].text
            if any(word.text == "who" for word in found[n + 1 : m]):
                continue  # "an author who ever lived" is any
            beside = m == n + 1 or all(word.text in self._author for word in found[m + 1 :])
            named = first in self._author and second in english.LIFE
            if beside and (named or (first == "age" and second in self._author)):
                life = Word(english.LIFE_OF_THE_AUTHOR, found[n].start, found[m].end)
                return [*found[:n], life, *found[m + 1 :]]
        return found

    def queries(self, found: Sequence[Word], coded: bool) -> set[str]:
        """Return the words of a query language where two of them stand together, "DROP TABLE", or where all is code."""
        if coded:
            return {word.text for word in found} & english.QUERY_WORDS
        listed = [word.text in english.QUERY_WORDS - self._language.stop_words for word in found]
        pairs = zip(pairwise(found), pairwise(listed), strict=True)
        return {word.text for pair, both in pairs if all(both) for word in pair}

    def frame(self, found: Sequence[Word]) -> tuple[int, int]:
        """Return where what is asked about begins and ends, without "find me the passage on" or "in chapter 2"."""
        frames = [word.text in self._framing for word in found]
        for n, word in enumerate(found[1:], 1):
            frames[n] |= frames[n - 1] and word.text.isdigit() and len(word.text) <= LONGEST_SCRAP
            frames[n] |= (found[n - 1].text, word.text) in english.OURS
        for n in reversed(range(len(found) - 1)):
            frames[n] |= frames[n + 1] and found[n].text in english.PRAISE
        said = [frame or word.text in self._language.stop_words for frame, word in zip(frames, found, strict=True)]
        if all(said):
            return 0, len(found)
        first, last = said.index(False), len(found) - said[::-1].index(False)
        return (first if any(frames[:first]) else 0), (last if any(frames[last:]) else len(found))

    def topical(self, found: Sequence[Word]) -> list[Word]:
        """Return the words that name or ask for something, each once, where it stands first."""
        asked = {"when"} if self._framing and found and found[0].text == "when" else frozenset[str]()
        content = [word for word in found if word.text not in self._language.stop_words or word.text in asked]
        return list({word.text: word for word in reversed(content)}.values())[::-1]

    def share_of(self, word: str) -> float:
        """Return how much a word counts beside one that names a topic."""
        if word in self._asking:
            return ASKING
        if self._framing and word in english.DEMANDED:
            return DEMANDED
        return LIGHT if word in self._language.light_words else 1.0
